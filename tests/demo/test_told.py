"""A record is what was told, whole and in order, whoever was killed while writing it."""

from __future__ import annotations

from pathlib import Path

from gateway.demo.told import Record, Told, read_record

HELD = Told("held", "ev", "v_a", "r1", hold=7, places=[1, 2, 300], ms=1.5)
BOOKED = Told("booked", "ev", "v_a", "r2", hold=7, booking="BK", places=[1, 2, 300], total=900)


def test_what_is_added_is_read_in_order_over_several_runs(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "told"
    for fact in (HELD, BOOKED):
        record = Record(path)
        record.add(fact)
        record.close()
    assert list(read_record(path)) == [HELD, BOOKED]


def test_no_record_is_an_empty_one(tmp_path: Path) -> None:
    assert list(read_record(tmp_path / "told")) == []


def test_a_telling_that_was_cut_off_is_left_out_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "told"
    record = Record(path)
    record.add(HELD)
    record.add(BOOKED)
    record.close()
    whole = path.read_bytes()
    for cut in range(1, len(whole) // 2):
        path.write_bytes(whole[:-cut])
        assert list(read_record(path)) == [HELD]
    record = Record(path)
    record.add(BOOKED)
    record.close()
    assert path.read_bytes() == whole
