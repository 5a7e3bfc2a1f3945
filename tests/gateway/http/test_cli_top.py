"""`seatengine top` on a real server, as a process of its own, in a terminal and without one."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from gateway.metrics_reading import Figures
from tests.gateway.http.site import Site

ROOT = Path(__file__).parents[3]
WAIT_S = 30.0
ROWS, COLUMNS = 24, 80
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gateway.cli", "top", *arguments]


def environ(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEATENGINE_")}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS), **settings}


def top(*arguments: str, code: int = 0, **settings: str) -> str:
    done = subprocess.run(
        command(*arguments),
        env=environ(**settings),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    return said


def test_one_reading_as_json(site: Site) -> None:
    said = json.loads(top("--once", "--json", "--url", site.url))
    assert list(said) == list(Figures.__struct_fields__)
    assert said["seconds"] > 0.5
    assert said["cpu_percent"] > 0


def test_one_reading_as_text(site: Site) -> None:
    lines = top("--once", "--url", f"{site.url}/").splitlines()
    assert lines[0].startswith(f"Seat Engine {site.url} ")
    assert any(line.startswith("loop lag  p50 ") for line in lines)


def test_the_port_is_the_servers_own_setting(site: Site) -> None:
    port = site.url.rpartition(":")[2]
    assert site.url in top("--once", SEATENGINE_PORT=port, SEATENGINE_HOST="0.0.0.0")


def test_in_a_terminal_it_draws_until_it_is_stopped(site: Site) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, command("--url", site.url), environ(TERM="xterm"))
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        seen = b""
        give_up = time.monotonic() + WAIT_S
        while seen.count(b"loop lag") < 2:
            assert time.monotonic() < give_up, seen
            if select.select([terminal], [], [], 1.0)[0]:
                seen += os.read(terminal, 65_536)
    finally:
        os.kill(pid, signal.SIGINT)
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert seen.startswith(b"\x1b[?1049h"), "not on the screen's other page"
    last = _CONTROL.sub("", seen.decode().split("\x1b[H")[-2]).splitlines()
    assert len(last) <= ROWS
    assert max(map(len, last)) <= COLUMNS
    assert "Ctrl-C ends" in "".join(last)


def test_nobody_there_is_said() -> None:
    said = top("--once", "--url", "http://127.0.0.1:9", code=1)
    assert said.startswith("seatengine: http://127.0.0.1:9 does not answer")


def test_a_server_that_tells_others_nothing_is_said(site: Site) -> None:
    said = top("--once", "--url", f"{site.url.replace('http', 'gopher')}", code=1)
    assert "is no address such as" in said


def test_without_a_terminal_it_says_what_to_do(site: Site) -> None:
    assert "--once" in top("--url", site.url, code=1)
