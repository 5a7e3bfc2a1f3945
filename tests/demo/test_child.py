"""Children of the demo: told by a line, stopped by the end of their input, never left behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from gateway.demo import child as child_module
from gateway.demo.child import Child, ChildFailed

ECHO = """
import sys
line = sys.stdin.readline()
sys.stdout.write("heard " + line)
sys.stdout.flush()
sys.stdin.read()
sys.stdout.write("last words")
"""
DIES = "import sys; sys.stdin.readline(); sys.exit('no paper left')"
STUBBORN = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdin.readline()
sys.stdout.write("ready\\n")
sys.stdout.flush()
while True:
    signal.pause()
"""


async def start(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> Child:
    (folder / "a_child.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return await Child.start("a_child", {"say": "hello"}, folder / "logs" / "child.log")


def test_a_child_hears_one_line_and_ends_with_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        child = await start(tmp_path, monkeypatch, ECHO)
        assert await child.line(20) == b'heard {"say":"hello"}\n'
        assert await child.stop() == b"last words"

    asyncio.run(run())


def test_a_child_that_dies_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        child = await start(tmp_path, monkeypatch, DIES)
        assert await child.line(20) == b""
        assert "no paper left" in str(child.failed())
        await child.stop()

    asyncio.run(run())


def test_silence_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        child = await start(tmp_path, monkeypatch, "import sys; sys.stdin.read()")
        with pytest.raises(ChildFailed, match="said nothing"):
            await child.line(0.05)
        await child.stop()

    asyncio.run(run())


def test_a_child_that_will_not_go_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "_STOP_S", 0.1)
    monkeypatch.setattr(child_module, "_TERMINATE_S", 0.1)

    async def run() -> int:
        child = await start(tmp_path, monkeypatch, STUBBORN)
        assert await child.line(20) == b"ready\n"
        await child.stop()
        return child.pid

    with pytest.raises(ProcessLookupError):
        os.kill(asyncio.run(run()), 0)
