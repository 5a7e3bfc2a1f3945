"""A load's outcome as one HTML page that needs nothing else: figures, plots, and what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Final

import msgspec

from gateway.load.gauges import Gauge
from gateway.load.plan import Second
from gateway.load.plots import Series, line_plot
from gateway.load.run import Moment, Outcome
from seatengine.core.outputs import Code

_STYLE: Final = """
:root{color-scheme:light dark;--ground:#f7f7f8;--card:#fff;--ink:#18191c;--soft:#5c6370;
--line:#e3e5ea;--span:#eef1f8;--good:#0b6b3a;--bad:#b3261e;
--c0:#1f5fd0;--c1:#c2560c;--c2:#0a7d74;--c3:#7a4fb5}
@media(prefers-color-scheme:dark){:root{--ground:#121316;--card:#1b1d21;--ink:#eceef2;
--soft:#a2a9b6;--line:#2e3138;--span:#20242e;--good:#5ad08f;--bad:#ff8a80;
--c0:#7fb0ff;--c1:#ffab66;--c2:#5fd6c9;--c3:#c3a5f2}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1240px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:17px;margin:40px 0 12px}
p{margin:0 0 8px;max-width:76ch}.soft,small{color:var(--soft)}
.verdict{margin:20px 0;padding:12px 16px;border-left:4px solid var(--good);background:var(--card)}
.verdict.bad{border-color:var(--bad)}.verdict.bad b{color:var(--bad)}.verdict b{color:var(--good)}
.figures{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;
background:var(--line);border:1px solid var(--line);border-radius:8px;overflow:hidden}
.figures div{background:var(--card);padding:12px 16px}
@media(max-width:760px){.figures{grid-template-columns:repeat(2,1fr)}}
.figures dt{color:var(--soft);font-size:13px}.figures dd{margin:0;font-size:22px;line-height:1.3}
.figures dd small{font-size:13px;margin-left:3px}.figures p{font-size:13px;margin:0}
dl{margin:0}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:16px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;
padding:14px 12px 6px}
figcaption{display:flex;flex-wrap:wrap;gap:4px 16px;justify-content:space-between;
padding:0 4px 6px}
figcaption small{font-weight:400;margin-left:6px}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:13px;color:var(--soft)}
.legend i{display:inline-block;width:14px;height:3px;border-radius:2px;margin-right:6px;
vertical-align:middle}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font-size:12px}.y{text-anchor:end}.x{text-anchor:middle}
.grid{stroke:var(--line);fill:none}.span{fill:var(--span)}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.line.c0{stroke:var(--c0)}.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}
.line.c3{stroke:var(--c3)}i.c0{background:var(--c0)}i.c1{background:var(--c1)}
i.c2{background:var(--c2)}i.c3{background:var(--c3)}
.scroll{overflow:auto;max-height:420px;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;background:var(--card);font-size:13px}
th,td{padding:5px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{position:sticky;top:0;background:var(--card);color:var(--soft);font-weight:500}
th:first-child,td:first-child{text-align:left}
summary{cursor:pointer;margin:32px 0 12px;font-weight:600;font-size:17px}
@media print{body{background:none}details{display:none}figure{break-inside:avoid}}
"""


def write_report(outcome: Outcome, path: Path) -> None:
    """Write the page to `path`, whose folder is made where it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(outcome, datetime.now(UTC)), encoding="utf-8")


def page(outcome: Outcome, at: datetime) -> str:
    """The page, as of `at`."""
    order = outcome.order
    title = f"{order.scenario.name}: {outcome.result.viewers:,} viewers"
    where = outcome.address if order.url else f"a server of its own, {order.seats:,} seats"
    asked = f"{order.holds_per_s * order.scenario.hold_share:,.0f} holds a second"
    early = " (stopped early)" if outcome.stopped_early else ""
    return "".join(
        (
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>Load {escape(title)}</title><style>{_STYLE}</style><main>",
            f"<h1>{escape(title)}</h1>",
            f'<p>{escape(order.scenario.says)}</p><p class="soft">{asked} for '
            f"{outcome.result.seconds:g} s{early} on {escape(where)}, event "
            f"{escape(outcome.event)}, seed {order.seed} · {at:%Y-%m-%d %H:%M} UTC</p>",
            _verdict(outcome),
            _figures(outcome),
            '<h2>Over time</h2><p class="soft">Shaded: the storm. Before it viewers connect; after '
            "it they settle, are compared with the engine, and give back what they hold.</p>"
            f'<div class="plots">{_plots(outcome)}</div>',
            _troubles(outcome),
            _table(outcome),
            '<h2>How it was measured</h2><p class="soft">Holds are an open loop: each has a moment '
            "when it is due, whatever became of those before, and its latency runs from there. "
            "Seen runs from the acknowledgement of a hold, in the process of its holder, to the "
            "change at sampled viewers whose tiles have the seat, in the same process and by the "
            "same clock; far out, whose zone has it. Where the load's own lag is high, latencies "
            "are its own as well.</p></main></html>",
        )
    )


def _verdict(outcome: Outcome) -> str:
    told, verdict = outcome.result, outcome.verdict
    seats = f"{told.compared:,} viewers compared with the engine, {told.diverged:,} of them differ."
    if verdict is None:
        audit = "Nothing was audited: that needs the server's database."
    else:
        audit = (
            f"{verdict.double_sold:,} places sold twice, {verdict.lost:,} things told and lost, "
            "by the journal and the tables."
        )
    bad = told.diverged or (verdict is not None and (verdict.lost or verdict.double_sold))
    said = "This does not add up." if bad else "Everything adds up."
    findings = (*told.findings, *(verdict.findings if verdict else ()))
    listed = "".join(f"<li>{escape(finding)}</li>" for finding in findings)
    return (
        f'<div class="verdict{" bad" if bad else ""}"><b>{said}</b> {seats} {audit}'
        f"{f'<ul>{listed}</ul>' if listed else ''}</div>"
    )


def _figures(outcome: Outcome) -> str:
    told = outcome.result
    ratio = told.told_bytes / told.ideal_bytes if told.ideal_bytes else None
    figures = (
        (
            "Holds made",
            f"{told.storm_holds / told.seconds:,.0f}",
            "/s",
            f"{told.refused:,} refused",
        ),
        ("Hold", f"{told.hold_p99_ms:,.0f}", "ms p99", f"p50 {told.hold_p50_ms:,.1f} ms"),
        ("Seen near by", f"{told.seen_p99_ms:,.0f}", "ms p99", f"p50 {told.seen_p50_ms:,.1f} ms"),
        (
            "Seen far out",
            f"{told.seen_far_p99_ms:,.0f}",
            "ms p99",
            f"p50 {told.seen_far_p50_ms:,.0f} ms",
        ),
        (
            "Told",
            f"{told.bytes / told.viewers / told.seconds:,.0f}",
            "B/s a viewer",
            f"near {told.near_bytes_per_viewer_s:,.0f}, far {told.far_bytes_per_viewer_s:,.0f}",
        ),
        (
            "Bytes to ideal",
            f"{ratio:.2f}" if ratio else "–",
            "×" if ratio else "",
            "seats near by, of a sample",
        ),
        (
            "Server",
            f"{outcome.server_cpu:.2f}" if outcome.server_cpu is not None else "–",
            "CPU",
            f"{outcome.rss_mb:,.0f} MB" if outcome.rss_mb is not None else "memory not told",
        ),
        (
            "This load",
            f"{told.driver_cpu:.2f}",
            "CPU",
            f"lag p99 {told.driver_lag_p99_ms:,.0f} ms, {told.driver_rss_mb:,.0f} MB",
        ),
    )
    cells = "".join(
        f'<div><dt>{name}</dt><dd>{value}<small>{unit}</small></dd><p class="soft">{note}</p></div>'
        for name, value, unit, note in figures
    )
    return f'<dl class="figures">{cells}</dl>'


def _plots(outcome: Outcome) -> str:
    moments = outcome.moments
    storm = [m.load.at_s for m in moments if m.load.phase == "storm"]
    marked = (storm[0] - 1, storm[-1]) if storm else None

    def load(name: str, of: Callable[[Second], float | None]) -> Series:
        return Series(name, [(m.load.at_s, of(m.load)) for m in moments])

    def server(name: str, of: Callable[[Gauge], float | None]) -> Series:
        return Series(name, [(m.load.at_s, of(m.server)) for m in moments])

    plots = (
        ("Hold", "ms", [
            load("p99", lambda s: s.hold_p99_ms or None),
            load("p50", lambda s: s.hold_p50_ms or None),
        ]),
        ("Seen near by", "ms after the acknowledgement", [
            load("p99", lambda s: s.seen_p99_ms or None),
            load("p50", lambda s: s.seen_p50_ms or None),
        ]),
        ("Seen far out", "ms after the acknowledgement", [
            load("p99", lambda s: s.seen_far_p99_ms or None),
            load("p50", lambda s: s.seen_far_p50_ms or None),
        ]),
        ("Holds", "a second", [
            load("made", lambda s: s.holds / s.took_s),
            load("refused", lambda s: s.refused / s.took_s),
            load("released", lambda s: s.ended / s.took_s),
            load("booked", lambda s: s.booked / s.took_s),
        ]),
        ("Frames", "a second, to all viewers", [load("frames", lambda s: s.frames / s.took_s)]),
        ("Bytes", "MB a second, to all viewers", [load("MB", lambda s: s.bytes / 1e6 / s.took_s)]),
        ("Processors", "in use", [
            server("server", lambda g: g.cpu),
            load("this load", lambda s: s.cpu),
        ]),
        ("Loop lag", "ms", [
            server("server p99", lambda g: g.loop_lag_p99_ms),
            load("this load, worst", lambda s: s.lag_ms),
        ]),
        ("Commits", "ms", [
            server("p99", lambda g: g.commit_p99_ms),
            server("oldest not yet durable", lambda g: g.journal_lag_ms),
        ]),
        ("Memory of the server", "MB", [server("resident", lambda g: g.rss_mb)]),
        ("Viewers", "", [
            load("connected", lambda s: s.connected),
            load("connections lost", lambda s: s.lost_connections / s.took_s),
        ]),
    )  # fmt: skip
    return "".join(line_plot(title, unit, series, marked) for title, unit, series in plots)


def _troubles(outcome: Outcome) -> str:
    told = outcome.result
    rows: list[tuple[str, int]] = []
    for code, count in told.refused_by_code.items():
        known = code in Code._value2member_map_
        rows.append((f"refused: {Code(code).name.lower() if known else code}", count))
    rows += [(f"connection closed with {code}", n) for code, n in told.closed_by_code.items()]
    rows += list(told.errors.items())
    if told.skipped:
        rows.append(("holds skipped: nobody or no free place to make them with", told.skipped))
    if told.unanswered:
        rows.append(("commands that never got an answer", told.unanswered))
    if told.comebacks:
        rows.append((f"comebacks, p99 {told.comeback_p99_ms:,.0f} ms", told.comebacks))
    if not rows:
        return ""
    body = "".join(f"<tr><td>{escape(what)}<td>{count:,}" for what, count in rows)
    return (
        '<h2>Refusals, errors, breaks</h2><div class="scroll"><table><tr><th>what<th>how often'
        f"{body}</table></div>"
    )


def _table(outcome: Outcome) -> str:
    if not outcome.moments:
        return ""
    load_names = Second.__struct_fields__
    gauge_names = Gauge.__struct_fields__
    head = "".join(
        f"<th>{escape(name)}" for name in (*load_names, *(f"server {n}" for n in gauge_names))
    )
    body = "".join(_row(moment) for moment in outcome.moments)
    return (
        "<details><summary>Every second</summary>"
        f'<div class="scroll"><table><tr>{head}{body}</table></div></details>'
    )


def _row(moment: Moment) -> str:
    values: Iterable[object] = (
        *msgspec.structs.astuple(moment.load),
        *msgspec.structs.astuple(moment.server),
    )
    return "<tr>" + "".join(f"<td>{_cell(value)}" for value in values)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
