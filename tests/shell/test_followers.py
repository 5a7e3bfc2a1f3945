"""The relational tables say what the shard says, however the journal was cut into chunks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from seatengine.chart.chart import chart_hash
from seatengine.core import commands
from seatengine.core.entries import frame
from seatengine.core.outputs import Accepted
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import STATUS_NAMES
from seatengine.core.shard import Shard
from seatengine.errors import JournalGap
from seatengine.ids import BookingId, CommandId, Epoch, EventId, HolderId, HoldId, Seq
from seatengine.ports import Append
from seatengine.shell import followers
from seatengine.shell.followers import Follower
from seatengine.shell.postgres import Pool, open_pool
from seatengine.shell.postgres_journal import PostgresJournal
from seatengine.shell.postgres_stores import PostgresCharts, PostgresLease
from tests.shell.stores import insert_event
from tests.venues import TARIFF, pocket, pocket_chart

GALA = EventId("gala")
POLICY = SalePolicy(max_per_holder=40, max_per_hold=20, max_holds_per_holder=9)


@dataclass
class Sale:
    """One shard and its journal in Postgres, driven by hand."""

    shard: Shard
    pool: Pool
    journal: PostgresJournal
    follower: Follower
    epoch: Epoch
    now_ms: int = 1_700_000_000_000
    asked: int = 0

    def do(self, kind: type[commands.Command], **fields: object) -> int:
        """Step a staff command; the entry's seq, 0 when it was refused."""
        self.asked += 1
        command = kind(
            id=CommandId(f"c{self.asked}"),
            holder=HolderId(str(fields.pop("holder", "k_staff"))),
            staff=True,
            **fields,
        )
        outcome = self.shard.step(command, self.now_ms)  # type: ignore[arg-type]
        return outcome.seq if isinstance(outcome, Accepted) else 0

    async def commit(self) -> None:
        batch = self.shard.take_ready()
        if batch is not None and batch.entries:
            first, last = Seq(batch.after_seq + 1), Seq(batch.seq)
            data = frame(batch.encoded)
            assert not await self.journal.append([Append(GALA, self.epoch, first, last, data)])


@asynccontextmanager
async def on_sale(url: str) -> AsyncIterator[Sale]:
    async with open_pool(url) as pool:
        await insert_event(pool, GALA)
        journal, charts = PostgresJournal(url, pool), PostgresCharts(pool)
        claim = await PostgresLease(pool).claim(GALA, "test")
        table = pocket()
        sale = Sale(
            Shard(GALA, {table.chart_hash: table}),
            pool,
            journal,
            Follower(pool, charts),
            claim.epoch,
        )
        assert sale.do(
            commands.BindChart,
            chart_hash=chart_hash(pocket_chart()),
            policy=POLICY,
            tariff=TARIFF,
        )
        try:
            yield sale
        finally:
            journal.close()


def run(url: str, scene: Callable[[Sale], Awaitable[None]]) -> None:
    async def main() -> None:
        async with on_sale(url) as sale:
            await scene(sale)

    asyncio.run(main())


async def compare(sale: Sale) -> None:
    """Every table against the shard."""
    state, table = sale.shard.state, pocket()
    async with sale.pool.acquire() as connection:
        places = await connection.fetch("select * from place order by place")
        holds = await connection.fetch("select * from hold order by hold_id")
        bookings = await connection.fetch("select * from booking")
        sold = await connection.fetch("select * from booking_place order by place")
        categories = await connection.fetch("select * from sales_by_category")
    held_by = {p: h.id for h in state.holds.values() for p in h.places}
    booked_by = {p: b.id for b in state.bookings.values() for p in b.places}
    assert [tuple(r) for r in places] == [
        (
            GALA,
            p,
            table.label(p) if table.group[p] >= 0 else "",
            table.sections[table.section[p]].label if table.section[p] >= 0 else "",
            table.categories[table.category[p]].key,
            STATUS_NAMES[state.status[p]],
            held_by.get(p),
            booked_by.get(p),
        )
        for p in range(table.size)
    ]
    assert [
        (r["hold_id"], r["holder"], sorted(r["places"]), r["tariff"], r["expires_at"].timestamp())
        for r in holds
    ] == [
        (h.id, h.holder, sorted(h.places), h.tariff, h.expires_at_ms / 1_000)
        for h in sorted(state.holds.values(), key=lambda h: h.id)
    ]

    def price(booking: str, place: int) -> int:
        tariff = state.tariffs[state.bookings[BookingId(booking)].tariff]
        return tariff.prices[int(table.category[place])]

    assert [tuple(r) for r in sold] == [
        (GALA, b, p, price(b, p)) for p, b in sorted(booked_by.items())
    ]
    live = {r["booking_id"]: r for r in bookings if r["cancelled_at"] is None}
    assert live.keys() == state.bookings.keys()
    for number, row in live.items():
        booking = state.bookings[BookingId(number)]
        total = sum(r["price"] for r in sold if r["booking_id"] == number)
        assert (row["holder"], row["tariff"]) == (booking.holder, booking.tariff)
        assert (row["places"], row["total"]) == (len(booking.places), total)
        assert row["booked_at"].timestamp() == booking.at_ms / 1_000
    for row in bookings:
        if row["cancelled_at"] is not None:
            assert (row["places"], row["total"]) == (0, 0)
    for row in categories:
        number = [c.key for c in table.categories].index(row["category"])
        own = [p for p in range(table.size) if table.category[p] == number]
        for status in ("free", "held", "booked", "blocked"):
            expected = sum(STATUS_NAMES[state.status[p]] == status for p in own)
            assert row[status] == expected, (row["category"], status)
        assert row["revenue"] == sum(price(booked_by[p], p) for p in own if p in booked_by)
    assert len(categories) == len(table.categories)


def test_a_life_of_everything(postgres_url: str) -> None:
    async def scene(sale: Sale) -> None:
        async def follow() -> None:
            await sale.commit()
            assert await sale.follower.catch_up(GALA) == sale.shard.seq
            await compare(sale)

        await follow()
        one = sale.do(commands.HoldSeats, holder="v_1", places=[0, 1, 2])
        two = sale.do(commands.HoldQuantity, holder="v_2", group=7, quantity=4)
        await follow()
        assert sale.do(commands.DropSeats, holder="v_1", hold=HoldId(one), places=[1])
        assert sale.do(commands.HoldSeats, holder="v_1", places=[3, 4], into=HoldId(one))
        assert sale.do(commands.ExtendHold, holder="v_1", hold=HoldId(one))
        assert sale.do(commands.ConfigureSale, tariff=Tariff("EUR", (1_000, 800, 100)))
        await follow()
        assert sale.do(commands.BookHold, holder="v_1", hold=HoldId(one), booking=BookingId("B1"))
        assert sale.do(commands.ReleaseHold, holder="v_2", hold=HoldId(two))
        assert sale.do(commands.BookSeats, places=[16, 17], booking=BookingId("B2"))
        assert sale.do(commands.BlockSeats, places=[8, 9], reason="camera")
        await follow()
        assert sale.do(commands.MoveBooking, booking=BookingId("B1"), places=[0], to=[18])
        assert sale.do(commands.CancelBooking, booking=BookingId("B2"))
        assert sale.do(commands.BookSeats, places=[17], booking=BookingId("B2"))
        assert sale.do(commands.UnblockSeats, places=[9])
        assert sale.do(commands.HoldSeats, holder="v_3", places=[9, 16])
        await follow()
        assert sale.do(commands.CancelBooking, booking=BookingId("B1"))
        sale.now_ms += POLICY.hold_ttl_ms
        sale.shard.tick(sale.now_ms)
        await follow()

    run(postgres_url, scene)


def at_random(sale: Sale, dice: random.Random) -> None:
    """One command of any kind, likely enough to be accepted."""
    state = sale.shard.state
    places = dice.sample(range(49), dice.randint(1, 4))
    holder = f"v_{dice.randrange(5)}"
    hold = dice.choice([*state.holds] or [HoldId(0)])
    owner = state.holds[hold].holder if hold else holder
    booking = dice.choice([*state.bookings] or [BookingId("none")])
    booked = state.bookings[booking].places if booking in state.bookings else places
    free = [p for p in range(49) if not state.status[p]]
    fresh = BookingId(f"B{dice.randrange(8)}")
    match dice.randrange(12):
        case 0 | 1 | 2:
            sale.do(commands.HoldSeats, holder=holder, places=places)
        case 3:
            sale.do(commands.HoldBest, holder=holder, quantity=dice.randint(1, 5))
        case 4:
            sale.do(commands.HoldSeats, holder=owner, places=places, into=hold)
        case 5:
            sale.do(commands.ReleaseHold, holder=owner, hold=hold)
        case 6 if hold:
            some = dice.sample(state.holds[hold].places, 1)
            sale.do(commands.DropSeats, holder=owner, hold=hold, places=some)
        case 7:
            sale.do(commands.BookHold, holder=owner, hold=hold, booking=fresh)
        case 8:
            some = dice.choice([[], booked[:1]])
            sale.do(commands.CancelBooking, booking=booking, places=some)
        case 9 if free:
            to = [dice.choice(free)]
            sale.do(commands.MoveBooking, booking=booking, places=booked[:1], to=to)
        case 10:
            sale.do(commands.BlockSeats, places=places[:1], reason="sound desk")
            blocked = [p for p in range(49) if state.status[p] == STATUS_NAMES.index("blocked")]
            sale.do(commands.UnblockSeats, places=blocked[:2])
        case 11:
            sale.now_ms += dice.choice([1_000, POLICY.hold_ttl_ms // 3])
            prices = tuple(dice.randint(0, 9_000) for _ in range(3))
            sale.do(commands.ConfigureSale, tariff=Tariff("EUR", prices))
        case _:
            sale.do(commands.ExtendHold, holder=owner, hold=hold)


@pytest.mark.parametrize("seed", range(6))
def test_any_sale_in_any_chunks(
    postgres_url: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr(followers, "FOLLOWER_CHUNK_ENTRIES", dice.choice([1, 7, 40, 4_000]))
    monkeypatch.setattr(followers, "_RUN_ENTRIES", dice.choice([1, 3, 500]))

    async def scene(sale: Sale) -> None:
        for _ in range(8):
            for _ in range(40):
                at_random(sale, dice)
                if dice.random() < 0.2:
                    await sale.commit()
            await sale.commit()
            await sale.follower.catch_up(GALA)
            await compare(sale)
        assert sale.shard.seq > 100

    run(postgres_url, scene)


def test_two_followers_and_one_killed_midway_count_nothing_twice(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(7)
    monkeypatch.setattr(followers, "FOLLOWER_CHUNK_ENTRIES", 20)

    async def scene(sale: Sale) -> None:
        for _ in range(400):
            at_random(sale, dice)
            if dice.random() < 0.3:
                await sale.commit()
        await sale.commit()
        other = Follower(sale.pool, PostgresCharts(sale.pool))
        while True:
            running = [
                asyncio.create_task(follower.catch_up(GALA)) for follower in (sale.follower, other)
            ]
            done, late = await asyncio.wait(running, timeout=dice.random() / 50)
            for task in late:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            if len(done) == len(running):
                break
        await compare(sale)

    run(postgres_url, scene)


def test_run_follows_while_it_sells_and_stops_when_told(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "FOLLOWER_PAUSE_MS", 1)
    monkeypatch.setattr(followers, "FOLLOWER_POLL_MS", 60_000)
    dice = random.Random(3)

    async def scene(sale: Sale) -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(sale.follower.run(stop))
        for _ in range(20):
            at_random(sale, dice)
            await sale.commit()
            sale.follower.wake()
        async with asyncio.timeout(10), sale.pool.acquire() as connection:
            while sale.shard.seq != await connection.fetchval("select seq from follower_cursor"):
                await asyncio.sleep(0.005)
        stop.set()
        await running
        await compare(sale)

    run(postgres_url, scene)


def test_how_far_it_is_behind_is_known(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "FOLLOWER_CHUNK_ENTRIES", 1)

    async def scene(sale: Sale) -> None:
        await sale.commit()
        for place in range(9):
            sale.do(commands.HoldSeats, holder=f"v_{place}", places=[place])
            await sale.commit()
        assert sale.journal.commit_seconds.cumulative()[-1][1] == 10
        stop = asyncio.Event()
        running = asyncio.create_task(sale.follower.run(stop))
        async with asyncio.timeout(10):
            while not sale.follower.behind_entries:
                await asyncio.sleep(0)
        # What is under way is finished: the chunk that was begun when it was told to stop.
        stop.set()
        await running
        assert sale.follower.behind_entries == sale.shard.seq - 1
        await sale.follower.catch_up(GALA)
        assert sale.follower.behind_entries == 0

    run(postgres_url, scene)


def test_one_damaged_event_does_not_hold_up_the_others(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(followers, "FOLLOWER_PAUSE_MS", 1)

    async def scene(sale: Sale) -> None:
        broken = EventId("broken")
        await insert_event(sale.pool, broken)
        claim = await PostgresLease(sale.pool).claim(broken, "test")
        await sale.journal.append([Append(broken, claim.epoch, Seq(1), Seq(1), b"\x91\xc0")])
        with pytest.raises(JournalGap, match="cannot be read"):
            await sale.follower.catch_up(broken)
        await sale.commit()
        stop = asyncio.Event()
        running = asyncio.create_task(sale.follower.run(stop))
        async with asyncio.timeout(10), sale.pool.acquire() as connection:
            while not await connection.fetchval("select count(*) from place"):
                await asyncio.sleep(0.005)
        stop.set()
        await running
        await compare(sale)

    run(postgres_url, scene)
    assert "the tables of event broken stay behind" in caplog.text
