"""Map services on a register of a million 小班, against the engines below them without login, policies and gate.

    script/bench maps [--features N] [--growth N]

The register is made at the first call, which takes a while, and kept. `--growth 4000000` compares the same tiles in
registers of 100,000 and of so many 小班 as well; making the larger one takes an hour.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

from bench.databases import use_register
from bench.map_services import features, pictures, tiles
from bench.map_services.processes import Bare, product
from bench.measure import say

_SMALL = 100_000
_ROOM_HA = 4_800_000  # what 小班 of one size can fill


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, default=1_000_000)
    parser.add_argument("--answer", type=int, default=100_000, help="features of one answer")
    parser.add_argument("--growth", type=int, metavar="N")
    arguments = parser.parse_args()
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    others = _registers(arguments.growth) if arguments.growth else []
    database = use_register(arguments.features)
    bare = Bare.connect()
    with pictures.map_server() as helpers, product(database, helpers) as running:
        figures: dict[str, object] = {**tiles.measure(running, bare)}
        figures["wms_vs_mapserver"] = round(pictures.wms_ratio(running, bare, helpers), 2)
    figures["cog_vs_rasterio"] = round(pictures.cog_ratio(), 2)
    figures |= features.measure(database, arguments.answer)
    if others:
        figures[f"growth_{arguments.growth / 1e6:g}m_vs_100k"] = _growth(*map(Bare.connect, others))
    say(figures)


def _registers(size: int) -> list[str]:
    """Return the names of a small and a large register with 小班 of one size."""
    area_ha = min(4.5, round(_ROOM_HA / size, 1))
    return [_register(count, area_ha) for count in (_SMALL, size)]


def _register(size: int, area_ha: float) -> str:
    """Make a register in a process of its own, for Django is set up on one database for good; return its name."""
    code = f"from bench.databases import use_register; print(use_register({size}, mean_area_ha={area_ha}))"
    made = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True
    )
    return made.stdout.split()[-1]


def _growth(small: Bare, large: Bare) -> float:
    """Return the time of the same tiles in the larger register relative to the smaller."""
    same = tiles.shared_by((small, large))
    few, many = (tiles.database_times(register, same) for register in (small, large))
    return round(statistics.median(many[tile] / few[tile] for tile in same), 2)


if __name__ == "__main__":
    main()
