"""Transcripts: a text file tells what is asked of an event and what it says, for people to read.

    # A comment, up to the end of the line.
    venue pocket
    policy max_per_hold=4 hold_ttl_ms=60000
    tariff EUR 9000,5000,2500

    > anna HoldSeats places=A1,A2       a command; staff is whoever is called staff
    2 SeatsHeld anna A1 A2 until=+60.000 tariff=0
      held A1 A2
    @ +60.000                           time goes on by so many seconds, then a tick

Everything from the first `>` or `@` on is rewritten by `python -m tests.core.transcript`, which
runs the commands and writes down what comes out; read the difference before you commit it.
Ids are `c1`, `c2` ... in order; `id=c1` asks with an old one. Places are named by row and seat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from seatengine.chart.seat_table import GroupKind, SeatTable, build
from seatengine.core import commands, entries
from seatengine.core.outputs import Batch, BestStep, HoldView
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import STATUS_NAMES
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, EventId, HolderId
from tests import venues

DIRECTORY = Path(__file__).parent / "transcripts"
START_MS = 1_000_000
VENUES: dict[str, Callable[[], SeatTable]] = {
    "pocket": venues.pocket,
    "hall": lambda: build(venues.hall_chart(4, 8)),
    "row": lambda: build(venues.hall_chart(1, 6)),
}
_POLICY = SalePolicy(
    hold_ttl_ms=60_000, max_per_hold=4, max_per_holder=6, max_holds_per_holder=2, max_extensions=1
)


def played(text: str) -> str:
    """The transcript with its outputs as they are now."""
    lines = text.splitlines()
    told = _Teller()
    result: list[str] = []
    for line in lines:
        if line.startswith((">", "@")):
            result.append(line)
            result += told.play(line)
        elif not told.playing or line.startswith("#") or not line.strip():
            told.prepare(line)
            result.append(line)
    return "\n".join(result).rstrip() + "\n"


class _Teller:
    def __init__(self) -> None:
        self.playing = False
        self._table = venues.pocket()
        self._policy = _POLICY
        self._tariff = Tariff("EUR", (9_000, 5_000, 2_500))
        self._now_ms = START_MS
        self._asked = 0
        self._shard = Shard(EventId("gala"), {})

    def prepare(self, line: str) -> None:
        """A line of the head: what is put on sale."""
        word, _, rest = line.partition(" ")
        if word == "venue":
            self._table = VENUES[rest.strip()]()
            self._tariff = Tariff("EUR", tuple(9_000 - 4_000 * n for n in range(2)))
            if len(self._table.categories) == 3:
                self._tariff = Tariff("EUR", (9_000, 5_000, 2_500))
        elif word == "policy":
            self._policy = msgspec.structs.replace(self._policy, **_values(rest))
        elif word == "tariff":
            self._tariff = _tariff(rest)

    def play(self, line: str) -> Iterator[str]:
        if not self.playing:
            self.playing = True
            self._names = _place_names(self._table)
            self._places = {name: place for place, name in enumerate(self._names)}
            self._shard = Shard(EventId("gala"), {self._table.chart_hash: self._table})
            if "unbound" not in line:
                self._bind()
        text = line[1:].split("#")[0].strip()
        if line.startswith("@"):
            self._now_ms += round(float(text.removeprefix("+")) * 1_000)
            self._shard.tick(self._now_ms)
        else:
            self._shard.step(self._command(text), self._now_ms)
        batch = self._shard.take_ready()
        if batch is not None:
            yield from self._said(batch)

    def _bind(self) -> None:
        self._shard.step(
            commands.BindChart(
                id=CommandId("c0"),
                holder=HolderId("staff"),
                staff=True,
                chart_hash=self._table.chart_hash,
                policy=self._policy,
                tariff=self._tariff,
            ),
            self._now_ms,
        )
        self._shard.take_ready()

    def _command(self, text: str) -> commands.AnyCommand:
        who, kind, *fields = text.split()
        self._asked += 1
        values: dict[str, Any] = {"id": f"c{self._asked}", "holder": who, "staff": who == "staff"}
        made: type[Any] = getattr(commands, kind)
        for part in fields:
            name, _, value = part.partition("=")
            values[name] = self._value(name, value)
        command: commands.AnyCommand = msgspec.convert({"type": kind, **values}, made, strict=False)
        return command

    def _value(self, name: str, value: str) -> object:
        if name in ("places", "to"):
            return [self._places[p] if p in self._places else int(p) for p in _split(value)]
        if name in ("categories", "sections"):
            return [int(v) for v in _split(value)]
        if name == "group" and not value.lstrip("-").isdigit():
            return [g.label for g in self._table.groups].index(value)
        if name == "policy":
            changes = _values(value.replace(";", " "))
            return msgspec.structs.asdict(msgspec.structs.replace(self._policy, **changes))
        if name == "tariff":
            return msgspec.structs.asdict(_tariff(value.replace(":", " ")))
        if name == "id" and value == "none":
            return ""
        if name == "chart_hash":
            return self._table.chart_hash if value == "venue" else value
        return value

    def _said(self, batch: Batch) -> Iterator[str]:
        for seq, entry in enumerate(batch.entries, batch.after_seq + 1):
            yield f"{seq} {self._entry(entry)}"
            if seq in batch.views:
                yield f"  now {self._view(batch.views[seq])}"
        for repeat in batch.repeats:
            yield f"repeat of {repeat.seq} {self._entry(repeat.entry)}"
            yield f"  now {self._view(repeat.view)}" if repeat.view else "  no hold of it lives"
        for refusal in batch.refusals:
            detail = f" ({refusal.detail})" if refusal.detail else ""
            yield f"refused {refusal.code.name}{self._list(refusal.places)}{detail}"
        for answer in batch.answers:
            yield f"holds: {len(answer.holds)}" if answer.booking is None else "booking:"
            for view in answer.holds:
                yield f"  {self._view(view)}"
            if answer.booking is not None:
                booking = answer.booking
                yield (
                    f"  {booking.booking} {booking.holder}{self._list(booking.places)} "
                    f"tariff={booking.tariff}"
                )
        for status in range(len(STATUS_NAMES)):
            changed = [p for p, s in zip(batch.places, batch.statuses, strict=True) if s == status]
            if changed:
                yield f"  {STATUS_NAMES[status]}{self._list(sorted(changed))}"

    def _entry(self, entry: entries.Entry) -> str:
        words = [type(entry).__name__]
        for name in entry.__struct_fields__:
            value = getattr(entry, name)
            match name:
                case "at_ms" | "id":
                    continue
                case "holder":
                    words.append(value)
                case "places":
                    words += [self._names[p] for p in value]
                case "added" | "dropped" | "to":
                    words += [name, *(self._names[p] for p in value)] if value else []
                case "expires_at_ms":
                    words.append(f"until={self._after(value)}")
                case "step":
                    words += [BestStep(value).name] if value else []
                case "policy":
                    words += [f"{k}={v}" for k, v in msgspec.structs.asdict(value).items()]
                case "tariff" if isinstance(value, Tariff):
                    words.append(f"{value.currency} " + ",".join(map(str, value.prices)))
                case "chart_hash":
                    words.append("the venue")
                case _:
                    words.append(f"{name}={value}")
        return " ".join(words)

    def _view(self, view: HoldView) -> str:
        return (
            f"hold={view.hold}{self._list(view.places)} until={self._after(view.expires_at_ms)} "
            f"extensions_left={view.extensions_left} tariff={view.tariff}"
        )

    def _after(self, at_ms: int) -> str:
        return f"+{(at_ms - START_MS) / 1_000:.3f}"

    def _list(self, places: list[int]) -> str:
        return "".join(f" {self._names[p]}" for p in places)


def _split(value: str) -> list[str]:
    return [part for part in value.split(",") if part]


def _values(text: str) -> dict[str, Any]:
    parts = (part.split("=") for part in text.split())
    return {name: value == "yes" if name == "on_sale" else int(value) for name, value in parts}


def _tariff(text: str) -> Tariff:
    currency, prices = text.split()
    return Tariff(currency, tuple(int(p) for p in _split(prices)))


def _place_names(table: SeatTable) -> list[str]:
    """A1, Round2, Floor3, Booth; `gone36` for a place that was taken out of the chart."""
    names = [f"gone{place}" for place in range(table.size)]
    for number, group in enumerate(table.groups):
        for nth, place in enumerate(table.group_places(number), 1):
            booth = group.kind is GroupKind.BOOTH
            names[place] = group.label if booth else f"{group.label}{nth}"
    return names


def main() -> None:
    """Write every transcript anew."""
    for path in sorted(DIRECTORY.glob("*.txt")):
        path.write_text(played(path.read_text()))


if __name__ == "__main__":
    main()
