"""Options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from seatengine.shell.settings import Settings, load


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """Which store a command works on."""

    database_url: Annotated[str | None, Parameter(env_var="DATABASE_URL")] = None
    """Postgres to use. Without it, a Postgres of our own runs under the data folder."""

    data_dir: Annotated[str | None, Parameter(env_var="SEATENGINE_DATA_DIR")] = None
    """The folder for the embedded Postgres and the signing secret; .data if not given."""

    def settings(self) -> Settings:
        """Raises BadSettings."""
        return load(database_url=self.database_url, data_dir=self.data_dir)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ServerOptions(StoreOptions):
    """Where a server listens, on which store."""

    host: Annotated[str | None, Parameter(env_var="SEATENGINE_HOST")] = None
    """The address to listen on; 127.0.0.1 if not given, 0.0.0.0 for every network."""

    port: Annotated[int | None, Parameter(env_var="SEATENGINE_PORT")] = None
    """The one port for pages, API and websockets; 8000 if not given, 0 takes a free one."""

    public_url: Annotated[str | None, Parameter(env_var="SEATENGINE_PUBLIC_URL")] = None
    """Where browsers reach this installation, such as https://tickets.example.org."""

    def settings(self) -> Settings:
        """Raises BadSettings."""
        return load(
            database_url=self.database_url,
            data_dir=self.data_dir,
            host=self.host,
            port=self.port,
            public_url=self.public_url,
        )
