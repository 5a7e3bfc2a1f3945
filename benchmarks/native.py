"""Small C programs of the benchmarks, compiled when they are needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

_COMPILERS: Final = ("cc", "gcc", "clang")
_COMPILE_S: Final = 60.0


def compiler() -> str | None:
    """The C compiler: $CC, or the first of the usual names that is installed."""
    chosen = os.environ.get("CC")
    if chosen:
        return shutil.which(chosen)
    return next(filter(None, map(shutil.which, _COMPILERS)), None)


def compiled(source: Path, folder: Path) -> Path | None:
    """The program made of one C file, in `folder`; None where it cannot be made."""
    cc = compiler()
    if cc is None:
        return None
    program = folder / source.stem
    try:
        done = subprocess.run(
            [cc, "-O2", "-o", str(program), str(source)],
            capture_output=True,
            timeout=_COMPILE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return program if done.returncode == 0 else None
