"""What the benchmark tells a server, as lines on its standard input: "broadcast" sends the text to
every viewer, "settle" gives memory back that is not needed. The server ends with its input."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import sys
from collections.abc import Callable


async def obey(
    port: int,
    broadcast: Callable[[], object],
    pid: int = 0,
    greeting: dict[str, object] | None = None,
) -> None:
    """Say where the server is and how viewers greet it; do what is told until the input ends."""
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    about = {"port": port, "pid": pid or os.getpid(), "greeting": greeting}
    print(json.dumps(about), flush=True)
    while order := await orders.readline():
        if order == b"broadcast\n":
            broadcast()
        else:
            _give_memory_back()


def _give_memory_back() -> None:
    """What is free goes back to the system, or the next viewers would seem to cost nothing."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
