"""Cost of the engine against decoding the same files, and against other engines.

Four tiles of a mountain forest (`bcts`), repeated side by side by moving the
offset in their headers: 20 files of 14.2 million points, 200 of 142 million.
Each measurement runs in a process of its own, costs are CPU time of it and its
children. What is measured, by key:

decode      every point by lazrs, through laspy
chain       files to ground, terrain at 1 m, canopy at 0.5 m with pits filled, 20 m
            metrics, tree tops and crowns: inspection and tiling included, in one process
full        `execute` with one worker: volumes and all products too
vs_pdal     CPU time of another engine's chain over ours on the same files: PDAL with
            SMRF, height above ground, terrain and canopy rasters (no metrics, no trees);
            null where it is not installed; lasR and Whitebox Workflows are not
scale_2     wall time of one worker over that of two, 20 files
linear_200  CPU time a point of 200 files over that of 20
peak_mb_*   largest resident set of a worker
import_s    CPU time of a new process that has the tile's code ready
inventory_s headers of 10,000 files
zonal_vs_exactextract  CPU time of exactextract's own command over ours, 20 m totals of
            100,000 compartments
"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import laspy

from bench import lidar_data, lidar_peers
from bench.measure import cost, peak_child_mb, say
from lidar.core import ground, metrics, surface, terrain, trees
from lidar.core.grid import Grid
from lidar.run import RunParams, execute, inspect
from lidar.run.batch import prepare
from lidar.run.params import CANOPY_M, MESH_M, TERRAIN_M
from lidar.run.plan import Tile
from lidar.run.pool import LocalPool
from lidar.run.spill import load

FOUND = RunParams(ground="found")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a piece of work took in a process of its own."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    result: Any


def decode(files: list[Path]) -> int:
    """Decode every point of the files and return their number."""
    points = 0
    for file in files:
        with laspy.open(file, laz_backend=laspy.LazBackend.Lazrs) as reader:
            points += sum(len(chunk) for chunk in reader.chunk_iterator(1_000_000))
    return points


def chain(files: list[Path]) -> int:
    """Run the reference chain and return the number of trees."""
    found = 0
    with tempfile.TemporaryDirectory() as folder, LocalPool(0) as pool:
        batch = prepare(
            files, lambda _: None, FOUND, Path(folder), pool, lambda _: None, lambda _: None
        )
        for tile in batch.layout.tiles:
            numbers = range(len(batch.files))
            points = load(batch.spill, numbers, tile, batch.origin_m, batch.crs)
            found += _tile(points, tile)
    return found


def _tile(points: Any, tile: Tile) -> int:  # noqa: ANN401
    core = Grid.covering(tile.core, TERRAIN_M, points.crs)
    grid = core.buffered(round(tile.buffer_m / TERRAIN_M))
    model = terrain.model(points, ground.find(points).is_terrain_point, grid)
    heights = metrics.sane_heights(terrain.heights(points, model.dtm_m, grid))
    canopy_grid = Grid.covering(tile.outer, CANOPY_M, points.crs)
    chm = surface.fill_pits(surface.canopy(points, heights, canopy_grid))
    tops, _ = trees.find(chm, canopy_grid)
    mesh = Grid.covering(tile.core, MESH_M, points.crs)
    metrics.by_label(points, heights, points.cells(mesh), mesh.size)
    return int(tile.owns(tops.x_m, tops.y_m).sum())


def full(files: list[Path], workers: int) -> int:
    """Run all of it into a folder that is thrown away and return the number of trees."""
    with tempfile.TemporaryDirectory() as folder:
        result = execute(files, Path(folder) / "out", params=FOUND, workers=workers)
    return int(result.quality["trees"])


def start() -> None:
    """Start a process that has the tile's code ready."""
    subprocess.run([sys.executable, "-c", "import lidar.run.tile"], check=True)


def inventory(folder: Path) -> int:
    """Look at the headers of a folder and return how many files can be used."""
    return len(inspect(folder.glob("*.laz"), decode=False).used)


def measured(work: Callable[[], Any]) -> Measured:
    """Do some work in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        taken: Measured = pool.submit(_measured, work).result()
    sys.stderr.write(f"{taken}\n")
    return taken


def _measured(work: Callable[[], Any]) -> Measured:
    with cost() as taken:
        result = work()
    return Measured(taken.cpu_s, taken.wall_s, peak_child_mb(), result)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        one, twenty, many = lidar_data.batches(Path(folder))
        measured(partial(full, one, 1))  # fills the cache of compiled kernels
        decoding, chained = measured(partial(decode, twenty)), measured(partial(chain, twenty))
        single, pair = (measured(partial(full, twenty, n)) for n in (1, 2))
        small, large = measured(partial(full, one, 1)), measured(partial(full, many, 2))
        points, all_points = decoding.result, decoding.result * len(many) // len(twenty)
        say(
            {
                "points": points,
                "decode_mpts_s": round(points / decoding.cpu_s / 1e6, 2),
                "chain_mpts_s": round(points / chained.cpu_s / 1e6, 2),
                "chain_vs_decode_cpu": round(chained.cpu_s / decoding.cpu_s, 2),
                "full_vs_decode_cpu": round(single.cpu_s / decoding.cpu_s, 2),
                "full_vs_chain_200": round(large.cpu_s / all_points / (chained.cpu_s / points), 2),
                **lidar_peers.ratios(twenty, chained.cpu_s, Path(folder)),
                "scale_2": round(single.wall_s / pair.wall_s, 2),
                "linear_200": round(large.cpu_s / all_points / (pair.cpu_s / points), 2),
                "peak_mb_1": round(small.peak_mb),
                "peak_mb_20": round(pair.peak_mb),
                "peak_mb_200": round(large.peak_mb),
                "import_s": round(measured(start).cpu_s, 2),
                "inventory_s": round(
                    measured(partial(inventory, lidar_data.headers(Path(folder)))).cpu_s, 1
                ),
                "zonal_vs_exactextract": measured(partial(lidar_peers.zonal, Path(folder))).result,
            }
        )


if __name__ == "__main__":
    main()
