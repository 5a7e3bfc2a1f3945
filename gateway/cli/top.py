"""`seatengine top`: a running server, watched from a terminal."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.live import Live

from gateway.cli.top_screen import screen
from gateway.client.api import ApiClient, SiteUnreachable
from gateway.http.routes_metrics import PATH
from gateway.metrics_reading import Figures, Reading, between, read
from seatengine.errors import BadSettings
from seatengine.limits import TOP_HISTORY_S, TOP_TIMEOUT_MS
from seatengine.shell.settings import Settings, load

_EVERY_S: Final = 1.0
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def top(*, url: str | None = None, once: bool = False, json: bool = False) -> int:
    """Watch a running server: viewers, sales, frames, loop lag, commits, queues, each second.

    It reads /metrics. A server on this machine lets it; another wants the token of its
    SEATENGINE_METRICS_TOKEN in the same variable here.

    For example:

        seatengine top
        seatengine top --url https://tickets.example.org
        seatengine top --once --json

    Parameters
    ----------
    url
        Where the server is; on this machine, at the port it is set to, if not given.
    once
        Print one reading, two scrapes a second apart, and end.
    json
        A line of JSON for each reading instead of the screen.
    """
    settings = load()
    site = _site(url, settings)
    console = Console(highlight=False)
    if not (once or json or console.is_terminal):
        raise BadSettings("top draws on a terminal, and this is none; add --once or --json")
    token = settings.metrics_token
    client = ApiClient(site, f"Bearer {token}" if token else "", TOP_TIMEOUT_MS / 1_000)
    try:
        if json or once:
            _print(console, client, once=once, json=json)
        else:
            _draw(console, client)
    except KeyboardInterrupt:
        return 0
    finally:
        client.close()
    return 0


def _site(url: str | None, settings: Settings) -> str:
    if url is None:
        host = _EVERYWHERE.get(settings.host, settings.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadSettings(f"--url {url!r} is no address such as http://127.0.0.1:8000")
    return url.rstrip("/")


def _scrape(client: ApiClient) -> Reading:
    """Raises SiteUnreachable, ApiRefused or BadMetrics."""
    return read(client.exchange("GET", PATH).decode("utf-8", "replace"))


def _every_second() -> Iterator[None]:
    """Once at once, then each second; a second that was missed is not made up for."""
    due_s = time.monotonic()
    while True:
        yield
        due_s = max(due_s + _EVERY_S, time.monotonic())
        time.sleep(max(0.0, due_s - time.monotonic()))


def _print(console: Console, client: ApiClient, *, once: bool, json: bool) -> None:
    before: Reading | None = None
    for _ in _every_second():
        after = _scrape(client)
        figures = between(before, after) if before is not None else None
        before = after
        if figures is None:
            continue
        if json:
            print(msgspec.json.encode(figures).decode(), flush=True)
        else:
            console.print(screen([figures], client.site, "", console.width))
        if once:
            return


def _draw(console: Console, client: ApiClient) -> None:
    # Who is not there at the start is told so at once; who goes later may come back.
    before = _scrape(client)
    history: deque[Figures] = deque(maxlen=TOP_HISTORY_S)
    trouble = ""
    with Live(console=console, screen=True, auto_refresh=False) as live:
        for _ in _every_second():
            try:
                after = _scrape(client)
            except SiteUnreachable as error:
                trouble = str(error)
            else:
                trouble = ""
                figures = between(before, after)
                if after.value("start_time_seconds") != before.value("start_time_seconds"):
                    history.clear()
                before = after
                if figures is not None:
                    history.append(figures)
            live.update(screen(history, client.site, trouble, console.width), refresh=True)
    sys.stdout.flush()
