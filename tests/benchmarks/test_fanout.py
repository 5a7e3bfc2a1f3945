"""The parts of the fan-out benchmark: both drains count alike, and what is not here is said."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
import uvloop

from benchmarks import fanout_peers
from benchmarks.fanout_peers import SOURCES, NotHere
from benchmarks.fanout_sides import Side, broadcasting
from benchmarks.native import compiled, compiler

PYTHON_DRAIN = [sys.executable, "-m", "benchmarks.fanout_drain"]


async def counted(drain: list[str], folder: Path) -> tuple[int, int, float]:
    """Frames and bytes of three rounds to five viewers, and bytes a frame."""
    side = Side("websockets", fanout_peers.peer("websockets", 100).command)
    async with broadcasting(side, 5, drain, folder) as up:
        assert await up.rounds(3) > 0
        await up.check()
        return up.counted.frames, up.counted.bytes, up.frame_bytes


def test_the_drain_counts_frames_and_bytes(tmp_path: Path) -> None:
    frame_bytes = 2 + len(fanout_peers.TEXT)
    expected = (15, 15 * frame_bytes, frame_bytes)
    assert uvloop.run(counted(PYTHON_DRAIN, tmp_path)) == expected
    if compiler() is not None:
        assert uvloop.run(counted(fanout_peers.drain(tmp_path), tmp_path)) == expected


def test_without_a_compiler_there_is_no_floor_and_the_drain_is_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(NotHere, match="no C compiler"):
        fanout_peers.floor(tmp_path)
    assert fanout_peers.drain(tmp_path) == PYTHON_DRAIN


def test_what_does_not_compile_is_not_made(tmp_path: Path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int main(")
    assert compiled(source, tmp_path) is None


def test_a_program_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotHere, match="nginx is not installed"):
        fanout_peers.peer("nchan", 100)


def test_the_lock_of_the_peers_names_no_registry() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text())
    assert not [name for name, about in lock["packages"].items() if "resolved" in about]


def test_a_server_that_ends_is_reported_with_its_last_words(tmp_path: Path) -> None:
    async def main() -> None:
        last_words = [sys.executable, "-c", "import sys; sys.exit('no more')"]
        async with asyncio.timeout(30), broadcasting(Side("x", last_words), 2, [], tmp_path):
            pass

    with pytest.raises(Exception, match="no more"):
        uvloop.run(main())
