"""N: a Look is served by the tiles in view, or by zones where those are too many or too small."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.live import watching, wire
from gateway.live.tile_forms import tile_runs
from gateway.live.watching import Watch, is_sound
from seatengine.chart.tiles import tiles_of
from tests.gateway.live.onlookers import (
    EVERYWHERE,
    FAR_OUT,
    hear,
    house,
    house_chart,
    messages,
    sight_of,
    wrong,
)
from tests.gateway.live.test_fanout import Sale

STALLS = wire.Look(-20, 10, 420, 50, 2.0)
UPPER = wire.Look(-20, 390, 420, 410, 2.0)
NOWHERE = wire.Look(9_000, 9_000, 9_100, 9_100, 2.0)


def hello(epoch: int = 0, seq: int = 0, tiles: bytes = b"", zones_seq: int = 0) -> wire.Hello:
    return wire.Hello(wire.PROTOCOL_VERSION, "t", "e", epoch, seq, tiles, zones_seq)


def begun(sale: Sale, look: wire.Look | None) -> Watch:
    watch = Watch()
    watch.look = look
    watch.begin(sale.live, hello())
    return watch


@pytest.mark.parametrize(
    ("look", "tiles", "zones"),
    [
        (None, False, True),
        (FAR_OUT, False, True),
        (wire.Look(-20, 0, 420, 60, 0.24), False, True),
        (wire.Look(-20, 0, 420, 60, 0.26), True, True),
        (wire.Look(-20, 0, 420, 60, 0.89), True, True),
        (wire.Look(-20, 0, 420, 60, 0.91), True, False),
        (EVERYWHERE, True, False),
        (NOWHERE, False, False),
        (wire.Look(0, 0, 0, 0, 0.0), False, True),
        (wire.Look(0, 0, 0, 0, 0.0, "", [1]), True, True),
        (wire.Look(5, 5, 5, 9, 9.0, "", [0, 1, 2, 3]), True, True),
        (wire.Look(0, 0, 0, 0, 0.0, "", [99, -4]), False, True),
        (wire.Look(-20, 0, 420, 60, -3.0), False, True),
    ],
)
def test_what_is_told_at_which_zoom(look: wire.Look | None, tiles: bool, zones: bool) -> None:
    """Seats are ten units apart: 2.5 and 9 pixels are zooms of 0.25 and 0.9."""
    watch = begun(Sale(house()), look)
    assert (watch.mask != 0, watch.zones) == (tiles, zones)


def test_more_places_than_one_may_watch_are_told_as_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    sale = Sale(house())
    assert begun(sale, EVERYWHERE).mask == sale.live.tiles.all_mask  # type: ignore[union-attr]
    monkeypatch.setattr(watching, "MAX_PLACES_IN_VIEW", 200)
    assert begun(sale, EVERYWHERE).mask == 0
    assert begun(sale, EVERYWHERE).zones
    assert begun(sale, UPPER).mask != 0
    assert begun(sale, wire.Look(0, 0, 0, 0, 0.0, "", [0, 1, 2])).mask == 0


def test_the_list_view_tells_the_tiles_of_its_sections() -> None:
    sale = Sale(house())
    watch = begun(sale, wire.Look(0, 0, 0, 0, 0.0, "", [1]))
    assert sale.live.tiles is not None
    assert {int(sale.live.tiles.zone[tile]) for tile in tiles_of(watch.mask)} == {1}


def test_a_turn_says_what_is_new_and_nothing_else() -> None:
    sale = Sale(house())
    watch = begun(sale, STALLS)
    first = watch.mask
    told = messages(watch.turn(sale.live, wire.Look(-21, 9, 421, 51, 2.0)))
    assert told == []
    told = messages(watch.turn(sale.live, wire.Look(-20, 10, 620, 240, 2.0)))
    assert [type(message) for message in told] == [wire.Watching, wire.Tiles]
    assert watch.mask & first == first
    told = messages(watch.turn(sale.live, STALLS))
    assert [type(message) for message in told] == [wire.Watching]
    told = messages(watch.turn(sale.live, FAR_OUT))
    assert [type(message) for message in told] == [wire.Watching, wire.Zones]
    told = messages(watch.turn(sale.live, STALLS))
    assert [type(message) for message in told] == [wire.Watching, wire.Tiles, wire.Totals]


def test_after_the_end_nothing_is_watched_until_the_next_beginning() -> None:
    sale = Sale(house())
    watch = begun(sale, STALLS)
    before = watch.mask
    watch.end()
    assert (watch.mask, watch.zones) == (0, False)
    watch.begin(sale.live, hello())
    assert watch.mask == before


def test_e7_a_hello_is_believed_as_far_as_it_makes_sense() -> None:
    """(E7) Known tiles of another epoch, or such as there are not, are no tiles."""
    sale = Sale(house())
    live = sale.live
    sight = sight_of(house_chart(), house())
    watch = Watch()
    watch.look = EVERYWHERE
    hear(sight, watch.begin(live, hello()))
    known = tile_runs(sight.known)
    sale.hold(3)
    live.tick()
    seq = sight.seq
    short = watch.begin(live, hello(live.epoch, seq, known))
    whole = watch.begin(live, hello())
    assert len(short) < len(whole)
    for doubtful in (
        hello(live.epoch + 1, seq, known),
        hello(live.epoch, seq, b"\xff"),
        hello(live.epoch, seq, tile_runs(1 << 999)),
        hello(live.epoch, live.told_seq + 1, known),
        hello(live.epoch, 0, known),
        hello(live.epoch, -5, known),
    ):
        assert watch.begin(live, doubtful) == whole
    hear(sight, short)
    assert wrong(sight, house(), live.statuses) == []


@pytest.mark.parametrize("look", [EVERYWHERE, FAR_OUT, UPPER, NOWHERE])
def test_n3_afresh_tells_all_of_it(look: wire.Look) -> None:
    """(N3)"""
    sale = Sale(house())
    watch = begun(sale, look)
    sale.hold(200, 201)
    sale.hold(3)
    sale.live.tick()
    sale.live.zones_tick()
    sight = sight_of(house_chart(), house())
    hear(sight, watch.afresh(sale.live))
    assert wrong(sight, house(), sale.live.statuses) == []
    assert sight.known == sight.mask == watch.mask


numbers = st.floats(allow_nan=True, allow_infinity=True)
looks = st.builds(
    wire.Look,
    numbers,
    numbers,
    numbers,
    numbers,
    numbers,
    st.sampled_from(("", "g", "u", "cellar")),
    st.lists(st.integers(-(2**63), 2**64 - 1), max_size=5),
)


@settings(max_examples=200, deadline=None)
@given(looks, looks)
def test_f2_any_look_that_is_sound_is_served(first: wire.Look, second: wire.Look) -> None:
    """(F2) However large its numbers are."""
    sale = Sale(house())
    watch = Watch()
    sight = sight_of(house_chart(), house())
    hear(sight, watch.begin(sale.live, hello()))
    for look in (first, second):
        said = wire.decode_client_message(wire.encode_message(look))
        assert isinstance(said, wire.Look)
        if is_sound(said):
            hear(sight, watch.turn(sale.live, said))
        assert wrong(sight, house(), sale.live.statuses) == []
