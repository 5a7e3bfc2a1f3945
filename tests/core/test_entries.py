"""Entries are for ever: their bytes must stay readable (S4), and frames must be plain arrays."""

from __future__ import annotations

import msgspec
import pytest

from seatengine.core import entries
from seatengine.core.entries import Entry, decode_entry, decode_frame, encode_entry, frame
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import BookingId, ChartHash, CommandId, HolderId, HoldId

C, H, B = CommandId("c"), HolderId("v"), BookingId("b")
EXAMPLES: dict[int, Entry] = {
    1: entries.ChartBound(7, C, ChartHash("h"), SalePolicy(), Tariff("EUR", (5, 6))),
    2: entries.SaleConfigured(7, C, SalePolicy(on_sale=False), None),
    3: entries.SeatsHeld(7, C, H, [1, 300], 99, 0, 2),
    4: entries.HoldChanged(7, C, H, HoldId(3), [1], [2], 0),
    5: entries.HoldExtended(7, C, H, HoldId(3), 99),
    6: entries.HoldReleased(7, C, H, HoldId(3)),
    7: entries.HoldExpired(7, H, HoldId(3)),
    8: entries.SeatsBooked(7, C, H, HoldId(3), B, [1], 0),
    9: entries.BookingCancelled(7, C, B, [1]),
    10: entries.BookingMoved(7, C, B, [1], [2]),
    11: entries.SeatsBlocked(7, C, [1], "why"),
    12: entries.SeatsUnblocked(7, C, [1]),
}
WRITTEN = {
    3: "980307a163a17692 01cd012c 63 00 02",
    4: "980407a163a176 03 9101 9102 00",
    5: "960507a163a176 03 63",
    6: "950607a163a176 03",
    7: "940707a176 03",
    8: "980807a163a176 03 a162 9101 00",
    9: "950907a163a162 9101",
    10: "960a07a163a162 9101 9102",
    11: "950b07a163 9101 a3776879",
    12: "940c07a163 9101",
}
"""The bytes that journals already hold."""


@pytest.mark.parametrize("tag", EXAMPLES)
def test_s4_an_entry_survives_its_bytes(tag: int) -> None:
    entry = EXAMPLES[tag]
    assert decode_entry(encode_entry(entry)) == entry
    assert msgspec.msgpack.decode(encode_entry(entry))[0] == tag


@pytest.mark.parametrize("tag", WRITTEN)
def test_s4_journals_written_before_can_be_read(tag: int) -> None:
    written = bytes.fromhex(WRITTEN[tag])
    assert decode_entry(written) == EXAMPLES[tag]
    assert encode_entry(EXAMPLES[tag]) == written


def test_s4_an_entry_without_the_fields_that_came_later_takes_their_defaults() -> None:
    short = msgspec.msgpack.encode([3, 7, "c", "v", [1], 99, 0])
    assert decode_entry(short) == entries.SeatsHeld(7, C, H, [1], 99, 0)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 255, 65_535, 65_536])
def test_a_frame_is_an_array_of_its_entries(count: int) -> None:
    encoded = [encode_entry(EXAMPLES[7])] * count
    assert decode_frame(frame(encoded)) == [EXAMPLES[7]] * count


def test_what_is_not_an_entry_is_refused() -> None:
    for wrong in (b"", b"\x00", msgspec.msgpack.encode([99, 1]), encode_entry(EXAMPLES[3])[:-1]):
        with pytest.raises(msgspec.DecodeError):
            decode_entry(wrong)
