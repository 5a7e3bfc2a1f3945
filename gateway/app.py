"""The composition root: every part of one serving process, wired here and nowhere else."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from gateway.http.api import http_app
from gateway.http.connection import HttpEdge
from gateway.http.listener import Listener
from gateway.http.routes_metrics import MetricsAccess, metrics_route
from gateway.live.client_address import TrustedProxies
from gateway.live.connection import LiveEdge
from gateway.live.contacts import Contact
from gateway.live.engine_client import EngineClient
from gateway.live.hub import Hub
from gateway.live.origins import Origins
from gateway.live.session import Purchase
from gateway.metrics import ProcessMetrics
from gateway.sale.auth import Authenticator, ViewerTokens
from gateway.sale.catalog import Catalog
from gateway.sale.checkout import Checkout
from seatengine.core.outputs import Accepted, Refusal
from seatengine.core.shard import Shard
from seatengine.errors import BadSettings, SeatEngineError
from seatengine.ids import Epoch, EventId, HolderId
from seatengine.shell.collector import CollectorPauses, calm_collector
from seatengine.shell.embedded import database_url
from seatengine.shell.followers import Follower
from seatengine.shell.loop_lag import LoopLag
from seatengine.shell.migrate import migrate
from seatengine.shell.postgres import open_pool
from seatengine.shell.postgres_journal import PostgresJournal
from seatengine.shell.postgres_stores import PostgresCharts, PostgresLease, PostgresSnapshots
from seatengine.shell.recovery import recover
from seatengine.shell.runner import Runner
from seatengine.shell.settings import Settings, signing_secret

PAGES: Final = Path(__file__).parent.parent / "frontend" / "dist"
"""Where `npm run build` leaves the pages."""

_SWEEP_S: Final = 2.0
_BACKLOG: Final = 4096
_GRACE_S: Final = 5

_log = logging.getLogger(__name__)


class SystemClock:
    """The Clock of a real process."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class Parts:
    """What one process consists of, for those who compose more around it (tests, tools)."""

    def __init__(
        self,
        app: ASGIApp,
        edge: LiveEdge,
        http_edge: HttpEdge,
        runner: Runner,
        hub: Hub,
        engine: EngineClient,
        catalog: Catalog,
    ) -> None:
        self.app = app
        self.edge = edge
        self.http_edge = http_edge
        self.runner = runner
        self.hub = hub
        self.engine = engine
        self.catalog = catalog


@asynccontextmanager
async def assembled(settings: Settings, url: str) -> AsyncIterator[Parts]:
    """All parts on the database at `url`, running but for the listening socket."""
    secret = signing_secret(settings)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    async with open_pool(url) as pool:
        lease, snapshots, charts = (
            PostgresLease(pool),
            PostgresSnapshots(pool),
            PostgresCharts(pool),
        )
        follower = Follower(pool, charts)
        journal = PostgresJournal(url, pool, on_commit=follower.wake)

        async def rebuild(event: EventId) -> tuple[Shard, Epoch]:
            return await recover(
                event, owner, lease=lease, journal=journal, snapshots=snapshots, charts=charts
            )

        hub = Hub()
        runner = Runner(
            clock=SystemClock(),
            journal=journal,
            snapshots=snapshots,
            recover=rebuild,
            listener=hub,
        )
        catalog = Catalog(pool)
        engine = EngineClient(runner, hub, charts)
        checkout = Checkout(catalog, engine, secret)
        tokens = ViewerTokens(secret)

        async def book(event: EventId, purchase: Purchase, holder: HolderId) -> Accepted | Refusal:
            contact = Contact(purchase.name, purchase.email)
            return await checkout.book_hold(
                event, purchase.command_id, holder, purchase.hold, contact
            )

        edge = LiveEdge(
            runner,
            hub,
            tokens.holder,
            book,
            origins=Origins([settings.base_url, *settings.embed_origins.split()]),
            proxies=TrustedProxies(settings.trusted_proxies),
            messages_per_second=settings.messages_per_second,
            max_connections=settings.max_connections,
            max_per_address=settings.max_connections_per_address,
        )
        http_edge = HttpEdge(settings.max_connections)
        loop_lag, collector_pauses = LoopLag(), CollectorPauses()
        metrics = ProcessMetrics(
            loop_lag=loop_lag,
            collector_pauses=collector_pauses,
            runner=runner,
            journal=journal,
            follower=follower,
            hub=hub,
            edge=edge,
            http_edge=http_edge,
        )
        access = MetricsAccess(
            settings.metrics_token,
            behind_proxy=bool(settings.public_url or settings.trusted_proxies),
        )
        app = http_app(
            catalog=catalog,
            engine=engine,
            authenticator=Authenticator(tokens, catalog),
            checkout=checkout,
            pages=PAGES,
            requests_per_second=settings.requests_per_second,
            embed_origins=settings.embed_origins.split(),
            beside=[metrics_route(metrics.registry(), access)],
        )
        loop_lag.start()
        collector_pauses.start()
        sweeping = asyncio.create_task(_sweep(edge, http_edge))
        stop_following = asyncio.Event()
        following = asyncio.create_task(follower.run(stop_following))
        try:
            yield Parts(app, edge, http_edge, runner, hub, engine, catalog)
        finally:
            sweeping.cancel()
            loop_lag.stop()
            collector_pauses.stop()
            await runner.close()
            stop_following.set()
            await following
            journal.close()


async def serve(settings: Settings, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; `ready` gets the address once requests are answered.

    Raises BadSettings or StoreUnavailable when it cannot begin.
    """
    with database_url(settings) as url:
        await migrate(url)
        async with assembled(settings, url) as parts:
            listening = _listening_socket(settings)
            opening = asyncio.create_task(_open_events(parts))
            calm_collector()
            try:
                await listen(
                    parts.app,
                    parts.edge,
                    parts.http_edge,
                    listening,
                    trusted_proxies=settings.trusted_proxies,
                    ready=ready,
                )
            finally:
                opening.cancel()
                listening.close()


def _listening_socket(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise BadSettings(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            "Choose another with --port, or stop what uses it"
        ) from error


async def _open_events(parts: Parts) -> None:
    """Serve every event from the start, so that holds expire on time though nobody watches."""
    for event in await parts.catalog.event_ids():
        try:
            await parts.runner.open(event)
        except SeatEngineError as error:
            _log.warning("event %s cannot be opened yet: %s", event, error)


async def listen(
    app: ASGIApp,
    edge: LiveEdge,
    http_edge: HttpEdge,
    listening: socket.socket,
    *,
    trusted_proxies: str = "",
    ready: Callable[[str], None] | None = None,
) -> None:
    """Answer HTTP and websockets on a listening socket until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        app,
        ws=edge.protocol_class(),
        http=http_edge.protocol_class(),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=_GRACE_S,
    )
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    server = _Server(config, lambda: ready(address) if ready is not None else None)
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop, server.stop)
    try:
        await server.serve(sockets=[listening])
    finally:
        for stop in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(stop)


class _Server(uvicorn.Server):
    """uvicorn's server, but it accepts a few at a time, says when it is up, and leaves signals to
    us: its own handling raises them again before commits under way are done."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        self.servers = [Listener(each, self._connection) for each in sockets or []]  # type: ignore[misc]
        self._started()

    def _connection(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """Begin the shutdown; a second time, hurry."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


async def _sweep(edge: LiveEdge, http_edge: HttpEdge) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        edge.sweep()
        http_edge.sweep()
