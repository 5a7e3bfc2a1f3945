"""What a benchmark does to the process it runs in, and what it reads of others."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seatengine.shell.collector import calm_collector


@contextmanager
def served_like() -> Iterator[None]:
    """The collector as a serving process has it: what exists is frozen, collections are rare."""
    before = gc.get_threshold()
    calm_collector()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for the run. Others may pass through it: Postgres, where we are root, is not."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = Path(folder)
        path.chmod(0o711)
        yield path


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used so far, all its threads together."""
    # The name, in parentheses, may itself contain spaces and parentheses.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_seconds(pid: int) -> float:
    """Time on a processor, to the nanosecond, of all threads that a process has now."""
    return (
        sum(
            int(task.read_text().split()[0])
            for task in Path(f"/proc/{pid}/task").glob("*/schedstat")
        )
        / 1_000_000_000
    )


def resident_kib(pid: int) -> int:
    """What a process has in memory now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(f"process {pid} has no memory any more")
