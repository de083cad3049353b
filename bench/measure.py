"""CPU time and peak memory of a piece of work, its child processes included."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter


@dataclass(slots=True)
class Cost:
    """What a block took, filled in when it ends."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


def _cpu_s() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


@contextmanager
def cost() -> Iterator[Cost]:
    """Measure a block; child processes count once they have ended."""
    measured = Cost()
    cpu, wall = _cpu_s(), perf_counter()
    yield measured
    measured.cpu_s = _cpu_s() - cpu
    measured.wall_s = perf_counter() - wall


def peak_child_mb() -> float:
    """Return the largest resident set of any child process that has ended, in megabytes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def shared_data() -> Path:
    """Return the folder of real data, or end with the reason.

    Raises
    ------
    SystemExit
        If there is none.
    """
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get("FORESTGIS_SHARED_DATA", default))
    if not path.is_dir():
        raise SystemExit(f"no real data at {path}; set FORESTGIS_SHARED_DATA")
    return path


def say(figures: dict[str, object]) -> None:
    """Print the figures as one JSON line on standard output."""
    sys.stdout.write(json.dumps(figures) + "\n")
