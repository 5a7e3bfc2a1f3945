"""The real server as its users start it, on a store of its own, and an organizer's hand on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gateway.client.api import ApiClient
from seatengine.chart.chart import Chart
from seatengine.chart.exporters import write_chart

_COMMAND = Path(sys.executable).with_name("seatengine")
_STOP_S = 15


class _Created(msgspec.Struct):
    id: str


class _Imported(msgspec.Struct):
    chart: _Created


class _Told(msgspec.Struct):
    viewer: str
    token: str


class _Held(msgspec.Struct):
    hold: int


class Site:
    """`seatengine serve` with an embedded Postgres under `folder`, at `address` once started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self._organizer: ApiClient | None = None
        self._charts: dict[str, str] = {}

    def start(self) -> None:
        """Serve, on the same port as before where it served before."""
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                [_COMMAND, "serve", "--port", str(self._port), "--data-dir", self.folder / "data"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("Serving "):
            raise AssertionError((self.folder / "server.log").read_text())
        self.address = line.removeprefix("Serving ").strip()
        self._port = int(self.address.rsplit(":", 1)[1])

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        self._process.wait(_STOP_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def organizer(self) -> ApiClient:
        """The API with an organizer's key, made with the command line as an operator would."""
        if self._organizer is None:
            made = subprocess.run(
                [_COMMAND, "key", "create", "--data-dir", self.folder / "data"],
                check=True,
                capture_output=True,
                text=True,
            )
            key = next(word for word in made.stdout.split() if word.startswith("sk_"))
            self._organizer = ApiClient(self.address, f"Bearer {key}")
        return self._organizer

    def put_on_sale(
        self,
        chart: Chart,
        *,
        name: str = "Opening night",
        on_sale: bool = True,
        **policy: int,
    ) -> str:
        """A new event of `chart` at its list prices; its id."""
        organizer = self.organizer()
        if chart.name not in self._charts:
            file, _ = write_chart(chart, "native")
            answer = organizer.exchange("POST", "/api/v1/charts", file)
            self._charts[chart.name] = msgspec.json.decode(answer, type=_Imported).chart.id
        event = {
            "name": name,
            "venue": "Lantern Hall",
            "starts_at": "2030-03-01T19:30:00+01:00",
            "chart_id": self._charts[chart.name],
            "policy": policy,
            "on_sale": on_sale,
        }
        return organizer.post("/api/v1/events", event, _Created).id

    def sell(self, event: str, places: Sequence[int]) -> None:
        """Book free places at once, as the box office does."""
        booking = {"from": "places", "places": list(places)}
        self.organizer().exchange(
            "POST", f"/api/v1/events/{event}/bookings", msgspec.json.encode(booking)
        )

    def hold_as_someone_else(self, event: str, places: Sequence[int]) -> None:
        viewer = ApiClient(self.address)
        token = viewer.post("/api/v1/viewers", {}, _Told).token
        viewer.close()
        someone = ApiClient(self.address, f"Viewer {token}")
        pick = {"pick": {"kind": "seats", "places": list(places)}}
        someone.post(f"/api/v1/events/{event}/holds", pick, _Held)
        someone.close()

    def close(self) -> None:
        if self._organizer is not None:
            self._organizer.close()
        self.stop()
