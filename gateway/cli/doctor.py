"""`seatengine doctor`: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import asyncio
import errno
import importlib.util
import os
import resource
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from gateway.cli.options import ServerOptions
from seatengine.errors import SeatEngineError
from seatengine.limits import MIN_FREE_DISK_BYTES, MIN_OPEN_FILES
from seatengine.shell.settings import Settings

_PACKAGES: Final = (
    "asyncpg",
    "cyclopts",
    "httptools",
    "itsdangerous",
    "msgspec",
    "numpy",
    "prometheus_client",
    "rich",
    "shapely",
    "starlette",
    "uvicorn",
    "uvloop",
    "websockets",
)
_CONNECT_TIMEOUT_S: Final = 5.0


class Diagnosis(msgspec.Struct, frozen=True):
    """`missing`: cannot run; `weak`: runs, with a limit. `cure` says what to do."""

    what: str
    state: Literal["good", "weak", "missing"]
    found: str
    cure: str = ""


def doctor(options: ServerOptions | None = None) -> int:
    """Say what this machine has, what is missing, and what to do about it.

    Exits with 1 when something is missing without which Seat Engine cannot run.

    For example:

        seatengine doctor
        seatengine doctor --port 8080 --database-url postgresql://localhost/seats
    """
    settings = (options or ServerOptions()).settings()
    missing = 0
    marks = {"good": "ok     ", "weak": "weak   ", "missing": "MISSING"}
    for diagnosis in examine(settings):
        print(f"{marks[diagnosis.state]} {diagnosis.what}: {diagnosis.found}", flush=True)
        if diagnosis.cure:
            print(f"        {diagnosis.cure}")
        missing += diagnosis.state == "missing"
    print("Ready to run." if not missing else f"{missing} missing; see above.")
    return 1 if missing else 0


def examine(settings: Settings) -> Iterator[Diagnosis]:
    """Every check in turn; each answers whatever happens."""
    checks: tuple[Callable[[Settings], Diagnosis], ...] = (
        _python,
        _packages,
        _postgres,
        _page,
        _port,
        _disk,
        _open_files,
    )
    for check in checks:
        yield check(settings)


def _python(_settings: Settings) -> Diagnosis:
    version = ".".join(map(str, sys.version_info[:3]))
    return Diagnosis("Python", "good", f"{version} at {sys.executable}")


def _packages(_settings: Settings) -> Diagnosis:
    absent = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if absent:
        cure = "Run `make setup`, or `pip install -e .` in the project's folder."
        return Diagnosis("Python packages", "missing", f"no {', '.join(absent)}", cure)
    return Diagnosis("Python packages", "good", f"all {len(_PACKAGES)} there")


def _postgres(settings: Settings) -> Diagnosis:
    from seatengine.shell.embedded import database_url

    kind = "Postgres (DATABASE_URL)" if settings.database_url else "Postgres (embedded)"
    try:
        with database_url(settings) as url:
            version = asyncio.run(_postgres_version(url))
    except SeatEngineError as error:
        return Diagnosis(kind, "missing", str(error), "Mend this, or set DATABASE_URL to a server.")
    except (OSError, TimeoutError) as error:
        cure = "Check the address and that the server runs; Postgres 14 or newer will do."
        return Diagnosis(kind, "missing", f"cannot connect: {error or 'no answer'}", cure)
    return Diagnosis(kind, "good", version)


async def _postgres_version(url: str) -> str:
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_TIMEOUT_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise OSError(str(error)) from error
    try:
        version: str = await connection.fetchval("show server_version")
    finally:
        await connection.close()
    return f"version {version} answers"


def _page(_settings: Settings) -> Diagnosis:
    from gateway.app import PAGES

    if (PAGES / "index.html").is_file():
        return Diagnosis("Buyer's page", "good", f"built at {PAGES}")
    node = shutil.which("node")
    found = "not built; " + (f"Node at {node}" if node else "no Node on this machine")
    cure = "Run `make setup`: it builds the page, with a Node of its own where there is none."
    return Diagnosis("Buyer's page", "missing", found, cure)


def _port(settings: Settings) -> Diagnosis:
    what = f"Port {settings.port}"
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                cure = "Stop what listens there, or choose another with --port."
                return Diagnosis(what, "missing", f"in use on {settings.host}", cure)
            cure = "Choose another with --host and --port."
            return Diagnosis(what, "missing", f"cannot be used: {error.strerror}", cure)
    return Diagnosis(what, "good", f"free on {settings.host}")


def _disk(settings: Settings) -> Diagnosis:
    folder = Path(settings.data_dir).absolute()
    while not folder.exists():
        folder = folder.parent
    what, free = "Data folder", shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        cure = "Choose another with --data-dir."
        return Diagnosis(what, "missing", f"{folder} cannot be written", cure)
    found = f"{free / 1e9:.1f} GB free at {folder}"
    if free < MIN_FREE_DISK_BYTES:
        cure = f"Free some space: {MIN_FREE_DISK_BYTES / 1e9:.0f} GB lets a sale run for long."
        return Diagnosis(what, "weak", found, cure)
    return Diagnosis(what, "good", found)


def _open_files(_settings: Settings) -> Diagnosis:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = f"{soft} open files allowed, one for each viewer"
    if soft < MIN_OPEN_FILES:
        cure = f"For more viewers at once: ulimit -n {min(hard, MIN_OPEN_FILES)}"
        return Diagnosis("File limit", "weak", found, cure)
    return Diagnosis("File limit", "good", found)
