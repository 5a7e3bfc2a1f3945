"""A process of the demo: told what to do in one line, told to stop by the end of its input."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from seatengine.errors import SeatEngineError

_STOP_S: Final = 15.0
_TERMINATE_S: Final = 5.0
_LOG_LINES_SHOWN: Final = 15


class ChildFailed(SeatEngineError):
    """A process of the demo ended when it should not have."""

    code = "child-failed"


class Child:
    """`python -m module`, whose standard error goes to `log`. Made by `start`."""

    def __init__(self, module: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self._module = module
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, module: str, first_line: object, log: Path) -> Child:
        """Start it and say `first_line` as JSON. In a session of its own, so that Ctrl-C reaches
        the demo alone, which then stops its children in order."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        child = cls(module, process, log)
        await child.say(first_line)
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    async def say(self, line: object) -> None:
        """Send it a line of JSON. Raises ChildFailed when it does not listen any more."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(line) + b"\n")
        try:
            await self._process.stdin.drain()
        except ConnectionError:
            raise self.failed() from None

    async def line(self, timeout_s: float | None = None) -> bytes:
        """Its next line; b"" at the end of its output. Raises ChildFailed when it is late."""
        assert self._process.stdout is not None
        try:
            return await asyncio.wait_for(self._process.stdout.readline(), timeout_s)
        except TimeoutError:
            raise self.failed(f"said nothing for {timeout_s:g} s") from None

    def end_input(self) -> None:
        """Tell it that nothing more comes, which ends it in its own time."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def stop(self) -> bytes:
        """End its input and wait until it is gone, insisting when it takes too long.

        Returns what it still had to say.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        rest = asyncio.create_task(self._process.stdout.read())
        patience = ((_STOP_S, self._process.terminate), (_TERMINATE_S, self._process.kill))
        for wait_s, insist in patience:
            try:
                await asyncio.wait_for(self._process.wait(), wait_s)
                break
            except TimeoutError:
                insist()
        await self._process.wait()
        return await rest

    def failed(self, how: str = "ended by itself") -> ChildFailed:
        """The error to raise, with the last it wrote to its log."""
        lines = self._log.read_text("utf-8", "replace").splitlines()[-_LOG_LINES_SHOWN:]
        said = "\n    ".join(lines) or "it left no message"
        return ChildFailed(f"{self._module} {how}; {self._log} ends with:\n    {said}")
