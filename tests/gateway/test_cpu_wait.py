"""A process that has to share its processor sees how long it waits for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Two processes want the one processor at once; ours for a fifth of a second of its time.
SHARE = """
import os, subprocess, sys, time
from gateway.metrics import _cpu_wait_s

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
rival = subprocess.Popen([sys.executable, "-c", "while True: pass"])
try:
    before = _cpu_wait_s()
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    print(_cpu_wait_s() - before)
finally:
    rival.kill()
    rival.wait()
"""


def test_waiting_for_a_processor_is_seen() -> None:
    said = subprocess.run(
        [sys.executable, "-c", SHARE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert float(said.stdout) > 0.02
