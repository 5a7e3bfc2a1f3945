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
from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import Site, fresh_database, serving

ROOT = Path(__file__).parents[3]
WAIT_S = 30.0
ROWS, COLUMNS = 24, 80
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gateway.cli.main", "top", *arguments]


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


class Terminal:
    """`seatengine top` in a terminal of ROWS by COLUMNS."""

    def __init__(self, *arguments: str) -> None:
        self.seen = b""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, command(*arguments), environ(TERM="xterm"))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read_until(self, words: str, times: int = 1) -> None:
        """Until the words have come so often from here on."""
        since = len(self.seen)
        give_up = time.monotonic() + WAIT_S
        while self.seen.count(words.encode(), since) < times:
            assert time.monotonic() < give_up, self.seen[since:]
            if select.select([self._fd], [], [], 1.0)[0]:
                self.seen += os.read(self._fd, 65_536)

    def pages(self) -> list[list[str]]:
        """What stood there, time after time, but for the last, which may not be whole."""
        return [_CONTROL.sub("", page).splitlines() for page in self.seen.decode().split("\x1b[H")][
            1:-1
        ]

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        os.kill(self.pid, signal.SIGINT)
        _, status = os.waitpid(self.pid, 0)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(status)


def test_in_a_terminal_it_draws_until_it_is_stopped(site: Site) -> None:
    terminal = Terminal("--url", site.url)
    try:
        terminal.read_until("loop lag", times=2)
    finally:
        code = terminal.stop()
    assert code == 0
    assert terminal.seen.startswith(b"\x1b[?1049h"), "not on the screen's other page"
    last = terminal.pages()[-1]
    assert len(last) <= ROWS
    assert max(map(len, last)) <= COLUMNS
    assert "Ctrl-C ends" in "".join(last)


def test_when_the_server_goes_the_last_figures_stay(
    postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    with serving(fresh_database(postgres_server, "top_tests"), tmp_path) as site:
        terminal = Terminal("--url", site.url)
        try:
            terminal.read_until("loop lag")
        except AssertionError:
            terminal.stop()
            raise
    try:
        terminal.read_until("does not answer")
        terminal.read_until("loop lag", times=2)
    finally:
        code = terminal.stop()
    assert code == 0
    text = "".join(terminal.pages()[-1])
    assert f"{site.url} does not answer" in text
    assert "loop lag  p50 " in text


def test_nobody_there_is_said() -> None:
    said = top("--once", "--url", "http://127.0.0.1:9", code=1)
    assert said.startswith("seatengine: http://127.0.0.1:9 does not answer")


def test_a_server_that_tells_others_nothing_is_said(site: Site) -> None:
    said = top("--once", "--url", f"{site.url.replace('http', 'gopher')}", code=1)
    assert "is no address such as" in said


def test_without_a_terminal_it_says_what_to_do(site: Site) -> None:
    assert "--once" in top("--url", site.url, code=1)
