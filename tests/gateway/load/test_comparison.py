"""What is left of zones, counted twice: here place by place, by the server in its own way."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.live import wire
from gateway.live.chart_view import chart_view
from gateway.live.tile_forms import counted_entry, tile_runs, whole_entry
from gateway.live.zone_watch import ZoneWatch
from gateway.load.comparison import Comparer, EventState, PlacesByStatus, statuses_of, zones_of
from gateway.load.ground import Ground
from gateway.load.told_zones import ZonesTold
from gateway.load.viewer import Viewer
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build
from seatengine.chart.tiles import TileMap

CHARTS = {kind: generate(kind, 800) for kind in ("theatre", "arena", "stadium")}


@pytest.mark.parametrize("kind", CHARTS)
@pytest.mark.parametrize("taken", [0.0, 0.3, 0.9, 1.0])
def test_zones_come_to_the_same_as_the_servers(kind: str, taken: float) -> None:
    table = build(CHARTS[kind])
    ground = Ground(chart_view(CHARTS[kind], table))
    random = np.random.default_rng(7)
    statuses = np.where(random.random(table.size) < taken, 1, 0).astype(np.uint8)
    told = ZonesTold(ground.tiles.index).after(
        ZoneWatch(table, TileMap(table)).tick(1, statuses == 0)
    )
    assert told.zones == zones_of(statuses, ground)


class Told:
    """The least that a viewer's house must be."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def nothing_known(self) -> ZonesTold:
        return ZonesTold(self.ground.tiles.index)


def test_a_viewer_that_knows_otherwise_is_found() -> None:
    chart = CHARTS["theatre"]
    ground = Ground(chart_view(chart, build(chart)))
    state = EventState(9, PlacesByStatus([], [0, 1], [2], []))
    state.places.free = [p for p in range(ground.size) if p > 2]
    statuses = statuses_of(state, ground.size)
    free = ground.category[statuses == 0]
    totals = np.bincount(free, minlength=ground.categories).tolist()

    def viewer(known: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Viewer:
        made = Viewer(Told(ground), 1, "token", None)  # type: ignore[arg-type]
        made.totals = wire.encode_message(wire.Totals(9, totals))
        tile = ground.tiles.tile_of[0]
        made.log.watch(1 << tile)
        entry = (
            counted_entry(tile, int((known == 0).sum()))
            if ground.tiles.counted[tile]
            else whole_entry(tile, known[ground.tiles.places[tile]])
        )
        made.log.tell(wire.encode_message(wire.Tiles(9, entry)), ground.tiles)
        assert tile_runs(made.log.mask)
        return made

    behind = statuses.copy()
    behind[1] = 0
    comparer = Comparer(statuses, ground)
    comparer.compare([viewer(statuses), viewer(behind)])
    found = comparer.found
    assert (found.compared, found.diverged) == (2, 1)
    assert "knows 1 tiles wrongly" in found.findings[0]
    wrong_totals = viewer(statuses)
    wrong_totals.totals = wire.encode_message(wire.Totals(9, [0] * len(totals)))
    comparer.compare([wrong_totals])
    assert (found.compared, found.diverged) == (3, 2)
