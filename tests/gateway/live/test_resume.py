"""E: who comes back is told what it missed, not everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gateway.live import wire
from gateway.live.chart_view import chart_view
from gateway.live.sight import Sight, TileIndex
from seatengine.chart.seat_table import build
from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import Site, chart_file, fresh_database, put_on_sale, serving
from tests.gateway.live.raw_viewer import Viewer, new_token
from tests.venues import hall_chart

_CHART = hall_chart(40, 250)
_TABLE = build(_CHART)
_TILES = TileIndex(chart_view(_CHART, _TABLE))


@pytest.fixture(scope="module")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    url = fresh_database(postgres_server, "resume_tests")
    with serving(url, tmp_path_factory.mktemp("resume")) as running:
        yield running


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_who_comes_back_hears_of_what_it_missed_alone(site: Site, address: str) -> None:
    """From the same address or another one: what counts is the token and what was seen."""
    organizer = site.organizer()
    answer = organizer.post("/api/v1/charts", content=chart_file(_CHART))
    event = put_on_sale(
        organizer,
        chart_id=answer.json()["chart"]["id"],
        policy={"max_per_holder": 1_000, "max_per_hold": 200},
    )
    token = new_token(site)
    with ExitStack() as sockets:

        def viewer(sight: Sight, token: str, address: str = "127.0.0.1") -> Viewer:
            new = Viewer(site, sight, sight.hello(token, event), address)
            sockets.callback(new.socket.close)
            return new

        def fresh_sight() -> Sight:
            return Sight(_TILES, _TABLE.size)

        buyer = viewer(fresh_sight(), new_token(site))
        buyer.say(wire.Hold("before", list(range(0, 10_000, 50))))
        buyer.read_until(lambda: buyer.sight.statuses[9_950] == 1)
        first = viewer(fresh_sight(), token)
        first.socket.close()
        buyer.say(wire.Hold("missed", [1, 5_001, 9_001]))
        buyer.read_until(lambda: buyer.sight.statuses[9_001] == 1)
        again = viewer(first.sight, token, address)
        assert again.sight.statuses.tobytes() == buyer.sight.statuses.tobytes()
        assert again.bytes_read * 5 < first.bytes_read
        # Who comes back from another event's time knows nothing of use.
        stranger = fresh_sight()
        stranger.epoch, stranger.seq, stranger.mask = 99, first.sight.seq, first.sight.mask
        lost = viewer(stranger, token, address)
        assert lost.sight.statuses.tobytes() == buyer.sight.statuses.tobytes()
