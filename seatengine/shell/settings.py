"""What an operator can set, from flags and the environment, checked before anything starts."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, get_type_hints
from urllib.parse import urlsplit

import msgspec

from seatengine import limits
from seatengine.errors import BadSettings

_SECRET_BYTES: Final = 32
_MIN_SECRET_CHARS: Final = 16

_TOKEN: Final = re.compile(rf"[A-Za-z0-9._~+/=-]{{{_MIN_SECRET_CHARS},}}")
_ORIGIN: Final = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?")

Text = Annotated[str, msgspec.Meta(max_length=1_000)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of one process. A field `host` is the flag --host and SEATENGINE_HOST."""

    database_url: Text = ""
    """Postgres to use, as DATABASE_URL (or SEATENGINE_DATABASE_URL) says it.
    Empty: a Postgres of our own under `data_dir`."""

    data_dir: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)] = ".data"
    """The folder for the embedded Postgres and the signing secret."""

    host: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for every network."""

    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8000
    """The one port for pages, HTTP API and websockets; 0 takes any free one."""

    secret: Text = ""
    """Signs viewer tokens. Empty: made once and kept in `data_dir`/secret.
    Processes that serve the same viewers must share it."""

    public_url: Text = ""
    """Where browsers reach this installation, such as https://tickets.example.org.
    Empty: http://host:port."""

    messages_per_second: Annotated[
        int, msgspec.Meta(ge=1, le=limits.CEILING_MESSAGES_PER_SECOND)
    ] = limits.MESSAGES_PER_SECOND
    """How many messages one websocket may send, on average; one that sends more is closed.
    People need a few; a load test, or a box office's own software, may need more."""

    requests_per_second: Annotated[
        int, msgspec.Meta(ge=1, le=limits.CEILING_HTTP_REQUESTS_PER_SECOND)
    ] = limits.HTTP_REQUESTS_PER_SECOND
    """How many API requests one address may send, on average; more are told to wait."""

    max_connections: Annotated[int, msgspec.Meta(ge=1, le=limits.CEILING_CONNECTIONS)] = (
        limits.MAX_CONNECTIONS
    )
    """How many viewers may be connected at once. Each needs an open file: see `ulimit -n`."""

    max_connections_per_address: Annotated[
        int, msgspec.Meta(ge=1, le=limits.CEILING_CONNECTIONS)
    ] = limits.MAX_CONNECTIONS_PER_ADDRESS
    """How many viewers one address may connect. Programs on this machine may connect any number,
    unless they come through a trusted proxy."""

    trusted_proxies: Text = ""
    """Addresses of reverse proxies whose X-Forwarded-For is believed, such as 127.0.0.1,10.0.0.2.
    Empty: none, and everyone behind a proxy counts as one address."""

    embed_origins: Text = ""
    """Sites that may show our pages in a frame, and whose own pages may open live connections,
    such as https://venue.example, separated by blanks. Empty: none."""

    metrics_token: Text = ""
    """Who sends it as `Authorization: Bearer TOKEN` may read /metrics, from anywhere.
    Empty: only programs on this machine may, and nobody once `public_url` or `trusted_proxies` is
    set, because behind a proxy on this machine everyone comes from it."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much to say on standard error."""

    @property
    def base_url(self) -> str:
        """`public_url`, or where this process listens; without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


def load(environ: Mapping[str, str] = os.environ, **flags: str | int | None) -> Settings:
    """Settings from flags, else the environment, else their defaults; a flag of None is not given.

    Raises BadSettings naming the setting.
    """
    given: dict[str, str | int] = {}
    for name in Settings.__struct_fields__:
        flag, variable = flags.pop(name, None), f"SEATENGINE_{name.upper()}"
        if flag is not None:
            given[name] = flag
        elif variable in environ:
            given[name] = environ[variable]
        elif name == "database_url" and "DATABASE_URL" in environ:
            given[name] = environ["DATABASE_URL"]
    if flags:
        raise BadSettings(f"there is no setting {sorted(flags)[0]!r}")
    for name, value in given.items():
        _check(name, value)
    settings = msgspec.convert(given, Settings, strict=False)
    _check_url("database_url", settings.database_url, ("postgres", "postgresql"))
    _check_url("public_url", settings.public_url, ("http", "https"))
    for origin in settings.embed_origins.split():
        if not _ORIGIN.fullmatch(origin):
            raise BadSettings(
                f"setting embed_origins: {origin!r} is no origin such as https://venue.example"
            )
    if settings.secret and len(settings.secret) < _MIN_SECRET_CHARS:
        raise BadSettings(
            f"setting secret is too short to be safe: give at least {_MIN_SECRET_CHARS} characters"
        )
    if settings.metrics_token and not _TOKEN.fullmatch(settings.metrics_token):
        raise BadSettings(
            f"setting metrics_token must be at least {_MIN_SECRET_CHARS} letters, digits or "
            "-._~+/= so that it is safe and fits into a header"
        )
    return settings


def signing_secret(settings: Settings) -> str:
    """The secret that signs viewer tokens; made and kept (mode 0600) where none was set.

    Raises BadSettings where the file cannot be read or written.
    """
    if settings.secret:
        return settings.secret
    path = Path(settings.data_dir) / "secret"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"secret.{secrets.token_hex(8)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(_SECRET_BYTES))
        # A link fails where the name is taken: of two first starts at once, one secret stays.
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        secret = path.read_text().strip()
    except OSError as error:
        raise BadSettings(
            f"setting data_dir: the signing secret cannot be kept in {path}: {error}. "
            "Choose a folder that can be written, or set SEATENGINE_SECRET"
        ) from error
    if len(secret) < _MIN_SECRET_CHARS:
        raise BadSettings(f"the signing secret in {path} is damaged: delete the file for a new one")
    return secret


def _check(name: str, value: str | int) -> None:
    kind = get_type_hints(Settings, include_extras=True)[name]
    try:
        msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        shown = "" if name in ("secret", "metrics_token", "database_url") else f", not {value!r}"
        raise BadSettings(f"setting {name}: {error}{shown}") from None


def _check_url(name: str, url: str, schemes: tuple[str, ...]) -> None:
    if url and urlsplit(url).scheme not in schemes:
        raise BadSettings(f"setting {name} must be a URL that starts with {schemes[-1]}://")
