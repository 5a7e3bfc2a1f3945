"""`seatengine serve`."""

from __future__ import annotations

import logging
import sys

import uvloop

from gateway.app import serve as serve_site
from gateway.cli.options import ServerOptions


def serve(options: ServerOptions | None = None) -> int:
    """Serve pages, API and live seat picking on one port, until Ctrl-C or SIGTERM.

    For example:

        seatengine serve
        seatengine serve --host 0.0.0.0 --port 80 --public-url https://tickets.example.org
        DATABASE_URL=postgresql://seats@db/seats seatengine serve
    """
    settings = (options or ServerOptions()).settings()
    logging.basicConfig(
        level=settings.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    uvloop.run(serve_site(settings, ready=lambda address: print(f"Serving {address}", flush=True)))
    return 0
