from __future__ import annotations

import csv

import pytest

from gateway.http.csv_answer import csv_response, csv_text


def test_lines_can_be_read_back() -> None:
    rows = [["Stalls, left", 3], ['He said "B-12"', -4], ["two\nlines", 0], ["Zoë", 1]]
    text = csv_text(["name", "count"], rows)
    read = list(csv.reader(text.splitlines(keepends=True)))
    assert read == [["name", "count"], *([a, str(b)] for a, b in rows)]
    assert text.startswith("name,count\r\n")


@pytest.mark.parametrize("text", ["=1+1", "@cmd", "-2", "+3", "\tx", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert csv_text(["a"], [[text]]).split("\r\n", 1)[1].lstrip('"').startswith(f"'{text[0]}")


def test_it_is_a_file_to_download() -> None:
    answer = csv_response(["a"], [], "ev_1-status.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="ev_1-status.csv"'
    assert answer.headers["cache-control"] == "no-store"
