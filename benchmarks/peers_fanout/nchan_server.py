"""nchan: nginx, one process, where every viewer subscribes to one channel.

The text is published over HTTP, as an application beside nginx would.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import tempfile
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.peers_fanout.orders import obey

_UP_S: Final = 10.0
_TRIES: Final = 100

_CONFIG: Final = """
load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
worker_rlimit_nofile {files};
events {{ worker_connections {files}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
    keepalive_timeout 1h;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /event {{
            nchan_subscriber websocket;
            nchan_channel_id event;
            nchan_subscriber_first_message newest;
            nchan_message_buffer_length 1;
            nchan_websocket_ping_interval 0;
        }}
        location = /publish {{
            nchan_publisher;
            nchan_channel_id event;
            nchan_message_buffer_length 1;
        }}
    }}
}}
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(_TRIES):
        with contextlib.suppress(ConnectionError):
            return await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(_UP_S / _TRIES)
    raise SystemExit(f"nginx does not answer on port {port}")


async def _main(payload: bytes, module: str, files: str) -> None:
    with tempfile.TemporaryDirectory(prefix="nchan-") as folder:
        port = _free_port()
        config = Path(folder) / "nginx.conf"
        config.write_text(_CONFIG.format(folder=folder, port=port, module=module, files=files))
        nginx = await asyncio.create_subprocess_exec(
            "nginx", "-p", folder, "-c", str(config), stdout=sys.stderr, stderr=sys.stderr
        )
        try:
            answers, publisher = await _connected(port)
            request = (
                f"POST /publish HTTP/1.1\r\nHost: benchmark\r\nContent-Type: text/plain\r\n"
                f"Content-Length: {len(payload)}\r\n\r\n"
            ).encode() + payload
            draining = asyncio.create_task(_drain(answers))
            await obey(port, lambda: publisher.write(request), nginx.pid)
            draining.cancel()
            publisher.close()
        finally:
            nginx.terminate()
            await nginx.wait()


async def _drain(answers: asyncio.StreamReader) -> None:
    while await answers.read(1 << 16):
        pass


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1].encode(), sys.argv[2], sys.argv[3]))
