"""The `seatengine` command. Each subcommand lives in a module of its own, loaded when it is asked
for, so that starting a server does not load what draws progress bars."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Final

from cyclopts import App, CycloptsError

from seatengine.errors import SeatEngineError

_USAGE: Final = """
Self-hosted live seat picking: fair, exact and fast while thousands choose.

    seatengine demo                                     three sample venues with a crowd on them
    seatengine generate theatre --seats 900 -o hall.json
    seatengine import hall.json                         check a seat plan and keep it
    seatengine event create hall "Opening night" --starts-at 2027-03-01T19:30+01:00
    seatengine serve                                    put it on sale

Settings come from flags, else from SEATENGINE_* variables. Without DATABASE_URL an embedded
Postgres keeps everything under .data.
"""

app = App(
    name="seatengine", help=_USAGE, version=lambda: version("seatengine"), help_format="plaintext"
)
app.command("gateway.cli_serve:serve", name="serve")
app.command("gateway.cli_demo:demo", name="demo")
app.command("gateway.cli_doctor:doctor", name="doctor")
app.command("gateway.cli_charts:import_", name="import")
app.command("gateway.cli_charts:export", name="export")
app.command("gateway.cli_charts:generate", name="generate")
app.command("gateway.cli_events:event", name="event")
app.command("gateway.cli_events:key", name="key")
app.command("gateway.cli_journal:journal", name="journal")
app.command("gateway.cli_journal:audit", name="audit")


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 it could not be done, 2 it was asked wrongly."""
    try:
        outcome = app(exit_on_error=False, result_action="return_value")
    except CycloptsError:
        sys.exit(2)
    except SeatEngineError as error:
        print(f"seatengine: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(outcome if isinstance(outcome, int) else 0)


if __name__ == "__main__":
    main()
