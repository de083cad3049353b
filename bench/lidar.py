"""Cost of the engine against the cost of decoding the same files.

Four tiles of a mountain forest (`bcts`), as they come: decoding alone with
lazrs, then a whole run (inspection, ground, models, metrics, trees, volume, all
products) in one and in two worker processes. A first run, not measured, fills
the cache of compiled kernels.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import laspy

from bench.measure import Cost, cost, peak_child_mb, say, shared_data
from lidar.run import RunParams, execute


def decode(files: list[Path]) -> int:
    """Decode every point of the files and return their number."""
    points = 0
    for file in files:
        with laspy.open(file, laz_backend=laspy.LazBackend.Lazrs) as reader:
            points += sum(len(chunk) for chunk in reader.chunk_iterator(1_000_000))
    return points


def run(files: list[Path], workers: int) -> Cost:
    """Return the cost of a whole run into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder, cost() as measured:
        execute(files, Path(folder) / "out", params=RunParams(ground="found"), workers=workers)
    return measured


def import_s() -> float:
    """Return the seconds that a new process needs to have the engine ready."""
    with cost() as measured:
        subprocess.run([sys.executable, "-c", "import lidar.run.execution"], check=True)
    return measured.wall_s


def main() -> None:
    """Print the figures."""
    files = sorted((shared_data() / "lidar" / "forest").glob("bcts_*.laz"))
    run(files, 1)
    with cost() as decoding:
        points = decode(files)
    one, two = run(files, 1), run(files, 2)
    say(
        {
            "points": points,
            "decode_mpts_s": round(points / decoding.cpu_s / 1e6, 2),
            "full_mpts_s": round(points / one.cpu_s / 1e6, 2),
            "full_vs_decode_cpu": round(one.cpu_s / decoding.cpu_s, 2),
            "scale_2": round(one.wall_s / two.wall_s, 2),
            "peak_mb": round(peak_child_mb()),
            "import_s": round(import_s(), 2),
        }
    )


if __name__ == "__main__":
    main()
