"""The client against a real server process: what it keeps across breaks, crashes and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from gateway.client import Client, ConversationOver, Unanswered, live_url, unpack_statuses
from gateway.wire import (
    PROTOCOL_VERSION,
    Booked,
    Delta,
    Ended,
    Held,
    Hello,
    Hold,
    Mine,
    Refused,
    View,
    Welcome,
    encode_message,
)
from seatengine.core.outputs import Code
from seatengine.core.policy import SalePolicy
from seatengine.ids import EventId
from seatengine.limits import MAX_PENDING_COMMANDS_PER_CONNECTION
from seatengine.shell.settings import Settings
from tests import venues
from tests.gateway.server_process import put_on_sale, server_process, viewer_token

Viewers = Callable[[], Client]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something that is sure to come has come."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def run_with_server(
    url: str, folder: Path, test: Callable[[str, EventId, Viewers], Awaitable[None]]
) -> None:
    """`test` gets the address, an event, and a maker of clients that are each a new viewer."""
    settings = Settings(database_url=url, data_dir=str(folder), port=0)

    async def run() -> None:
        event = await put_on_sale(settings, venues.pocket_chart(), SalePolicy())
        clients: list[Client] = []
        async with server_process(settings) as site:

            def viewer() -> Client:
                clients.append(Client(live_url(site), event, viewer_token(site), patience_s=10))
                return clients[-1]

            try:
                await test(site, event, viewer)
            finally:
                for client in clients:
                    await client.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def test_holds_appear_to_others_and_are_booked_and_released(
    postgres_url: str, tmp_path: Path
) -> None:
    async def test(_site: str, _event: EventId, viewer: Viewers) -> None:
        ann, ben = viewer(), viewer()
        await asyncio.gather(ann.connect(), ben.connect())
        assert ann.statuses is not None
        assert ben.statuses is not None
        assert len(ben.statuses) == venues.POCKET_SIZE
        assert ben.statuses[venues.GONE] == 3

        held = await ann.hold([0, 1])
        assert isinstance(held, Held)
        assert ann.holds[held.state.hold] == held.state
        await until(lambda: ben.statuses is not None and ben.statuses[0] == 1)

        taken = await ben.hold([1, 2])
        assert isinstance(taken, Refused)
        assert (taken.code, taken.places) == (Code.PLACES_TAKEN, [1])

        booked = await ann.book(held.state.hold, "Ann", "ann@example.org")
        assert isinstance(booked, Booked)
        assert ann.holds == {}
        await until(lambda: ben.statuses is not None and list(ben.statuses[:3]) == [2, 2, 0])

        other = await ben.hold_best(2)
        assert isinstance(other, Held)
        ended = await ben.release(other.state.hold)
        assert isinstance(ended, Ended)
        assert ben.holds == {}
        await until(lambda: np.array_equal(ann.statuses, ben.statuses))  # type: ignore[arg-type]

    run_with_server(postgres_url, tmp_path, test)


def test_a_break_in_mid_command_is_answered_once_and_done_once(
    postgres_url: str, tmp_path: Path
) -> None:
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

    run_with_server(postgres_url, tmp_path, test)


def test_a_crashed_viewer_finds_its_holds_and_what_it_missed(
    postgres_url: str, tmp_path: Path
) -> None:
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
        assert back.statuses is not None
        assert list(back.statuses[4:8]) == [1, 1, 1, 0]
        with pytest.raises(ConversationOver):
            await ann.hold([0])
        await back.close()

    run_with_server(postgres_url, tmp_path, test)


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


def test_who_is_not_wanted_back_is_told_why(postgres_url: str, tmp_path: Path) -> None:
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

    run_with_server(postgres_url, tmp_path, test)


def test_waiting_is_bounded_in_time_and_number() -> None:
    """A server that greets and then says nothing."""
    hello = [
        encode_message(Welcome(PROTOCOL_VERSION, "v_x", 0, 1, "c")),
        encode_message(View(1, 0, 0, b"")),
        encode_message(Mine([])),
    ]

    async def mute(connection: ServerConnection) -> None:
        await connection.recv()
        for message in hello:
            await connection.send(message)
        await connection.wait_closed()

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


def test_a_delta_is_taken_when_it_follows_and_a_gap_asks_anew() -> None:
    """A server that plays a script: what the client's copy is after each Delta, as docs say."""

    def delta(after_seq: int, seq: int, place: int, status: int) -> bytes:
        return encode_message(Delta(after_seq, seq, place.to_bytes(4, "little"), bytes([status])))

    welcome = encode_message(Welcome(PROTOCOL_VERSION, "v_x", 0, 3, "c"))
    mine = encode_message(Mine([]))
    hellos: list[Hello] = []

    async def script(connection: ServerConnection) -> None:
        hellos.append(msgspec.msgpack.decode(await connection.recv(decode=False), type=Hello))
        first_view = encode_message(View(3, 10, 4, bytes(1)))
        for message in (
            *(welcome, first_view, mine),
            # Overlaps what is known, then follows exactly, then is old, then leaves a gap.
            *(delta(8, 12, 0, 1), delta(12, 13, 1, 2), delta(9, 13, 1, 0), delta(20, 21, 2, 1)),
        ):
            await connection.send(message)
        hellos.append(msgspec.msgpack.decode(await connection.recv(decode=False), type=Hello))
        for message in (welcome, delta(13, 21, 3, 3), mine):
            await connection.send(message)
        await connection.wait_closed()

    async def run() -> None:
        async with serve(script, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            client = Client(f"ws://127.0.0.1:{port}/live", "ev", "token")
            await client.connect()
            await until(lambda: client.seq == 21)
            assert client.statuses is not None
            assert client.statuses.tolist() == [1, 2, 0, 3]
            assert client.breaks == 0
            await client.close()

    asyncio.run(asyncio.wait_for(run(), 30))
    assert [(hello.epoch, hello.seq) for hello in hellos] == [(0, 0), (3, 13)]


def test_two_bits_a_place_unpack_to_a_byte_a_place() -> None:
    assert unpack_statuses(View(1, 1, 6, bytes((0b11_10_01_00, 0b00_01)))).tolist() == [
        *(0, 1, 2, 3),
        *(1, 0),
    ]
    assert unpack_statuses(View(1, 1, 0, b"")).tolist() == []
