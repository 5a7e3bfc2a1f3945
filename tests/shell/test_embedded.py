"""The embedded Postgres: made once, attached to while it runs, stopped by the last who leaves."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from seatengine.errors import BadSettings, StoreUnavailable
from seatengine.shell.embedded import EmbeddedPostgres, database_url
from seatengine.shell.settings import Settings


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: its names are too long for a unix socket."""
    path = Path(tempfile.mkdtemp(prefix="seatengine-"))
    yield path
    shutil.rmtree(path)


def ask(url: str, sql: str) -> object:
    async def scene() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(scene())


def test_it_runs_within_the_context_and_keeps_its_data(folder: Path) -> None:
    settings = Settings(data_dir=str(folder / "my data"))
    with database_url(settings) as url:
        ask(url, "create table kept (n int)")
        assert ask(url, "show fsync") == ask(url, "show synchronous_commit") == "on"
    with database_url(settings) as url:
        assert ask(url, "select count(*) from kept") == 0
    assert EmbeddedPostgres(folder / "my data" / "postgres").pid is None


def test_a_named_server_is_used_as_it_is() -> None:
    with database_url(Settings(database_url="postgresql://a@b/c")) as url:
        assert url == "postgresql://a@b/c"


def test_the_last_to_leave_stops_it(folder: Path) -> None:
    one, two = EmbeddedPostgres(folder / "postgres"), EmbeddedPostgres(folder / "postgres")
    one.start()
    two.start()
    pid = one.pid
    one.stop()
    assert two.pid == pid
    assert ask(two.url, "select 1") == 1
    two.stop()
    two.stop()
    assert two.pid is None


def test_it_outlives_a_killed_engine_and_the_next_one_attaches(folder: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from seatengine.shell.embedded import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1])).start(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    engine = subprocess.run([sys.executable, "-c", script, str(folder / "postgres")], check=False)
    assert engine.returncode == -signal.SIGKILL
    server = EmbeddedPostgres(folder / "postgres")
    left_running = server.pid
    assert left_running is not None
    server.start()
    assert server.pid == left_running
    assert ask(server.url, "select 1") == 1
    server.stop()
    assert server.pid is None


def test_it_recovers_after_a_killed_server_whose_number_another_process_has(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    ask(server.url, "create table kept (n int)")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        lock = folder / "postgres" / name
        lines = lock.read_text().splitlines()
        lock.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    server.start()
    assert ask(server.url, "select count(*) from kept") == 0
    server.stop()


def test_an_interrupted_making_is_made_again(folder: Path) -> None:
    (folder / "postgres.new").mkdir()
    (folder / "postgres.new" / "PG_VERSION").write_text("18")
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    server.stop()
    assert not (folder / "postgres.new").exists()


def test_what_is_wrong_with_the_folder_is_said(folder: Path) -> None:
    with pytest.raises(BadSettings, match="too long"):
        EmbeddedPostgres(folder / ("x" * 100) / "postgres").start()
    (folder / "file").touch()
    with pytest.raises(BadSettings, match="cannot write"):
        EmbeddedPostgres(folder / "file" / "postgres").start()
    (folder / "postgres").mkdir()
    (folder / "postgres" / "notes.txt").touch()
    with pytest.raises(StoreUnavailable, match="not a database cluster directory"):
        EmbeddedPostgres(folder / "postgres").start()
