"""`python -m benchmarks NAME --json`. Each benchmark is a module, loaded when it is asked for."""

from __future__ import annotations

import sys
from typing import Final

from cyclopts import App, CycloptsError

from seatengine.errors import SeatEngineError

_USAGE: Final = """
What the engine does, measured on this machine.

The benchmarks:
    core        holds in memory, beside Lua in Valkey and row locks in Postgres
    holds       durable operations over 500 websockets, beside an echo
    best        best available among 100,000 seats
    recovery    from kill -9 to the first answer, after a million entries
    fanout      one frame to everybody, beside a C loop and the usual servers
    import      reading the largest chart files
    onsale      10,000 viewers and 1,000 holds a second, told and audited
    naive       a storm told our way, and as JSON to everyone
    page        the buyer's page with 100,000 seats, in Chromium

For example:
    python -m benchmarks core --json
    python -m benchmarks holds --clients 200 --rounds 3
    python -m benchmarks best --help

With --json the last line is one JSON object. Servers and databases are made
for the run, on loopback and in a temporary folder; nothing stays. Compare
figures of one run with each other, not with those of another machine or minute.
benchmarks/README.md says what each of them means.
"""

app = App(name="python -m benchmarks", help=_USAGE, help_format="plaintext", version_flags=[])
app.command("benchmarks.core:core", name="core")
app.command("benchmarks.holds:holds", name="holds")
app.command("benchmarks.best:best", name="best")
app.command("benchmarks.recovery:recovery", name="recovery")
app.command("benchmarks.fanout:fanout", name="fanout")
app.command("benchmarks.import_chart:import_chart", name="import")
app.command("benchmarks.onsale:onsale", name="onsale")
app.command("benchmarks.naive:naive", name="naive")
app.command("benchmarks.page:page", name="page")


def main() -> None:
    """Run one benchmark. Exit codes: 0 measured, 1 it could not be done, 2 it was asked wrongly."""
    try:
        app(exit_on_error=False, result_action="return_value")
    except CycloptsError:
        sys.exit(2)
    except SeatEngineError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
