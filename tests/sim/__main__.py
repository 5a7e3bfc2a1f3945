"""Run seeds by hand: `python -m tests.sim --seeds 0:5000`. The exit code is 1 on a failure."""

from __future__ import annotations

import argparse
import sys

from tests.sim.truth import Broken
from tests.sim.world import VENUES, World


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim")
    parser.add_argument("--seeds", default="0:100", help="first:last, last not included")
    parser.add_argument("--venue", default="pocket", choices=sorted(VENUES))
    parser.add_argument("--steps", type=int, default=400, help="moves per seed")
    options = parser.parse_args()
    first, last = (int(part) for part in options.seeds.split(":"))
    failed = 0
    for seed in range(first, last):
        try:
            report = World(seed, VENUES[options.venue]()).run(options.steps)
            sys.stdout.write(f"{seed} {report.hash} {report.entries} entries\n")
        except Broken as broken:
            failed += 1
            sys.stdout.write(f"{seed} FAILED {broken}\n")
    sys.stdout.write(f"{last - first} seeds, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
