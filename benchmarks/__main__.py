"""`python -m benchmarks NAME --json`. Each benchmark is a module, loaded when it is asked for."""

from __future__ import annotations

import sys
from typing import Final

from cyclopts import App, CycloptsError

from seatengine.errors import SeatEngineError

_USAGE: Final = """
What the engine does, measured on this machine.

    python -m benchmarks core       holds in memory, beside a Lua script in Valkey and row locks
                                    in Postgres
    python -m benchmarks holds      durable operations over 500 websockets, beside an echo
    python -m benchmarks best       best available among 100,000 seats
    python -m benchmarks recovery   from kill -9 to the first answer, a million entries behind
    python -m benchmarks import     reading the largest chart file

Each prints what it measured as it goes; with --json its last line is one JSON object. Nothing is
left behind: databases and servers are made for the run in a temporary folder, on loopback.
Compare figures of one run with each other, not with those of another machine or another minute.
benchmarks/README.md says what each figure means.
"""

app = App(name="python -m benchmarks", help=_USAGE, help_format="plaintext", version_flags=[])
app.command("benchmarks.core:core", name="core")
app.command("benchmarks.holds:holds", name="holds")
app.command("benchmarks.best:best", name="best")
app.command("benchmarks.recovery:recovery", name="recovery")
app.command("benchmarks.import_chart:import_chart", name="import")


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
