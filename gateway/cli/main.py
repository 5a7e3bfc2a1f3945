"""The `seatengine` command. Each subcommand lives in a module of its own, loaded when it is asked
for, so that starting a server does not load what draws progress bars."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Final

from cyclopts import App, CycloptsError

from seatengine.errors import SeatEngineError

_USAGE: Final = """
Self-hosted live seat picking: fair, exact and fast while thousands choose.

To see it, three sample venues on sale with a crowd of bots on them:

    seatengine demo

To put a venue of your own on sale:

    seatengine generate theatre --seats 900 -o hall.json
    seatengine import hall.json
    seatengine event create CHART "Gala" --starts-at 2027-03-01T19:30Z
    seatengine serve

Settings come from flags, else from SEATENGINE_* variables. Without
DATABASE_URL an embedded Postgres keeps everything in the folder .data.
"""

_COMMANDS: Final = {
    "demo": ("gateway.cli.demo:demo", "Three sample venues on sale, with a crowd of bots."),
    "serve": ("gateway.cli.serve:serve", "Serve pages, API and live seat picking."),
    "top": ("gateway.cli.top:top", "Watch a running server."),
    "generate": ("gateway.cli.charts:generate", "Make up a venue."),
    "import": ("gateway.cli.charts:import_", "Read a seat plan and keep it as a chart."),
    "export": ("gateway.cli.charts:export", "Write a chart as a file."),
    "event": ("gateway.cli.events:event", "Put shows on sale, and list them."),
    "key": ("gateway.cli.events:key", "API keys for organizers' programs."),
    "journal": ("gateway.cli.journal:journal", "Print what has happened to an event."),
    "load": ("gateway.cli.load:load", "Thousands of viewers, a report and an audit."),
    "audit": ("gateway.cli.journal:audit", "Check that everything stored agrees."),
    "doctor": ("gateway.cli.doctor:doctor", "Say what is missing on this machine."),
}


def command_line(asked: str) -> App:
    """The whole command line, where `asked` is the first word that was given.

    Modules load when their command runs, so --help cannot read summaries from them and is told
    them here; the command that was asked for then tells its own, longer help.
    """
    app = App(
        name="seatengine",
        help=_USAGE,
        help_format="plaintext",
        version=lambda: version("seatengine"),
    )
    for order, (name, (path, summary)) in enumerate(_COMMANDS.items()):
        app.command(path, name=name, help=None if name == asked else summary, sort_key=order)
    return app


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 it could not be done, 2 it was asked wrongly."""
    # numpy's linear algebra, which nobody here uses, would else start a thread for every processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    app = command_line(sys.argv[1] if len(sys.argv) > 1 else "")
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
