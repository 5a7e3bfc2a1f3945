"""The demo from start to audit: a server, shows on sale, a crowd, and the reckoning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.client.api import as_organizer
from gateway.demo.child import Child
from gateway.demo.crowd import CrowdPlan, Progress, ShowPlan
from gateway.demo.sample_shows import SampleShow, ShowOnSale, put_on_sale
from gateway.demo.told import Told, read_record
from gateway.demo.verdict import Verdict, command_of, judge
from gateway.sale.audit import Auditor
from gateway.sale.audit_store import audit_event
from gateway.sale.auth import mint_api_key
from gateway.sale.catalog import Catalog
from seatengine.errors import StoreUnavailable
from seatengine.shell.embedded import database_url
from seatengine.shell.migrate import migrate
from seatengine.shell.postgres import Pool, open_pool
from seatengine.shell.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_READY_WITHIN_S: Final = 60.0
_FOLLOWERS_WITHIN_S: Final = 60.0
_FOLLOWERS_POLL_S: Final = 0.1
_ORGANIZER: Final = "demo"


class DemoPlan(msgspec.Struct):
    """`for_s` None runs until it is cancelled. `pace` stretches the bots' thinking times."""

    shows: tuple[SampleShow, ...]
    for_s: float | None
    seed: int
    pace: float = 1.0


class Audience(msgspec.Struct):
    """Who wants to know how the demo goes. `say` gets a sentence now and then, `on_sale` the
    address and the shows once they sell, `progress` the crowd's figures every second."""

    say: Callable[[str], None]
    on_sale: Callable[[str, list[ShowOnSale]], None]
    progress: Callable[[Progress], None]


class Summary(msgspec.Struct):
    """What `make demo ARGS="--for 20"` prints as its last line."""

    holds: int
    refused: int
    bookings: int
    double_sold: int
    lost: int
    p99_ms: float


class Outcome(msgspec.Struct):
    summary: Summary
    verdict: Verdict


async def run(settings: Settings, plan: DemoPlan, audience: Audience) -> Outcome:
    """Run the demo for its time, or until cancelled, then audit it.

    Raises StoreUnavailable, BadSettings, ChildFailed; every child is gone when this returns.
    """
    folder = Path(settings.data_dir) / "demo"
    record = folder / "told"
    audience.say("Starting Postgres" if not settings.database_url else "Connecting to Postgres")
    with database_url(settings) as url:
        await migrate(url)
        async with open_pool(url) as pool, _api_key(Catalog(pool)) as key:
            audience.say("Starting the server")
            server = await Child.start(
                "gateway.demo.server_process", settings, folder / "server.log"
            )
            try:
                address = (await server.line(_READY_WITHIN_S)).decode().strip()
                if not address:
                    raise server.failed()
                with closing(as_organizer(address, key)) as api:
                    shows = await asyncio.to_thread(
                        put_on_sale, api, plan.shows, folder / "shows.json", audience.say
                    )
                before = await asyncio.to_thread(_facts, record, shows)
                audience.on_sale(address, shows)
                progress = await _let_them_in(
                    server,
                    _crowd_plan(plan, address, key, shows, record),
                    plan.for_s,
                    folder,
                    audience,
                )
                audience.say("Everyone is out. Comparing what they were told with the database")
                await _followers(pool, shows)
            finally:
                await server.stop()
            facts = await asyncio.to_thread(_facts, record, shows)
            verdict = await _audit(pool, shows, facts)
            return Outcome(_summary(facts[len(before) :], progress, verdict), verdict)


@asynccontextmanager
async def _api_key(catalog: Catalog) -> AsyncIterator[str]:
    """An API key of the demo's organizer that works as long as the demo runs."""
    await catalog.add_organizer(_ORGANIZER, "Demo")
    key = mint_api_key()
    await catalog.add_api_key(key.key_id, _ORGANIZER, "demo run", key.secret_hash)
    try:
        yield key.text
    finally:
        await catalog.revoke_api_key(key.key_id)


def _crowd_plan(
    plan: DemoPlan, address: str, key: str, shows: Sequence[ShowOnSale], record: Path
) -> CrowdPlan:
    return CrowdPlan(
        site=address,
        key=key,
        shows=[
            ShowPlan(there.event, there.view_path, sample.bots, sample.sold_share)
            for sample, there in zip(plan.shows, shows, strict=True)
        ],
        record=str(record),
        seed=plan.seed,
        pace=plan.pace,
    )


async def _let_them_in(
    server: Child, plan: CrowdPlan, for_s: float | None, folder: Path, audience: Audience
) -> Progress:
    """Run the crowd for its time; a cancellation ends it too. Returns the last progress."""
    crowd = await Child.start("gateway.demo.crowd", plan, folder / "crowd.log")
    last = Progress(0, 0, 0, 0, 0, 0.0, 0.0, [])

    async def follow() -> None:
        nonlocal last
        while line := await crowd.line():
            last = msgspec.json.decode(line, type=Progress)
            audience.progress(last)
        raise crowd.failed()

    async def guard() -> None:
        while await server.line():
            pass
        raise server.failed()

    tasks = [asyncio.create_task(follow()), asyncio.create_task(guard())]
    try:
        done, _ = await asyncio.wait(tasks, timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except asyncio.CancelledError:
        # Ctrl-C ends the sale, not the reckoning.
        current = asyncio.current_task()
        assert current is not None
        current.uncancel()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        rest = await crowd.stop()
    if rest:
        last = msgspec.json.decode(rest.splitlines()[-1], type=Progress)
    return last


async def _followers(pool: Pool, shows: Sequence[ShowOnSale]) -> None:
    """Wait until the relational tables have everything that is in the journal."""
    query = (
        "select count(*) from shard s where event_id = any($1) and not exists"
        " (select 1 from follower_cursor c where c.event_id = s.event_id"
        " group by c.event_id having min(c.seq) >= s.head_seq)"
    )
    try:
        async with asyncio.timeout(_FOLLOWERS_WITHIN_S):
            while await pool.fetchval(query, [show.event for show in shows]):
                await asyncio.sleep(_FOLLOWERS_POLL_S)
    except TimeoutError:
        raise StoreUnavailable(
            f"the relational tables did not catch up within {_FOLLOWERS_WITHIN_S:g} s"
        ) from None


def _facts(record: Path, shows: Sequence[ShowOnSale]) -> list[Told]:
    """What was told about `shows`; a record may know others, from another database."""
    events = {show.event for show in shows}
    return [told for told in read_record(record) if told.event in events]


async def _audit(pool: Pool, shows: Sequence[ShowOnSale], facts: list[Told]) -> Verdict:
    watched = frozenset(map(command_of, facts))
    auditors: dict[str, Auditor] = {}
    for show in shows:
        async with pool.acquire() as connection:
            auditors[show.event] = (await audit_event(connection, show.event, watched)).auditor
    return judge(facts, auditors)


def _summary(facts: list[Told], progress: Progress, verdict: Verdict) -> Summary:
    kinds = [told.kind for told in facts]
    return Summary(
        holds=kinds.count("held"),
        refused=kinds.count("refused"),
        bookings=kinds.count("booked"),
        double_sold=verdict.double_sold,
        lost=verdict.lost,
        p99_ms=progress.p99_ms,
    )
