"""What is planned happens in order of its time, whoever plans it."""

from __future__ import annotations

import asyncio

import uvloop

from gateway.load.agenda import Agenda


def test_things_happen_in_order_of_their_time() -> None:
    async def happen() -> list[str]:
        agenda, done, over = Agenda(), [], asyncio.Event()
        now_s = asyncio.get_running_loop().time()

        def note(what: str) -> None:
            done.append(what)
            if what == "first":
                agenda.add(now_s + 0.03, note, "planned on the way")
                agenda.add(now_s + 0.01, note, "planned for the past")
            if what == "last":
                over.set()

        agenda.add(now_s + 0.05, note, "last")
        agenda.add(now_s + 0.04, note, "third")
        agenda.add(now_s + 0.02, note, "first")
        async with asyncio.timeout(10):
            await over.wait()
        return done

    assert uvloop.run(happen()) == [
        "first",
        "planned for the past",
        "planned on the way",
        "third",
        "last",
    ]


def test_what_was_planned_is_forgotten_when_it_is_cleared() -> None:
    async def happen() -> list[str]:
        agenda, over = Agenda(), asyncio.Event()
        done: list[str] = []
        now_s = asyncio.get_running_loop().time()
        agenda.add(now_s + 0.01, done.append, "never")
        agenda.clear()
        agenda.add(now_s + 0.02, lambda _: over.set(), None)
        async with asyncio.timeout(10):
            await over.wait()
        return done

    assert uvloop.run(happen()) == []
