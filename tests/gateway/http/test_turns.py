"""E: what newcomers cost is done a little in each turn of the event loop, in order."""

from __future__ import annotations

import asyncio

from gateway.http.turns import Turns


async def _turns_of(turns: Turns, pieces: int) -> list[tuple[int, int]]:
    """(turn of the loop, number of the piece) in the order in which they were done."""
    loop = asyncio.get_running_loop()
    done: list[tuple[int, int]] = []
    turn = 0

    def count() -> None:
        nonlocal turn
        turn += 1
        if len(done) < pieces:
            loop.call_soon(count)

    loop.call_soon(count)
    await asyncio.sleep(0)
    began = turn
    for number in range(pieces):
        turns.give(lambda number=number: done.append((turn - began, number)))  # type: ignore[misc]
    while len(done) < pieces:
        await asyncio.sleep(0)
    return done


def test_a_few_at_once_and_in_order() -> None:
    done = asyncio.run(_turns_of(Turns(3), 10))
    assert [number for _, number in done] == list(range(10))
    assert done[:3] == [(0, 0), (0, 1), (0, 2)]
    by_turn = [turn for turn, _ in done]
    assert max(by_turn.count(turn) for turn in set(by_turn)) == 3


def test_after_a_quiet_time_it_begins_anew() -> None:
    async def main() -> None:
        turns = Turns(2)
        first = await _turns_of(turns, 5)
        for _ in range(5):
            await asyncio.sleep(0)
        assert [turn for turn, _ in await _turns_of(turns, 2)] == [0, 0]
        assert len(first) == 5
        assert len(turns) == 0

    asyncio.run(main())


def test_one_that_fails_does_not_stop_the_others() -> None:
    async def main() -> None:
        said: list[str] = []
        done: list[int] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, about: said.append(str(about["exception"])))
        turns = Turns(1)

        def fail() -> None:
            raise ValueError("broken")

        turns.give(lambda: done.append(0))
        turns.give(fail)
        turns.give(lambda: done.append(1))
        while len(done) < 2:
            await asyncio.sleep(0)
        assert said == ["broken"]

    asyncio.run(main())
