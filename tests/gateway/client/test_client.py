"""The client against a real server process: what it keeps across breaks, crashes and restarts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import msgspec
import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from gateway.client import client as client_module
from gateway.client.client import (
    Client,
    ConversationOver,
    Unanswered,
    fetch_tiles,
    live_url,
    site_of,
)
from gateway.live.sight import UNKNOWN
from gateway.live.tile_forms import read_tile_runs, tile_runs
from gateway.live.wire import (
    PROTOCOL_VERSION,
    Booked,
    Ended,
    Held,
    Hello,
    Hold,
    HoldQuantity,
    Look,
    Mine,
    Refused,
    Tiles,
    Watching,
    Welcome,
    decode_client_message,
    encode_message,
)
from seatengine.core.outputs import Code
from seatengine.core.policy import SalePolicy
from seatengine.ids import EventId
from seatengine.limits import MAX_PENDING_COMMANDS_PER_CONNECTION
from seatengine.shell.embedded import EmbeddedPostgres
from seatengine.shell.migrate import migrate
from seatengine.shell.settings import Settings
from tests import venues
from tests.gateway.server_process import put_on_sale, server_process, viewer_token

Viewers = Callable[[], Client]

BALCONY_BOX = (0.0, 55.0, 60.0, 75.0)
"""Rows C and D."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something that is sure to come has come."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


class Served(NamedTuple):
    """A server for all tests of this file that may share one."""

    address: str
    settings: Settings


@pytest.fixture(scope="module")
def served(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    url = postgres_server.url.replace("@/postgres?", "@/clients?")

    async def prepare() -> None:
        connection = await asyncpg.connect(postgres_server.url)
        await connection.execute("create database clients")
        await connection.close()
        await migrate(url)

    asyncio.run(prepare())
    settings = Settings(database_url=url, data_dir=str(tmp_path_factory.mktemp("server")), port=0)
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.demo.server_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(msgspec.json.encode(settings) + b"\n")
        server.stdin.flush()
        yield Served(server.stdout.readline().decode().strip(), settings)
        server.stdin.close()
        server.wait(20)


def run_with_server(
    served: Served, test: Callable[[str, EventId, Viewers], Awaitable[None]]
) -> None:
    """`test` gets the address, a new event, and a maker of clients that are each a new viewer."""
    site = served.address

    async def run() -> None:
        event = await put_on_sale(served.settings, venues.pocket_chart(), SalePolicy())
        clients: list[Client] = []

        def viewer() -> Client:
            clients.append(Client(live_url(site), event, viewer_token(site), patience_s=10))
            return clients[-1]

        try:
            await test(site, event, viewer)
        finally:
            for client in clients:
                await client.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_holds_appear_to_others_and_are_booked_and_released(served: Served) -> None:
    async def test(_site: str, _event: EventId, viewer: Viewers) -> None:
        ann, ben = viewer(), viewer()
        await asyncio.gather(ann.connect(), ben.connect())
        assert len(ben.statuses) == venues.POCKET_SIZE
        assert ben.statuses[venues.GONE] == 3

        held = await ann.hold([0, 1])
        assert isinstance(held, Held)
        assert ann.holds[held.state.hold] == held.state
        await until(lambda: ben.statuses[0] == 1)

        taken = await ben.hold([1, 2])
        assert isinstance(taken, Refused)
        assert (taken.code, taken.places) == (Code.PLACES_TAKEN, [1])

        booked = await ann.book(held.state.hold, "Ann", "ann@example.org")
        assert isinstance(booked, Booked)
        assert ann.holds == {}
        await until(lambda: list(ben.statuses[:3]) == [2, 2, 0])

        other = await ben.hold_best(2)
        assert isinstance(other, Held)
        ended = await ben.release(other.state.hold)
        assert isinstance(ended, Ended)
        assert ben.holds == {}
        await until(lambda: np.array_equal(ann.statuses, ben.statuses))

    run_with_server(served, test)


def test_a_break_in_mid_command_is_answered_once_and_done_once(served: Served) -> None:
    async def test(_site: str, _event: EventId, viewer: Viewers) -> None:
        ann = viewer()
        await ann.connect()
        held_ids = set()
        for place in venues.A[:3]:
            asking = asyncio.create_task(ann.hold([place]))
            await asyncio.sleep(0)
            ann.cut()
            held = await asking
            assert isinstance(held, Held)
            held_ids.add(held.state.hold)
        assert ann.breaks == 3
        assert ann.holds.keys() == held_ids
        assert sorted(p for hold in ann.holds.values() for p in hold.places) == [0, 1, 2]

    run_with_server(served, test)


def test_a_crashed_viewer_finds_its_holds_and_what_it_missed(served: Served) -> None:
    async def test(site: str, event: EventId, viewer: Viewers) -> None:
        ben = viewer()
        await ben.connect()
        token = viewer_token(site)
        ann = Client(live_url(site), event, token)
        await ann.connect()
        held = await ann.hold([4, 5])
        assert isinstance(held, Held)
        await ann.crash()
        assert isinstance(await ben.hold([6]), Held)

        back = Client(live_url(site), event, token)
        await back.connect()
        assert back.holds == {held.state.hold: held.state}
        await until(lambda: list(back.statuses[4:8]) == [1, 1, 1, 0])
        with pytest.raises(ConversationOver):
            await ann.hold([0])
        await back.close()

    run_with_server(served, test)


def test_a_client_outlives_a_restart_of_the_server(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=postgres_url, data_dir=str(tmp_path), port=0)

    async def run() -> None:
        event = await put_on_sale(settings, venues.pocket_chart(), SalePolicy())
        async with server_process(settings) as site:
            ann = Client(live_url(site), event, viewer_token(site), patience_s=30)
            await ann.connect()
            held = await ann.hold([8, 9])
            assert isinstance(held, Held)
            epoch = ann.epoch
        await until(lambda: ann.breaks == 1)
        asking = asyncio.create_task(ann.hold([10]))
        port = int(site.rpartition(":")[2])
        async with server_process(msgspec.structs.replace(settings, port=port)):
            assert isinstance(await asking, Held)
            assert held.state.hold in ann.holds
            assert ann.epoch > epoch
            await ann.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_who_is_not_wanted_back_is_told_why(served: Served) -> None:
    async def test(site: str, event: EventId, viewer: Viewers) -> None:
        forged = Client(live_url(site), event, "forged")
        with pytest.raises(ConversationOver, match="4103"):
            await forged.connect()
        lost = Client(live_url(site), "ev_none", viewer_token(site))
        with pytest.raises(ConversationOver, match="4105"):
            await lost.connect()
        nowhere = Client(live_url("http://127.0.0.1:1"), event, "", patience_s=0.2)
        with pytest.raises(ConversationOver, match="could not be joined"):
            await nowhere.connect()

    run_with_server(served, test)


def test_who_is_asked_to_come_back_later_does_so() -> None:
    """A server that has no time for the first who comes."""
    hello = [
        encode_message(Welcome(PROTOCOL_VERSION, "v_x", 0, 1, "")),
        encode_message(Watching(b"", True)),
        encode_message(Mine([])),
    ]
    came_s: list[float] = []

    async def busy(connection: ServerConnection) -> None:
        came_s.append(asyncio.get_running_loop().time())
        if len(came_s) == 1:
            await connection.close(4002, "retry_ms=600")
            return
        await connection.recv()
        for message in hello:
            await connection.send(message)
        async for _ in connection:
            pass

    async def run() -> None:
        async with serve(busy, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            client = Client(f"ws://127.0.0.1:{port}/live", "ev", "token")
            await client.connect()
            await client.close()

    asyncio.run(asyncio.wait_for(run(), 30))
    assert came_s[1] - came_s[0] >= 0.6


def test_waiting_is_bounded_in_time_and_number() -> None:
    """A server that greets and then says nothing."""
    hello = [
        encode_message(Welcome(PROTOCOL_VERSION, "v_x", 0, 1, "")),
        encode_message(Watching(b"", True)),
        encode_message(Mine([])),
    ]

    async def mute(connection: ServerConnection) -> None:
        await connection.recv()
        for message in hello:
            await connection.send(message)
        async for _ in connection:
            pass

    async def run() -> None:
        async with serve(mute, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            client = Client(f"ws://127.0.0.1:{port}/live", "ev", "token")
            await client.connect()
            with pytest.raises(Unanswered, match="Hold r1"):
                await client.ask(Hold("r1", [1]), patience_s=0.05)
            waiting = [
                asyncio.create_task(client.hold([place]))
                for place in range(MAX_PENDING_COMMANDS_PER_CONNECTION)
            ]
            await asyncio.sleep(0)
            with pytest.raises(ValueError, match="wait already"):
                await client.hold([99])
            await client.close()
            ends = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(end, ConversationOver) for end in ends)

    asyncio.run(asyncio.wait_for(run(), 30))


def test_moving_the_look_brings_what_is_there_and_lets_the_rest_go_stale(served: Served) -> None:
    async def test(site: str, event: EventId, viewer: Viewers) -> None:
        ann = Client(live_url(site), event, viewer_token(site), look=None, patience_s=10)
        ben = viewer()
        await asyncio.gather(ann.connect(), ben.connect())
        assert set(ann.statuses.tolist()) == {UNKNOWN}
        assert ann.sight.zones.keys() == {venues.STALLS, venues.BALCONY, 2}

        ann.look(*BALCONY_BOX, zoom=3.0)
        await ann.ping()
        assert not ann.sight.zones_told
        assert list(ann.statuses[list(venues.C)]) == [0] * 6
        assert ann.statuses[venues.A[0]] == UNKNOWN
        assert isinstance(await ben.hold([venues.A[0], venues.C[5]]), Held)
        await until(lambda: ann.statuses[venues.C[5]] == 1)
        assert ann.statuses[venues.A[0]] == UNKNOWN

        ann.look(0, 0, 0, 0, 0, sections=[venues.STALLS])
        await ann.ping()
        assert ann.sight.zones_told
        assert ann.statuses[venues.A[0]] == 1
        assert sum(ann.sight.zones[venues.BALCONY].left) == 11
        await ann.close()

    run_with_server(served, test)


def test_a_look_lasts_over_a_break_and_only_its_tiles_are_known_after(served: Served) -> None:
    async def test(site: str, event: EventId, viewer: Viewers) -> None:
        ann, ben = viewer(), viewer()
        await asyncio.gather(ann.connect(), ben.connect())
        ann.look(*BALCONY_BOX, zoom=3.0)
        await ann.ping()
        mask = ann.sight.mask
        assert 0 < mask.bit_count() < ann.sight.tiles.count
        ann.cut()
        assert isinstance(await ben.hold([venues.A[1], venues.C[4]]), Held)
        await until(lambda: ann.breaks == 1)
        await ann.ping()
        assert ann.sight.mask == mask
        await until(lambda: ann.statuses[venues.C[4]] == 1)
        assert ann.statuses[venues.A[1]] == 0, "that is not looked at any more"
        hello = ann.sight.hello("", "")
        assert read_tile_runs(hello.tiles, ann.sight.tiles.count) == mask
        assert (hello.epoch, hello.seq, hello.zones_seq) == (ann.epoch, ann.seq, 0)

    run_with_server(served, test)


def test_an_area_is_known_by_its_count(served: Served) -> None:
    async def test(_site: str, _event: EventId, viewer: Viewers) -> None:
        ann, ben = viewer(), viewer()
        await asyncio.gather(ann.connect(), ben.connect())
        tiles = ann.sight.tiles
        floor = next(
            tile
            for tile in range(tiles.count)
            if tiles.places[tiles.starts[tile]] == venues.FLOOR_PLACES[0]
        )
        assert tiles.counted[floor]
        assert ann.sight.areas[floor] == 6
        held = await ben.ask(HoldQuantity(ben.ref(), venues.FLOOR, 4))
        assert isinstance(held, Held)
        await until(lambda: ann.sight.areas[floor] == 2)
        await ben.release(held.state.hold)
        await until(lambda: ann.sight.areas[floor] == 6)

    run_with_server(served, test)


def test_who_watches_nothing_hears_of_its_own_holds_and_totals_only(served: Served) -> None:
    async def test(site: str, event: EventId, viewer: Viewers) -> None:
        ann, ben = viewer(), viewer()
        idle = Client(live_url(site), event, viewer_token(site), watches=False, patience_s=10)
        await asyncio.gather(ann.connect(), ben.connect(), idle.connect())
        gold = idle.sight.left[venues.GOLD]
        assert isinstance(await ben.hold([0, 1]), Held)
        assert isinstance(await idle.hold([2]), Held)
        await until(lambda: idle.sight.left[venues.GOLD] == gold - 3)
        assert len(idle.statuses) == 0
        with pytest.raises(ValueError, match="watch nothing"):
            idle.look(0, 0, 1, 1, 1)
        assert idle.sight.mask == 0
        assert not idle.sight.zones
        assert len(idle.holds) == 1
        await idle.close()

    run_with_server(served, test)


def test_clients_share_tiles_and_fetch_none(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(site: str, event: EventId, viewer: Viewers) -> None:
        ann = viewer()
        await ann.connect()
        tiles = await asyncio.to_thread(fetch_tiles, site_of(ann.url), ann.chart_hash)
        monkeypatch.setattr(client_module, "fetch_tiles", None)
        token = viewer_token(site)
        friends = [Client(ann.url, event, token, tiles=tiles, patience_s=5) for _ in range(3)]
        await asyncio.gather(*(friend.connect() for friend in friends))
        assert all(np.array_equal(friend.statuses, ann.statuses) for friend in friends)
        assert len({id(friend.sight.tiles) for friend in friends}) == 1
        for friend in friends:
            await friend.close()

    run_with_server(served, test)


def test_tiles_of_another_chart_are_replaced(served: Served) -> None:
    async def test(site: str, event: EventId, viewer: Viewers) -> None:
        ann = viewer()
        await ann.connect()
        stale = await asyncio.to_thread(fetch_tiles, site, ann.chart_hash)
        stale.chart_hash = "ch_of_last_year"
        stale.size = 1
        ben = Client(ann.url, event, viewer_token(site), tiles=stale, patience_s=10)
        await ben.connect()
        assert np.array_equal(ben.statuses, ann.statuses)
        await ben.close()

    run_with_server(served, test)


def test_the_look_is_said_right_behind_every_hello() -> None:
    """A server that notes what it hears, hangs up once, and greets again."""
    greeting = [
        encode_message(Welcome(PROTOCOL_VERSION, "v_x", 0, 3, "")),
        encode_message(Watching(b"", False)),
        encode_message(Mine([])),
    ]
    heard: list[list[object]] = []

    async def script(connection: ServerConnection) -> None:
        heard.append([])
        for _ in range(2):
            heard[-1].append(decode_client_message(await connection.recv(decode=False)))
        for message in greeting:
            await connection.send(message)
        if len(heard) == 1:
            heard[-1].append(decode_client_message(await connection.recv(decode=False)))
            connection.transport.abort()
        await connection.wait_closed()

    async def run() -> None:
        async with serve(script, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            first = Look(0, 0, 9, 9, 1.0)
            client = Client(f"ws://127.0.0.1:{port}/live", "ev", "token", look=first)
            await client.connect()
            client.look(1, 2, 3, 4, 5.0, "upper", [7])
            await until(lambda: client.breaks == 1)
            await until(lambda: len(heard) == 2 and len(heard[1]) == 2)
            await client.close()

    asyncio.run(asyncio.wait_for(run(), 30))
    second = Look(1, 2, 3, 4, 5.0, "upper", [7])
    hello, again = heard[0][0], heard[1][0]
    assert isinstance(hello, Hello)
    assert isinstance(again, Hello)
    assert heard[0][1:] == [Look(0, 0, 9, 9, 1.0), second]
    assert heard[1][1:] == [second]
    assert (hello.epoch, again.epoch) == (0, 3)


def _scripted(*messages: bytes) -> Callable[[ServerConnection], Awaitable[None]]:
    """A server that answers every hello with the same messages."""

    async def script(connection: ServerConnection) -> None:
        await connection.recv()
        for message in messages:
            await connection.send(message)
        await connection.wait_closed()

    return script


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        # Tiles of a chart that the event does not have.
        (("", Watching(tile_runs(0b10), False)), "something unknown: there is no tile 1"),
        (("", Tiles(3, b"\x01")), "something unknown: there is no tile 1"),
        (("", Look(0.5, 0, 1, 1, 1)), "something unknown: Expected `int`"),
        # A chart that nobody can give.
        (("ch_lost", Mine([])), "could not be joined within 0.6 s: .*ch_lost"),
    ],
)
def test_what_makes_no_sense_is_said_and_ends_the_conversation(
    messages: tuple[str, object], words: str
) -> None:
    chart_hash, second = messages
    welcome = Welcome(PROTOCOL_VERSION, "v_x", 0, 1, chart_hash)
    script = _scripted(encode_message(welcome), encode_message(second))

    async def run() -> None:
        async with serve(script, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            client = Client(f"ws://127.0.0.1:{port}/live", "ev", "token", patience_s=0.6)
            with pytest.raises(ConversationOver, match=words):
                await client.connect()
            await client.close()

    asyncio.run(asyncio.wait_for(run(), 30))
