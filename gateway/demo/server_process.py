"""The demo's server in a process of its own, which ends with the process that started it.

`python -m gateway.demo.server_process` reads Settings as a line of JSON, writes the address as a
line when it serves, and stops when its standard input ends.
"""

from __future__ import annotations

import asyncio
import logging
import sys

import msgspec
import uvloop

from gateway.app import serve
from seatengine.errors import SeatEngineError
from seatengine.shell.settings import Settings


async def _main() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    settings = msgspec.json.decode(await reader.readline(), type=Settings)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    serving = asyncio.create_task(serve(settings, ready=_say))
    gone = asyncio.create_task(reader.read())
    await asyncio.wait([serving, gone], return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        serving.cancel()
    gone.cancel()
    await asyncio.gather(serving, gone, return_exceptions=True)
    if not serving.cancelled() and (error := serving.exception()):
        raise error


def _say(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        uvloop.run(_main())
    except SeatEngineError as trouble:
        sys.exit(str(trouble))
