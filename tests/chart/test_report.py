"""Findings are counted by code and keep their first place."""

from __future__ import annotations

from seatengine.chart.importers.report import Finding, Report


def test_the_same_code_is_counted_and_keeps_its_first_place() -> None:
    report = Report()
    report.add("image", "images", "$.a", 2)
    report.add("text", "texts", "$.b")
    report.add("image", "images", "$.c")
    assert report.findings() == (
        Finding("image", "images", "$.a", 3),
        Finding("text", "texts", "$.b", 1),
    )


def test_nothing_is_not_reported() -> None:
    report = Report()
    report.add("image", "images", "$.a", 0)
    assert report.findings() == ()
