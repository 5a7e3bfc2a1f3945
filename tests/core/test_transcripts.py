"""Every transcript in tests/core/transcripts is exactly what the core says. After a change that is
meant: `python -m tests.core.transcript`, then read the difference. Ids in brackets in a
transcript's comments are promises of tests/SPEC.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.transcript import DIRECTORY, played

FILES = sorted(DIRECTORY.glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_transcript(path: Path) -> None:
    assert played(path.read_text()) == path.read_text()


def test_there_are_transcripts_and_they_say_something() -> None:
    assert len(FILES) >= 10
    assert all("\n> " in path.read_text() for path in FILES)
