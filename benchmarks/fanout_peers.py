"""The sides of the fan-out benchmark: what each needs on this machine, and how it is started."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, get_args

from benchmarks.fanout_sides import Side
from benchmarks.native import compiled
from benchmarks.report import say
from seatengine.errors import SeatEngineError

SOURCES: Final = Path(__file__).parent / "peers_fanout"

TEXT: Final = "forty bytes, which is what a tick tells."
"""What the peers broadcast."""

PeerName = Literal["websockets", "picows", "ws", "socket.io", "bun", "colyseus", "nchan"]
PEERS: Final[tuple[PeerName, ...]] = get_args(PeerName)

_INSTALL_S: Final = 180.0
_ASK_S: Final = 10.0
_NCHAN: Final = "ngx_nchan_module.so"


class NotHere(SeatEngineError):
    """A side that this machine has not got, and why."""

    code = "not-here"


def seatengine() -> Side:
    """Ours."""
    return Side(
        "seatengine", [sys.executable, "-m", "benchmarks.fanout_site"], "seatengine", "/live"
    )


def floor(folder: Path) -> Side:
    """The C loop of send(). Raises NotHere."""
    program = compiled(SOURCES / "floor.c", folder)
    if program is None:
        raise NotHere("there is no C compiler")
    return Side("floor", [str(program), TEXT], "bare")


def drain(folder: Path) -> list[str]:
    """The command of the viewers' drain: in C, or else in Python."""
    program = compiled(SOURCES / "drain.c", folder)
    return [str(program)] if program else [sys.executable, "-m", "benchmarks.fanout_drain"]


def peer(name: PeerName, files: int) -> Side:
    """One of PEERS, which may open so many files. Raises NotHere."""
    return _MAKERS[name](files)


def _websockets(_files: int) -> Side:
    return _python("websockets")


def _picows(_files: int) -> Side:
    return _python("picows")


def _python(package: str) -> Side:
    if importlib.util.find_spec(package) is None:
        raise NotHere(f"the package {package} is not installed: pip install -e '.[dev]' brings it")
    module = f"benchmarks.peers_fanout.{package}_server"
    return Side(package, [sys.executable, "-m", module, TEXT])


def _ws(_files: int) -> Side:
    return Side("ws", _node("ws_server.mjs"))


def _socketio(_files: int) -> Side:
    path = "/socket.io/?EIO=4&transport=websocket"
    return Side("socket.io", _node("socketio_server.mjs"), "socket.io", path)


def _colyseus(_files: int) -> Side:
    desk = "/matchmake/joinOrCreate/event"
    return Side("colyseus", _node("colyseus_server.mjs"), "colyseus", desk)


def _node(source: str) -> list[str]:
    node = _program("node")
    _install()
    return [node, "--expose-gc", str(SOURCES / source), TEXT]


def _bun(_files: int) -> Side:
    _install()
    bun = SOURCES / "node_modules" / ".bin" / "bun"
    if not bun.exists():
        raise NotHere("npm brought no bun for this machine")
    return Side("bun", [str(bun), str(SOURCES / "bun_server.mjs"), TEXT])


def _nchan(files: int) -> Side:
    nginx = _program("nginx")
    about = subprocess.run(
        [nginx, "-V"], capture_output=True, text=True, timeout=_ASK_S, check=False
    ).stderr
    found = re.search(r"--modules-path=(\S+)", about)
    module = Path(found.group(1) if found else "") / _NCHAN
    if not module.is_file():
        raise NotHere("nginx has no nchan module; Debian's is in libnginx-mod-nchan")
    server = "benchmarks.peers_fanout.nchan_server"
    command = [sys.executable, "-m", server, TEXT, str(module), str(files)]
    return Side("nchan", command, "websocket", "/event")


_MAKERS: Final[dict[PeerName, Callable[[int], Side]]] = {
    "websockets": _websockets,
    "picows": _picows,
    "ws": _ws,
    "socket.io": _socketio,
    "bun": _bun,
    "colyseus": _colyseus,
    "nchan": _nchan,
}


def _search_path() -> str:
    """$PATH, and before it the folder of this Python: a Node of our own lands there."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _program(name: str) -> str:
    found = shutil.which(name, path=_search_path())
    if found is None:
        raise NotHere(f"{name} is not installed")
    return found


def _install() -> None:
    """Have the npm packages of the lockfile beside the sources. Raises NotHere."""
    lock = SOURCES / "package-lock.json"
    installed = SOURCES / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = _program("npm")
    say(f"Installing the npm peers into {installed.parent} (at most {_INSTALL_S:g} s)")
    try:
        done = subprocess.run(
            [npm, "--prefix", str(SOURCES), "--no-update-notifier", "ci"],
            capture_output=True,
            text=True,
            timeout=_INSTALL_S,
            check=False,
            env=os.environ | {"PATH": _search_path()},
        )
    except subprocess.TimeoutExpired:
        raise NotHere(f"npm ci took longer than {_INSTALL_S:g} s") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "error" in line]
        raise NotHere(f"npm ci failed: {' '.join(said[:3])}")
    installed.touch()
