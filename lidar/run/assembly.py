"""Join the results of tiles: rasters part by part, cells, plots and trees as wholes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lidar.core.grid import Grid
from lidar.core.metrics import METRICS
from lidar.core.survey_quality import CELL_FIGURES, SurveyQuality, joined, joined_lines
from lidar.run.batch import Batch
from lidar.run.params import MESH_M

SLOPES = 4

Metrics = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Cells:
    """The 20 m mesh of a run, one entry a cell, row by row from the north-west.

    Parameters
    ----------
    grid : Grid
    metrics : dict of str to float32 array, shape (n,)
        See `lidar.core.metrics`; nan where no tile has the cell.
    stems : int64 array, shape (n,)
        Tree tops found.
    tree_height_m : float32 array, shape (n,)
        Their mean height, nan where there are none.
    slope_deg : float32 array, shape (4, n)
        Mean, greatest, least, most frequent whole degree.
    """

    grid: Grid
    metrics: Metrics
    stems: NDArray[np.int64]
    tree_height_m: NDArray[np.float32]
    slope_deg: NDArray[np.float32]

    @property
    def scanned(self) -> NDArray[np.bool_]:
        """Which cells hold returns."""
        return np.asarray(np.nan_to_num(self.metrics["n_all"]) > 0)


@dataclass(frozen=True, slots=True)
class TreeParts:
    """Trees of a tile: apex, height, area of the crown, arrays of shape (n,)."""

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    height_m: NDArray[np.float32]
    crown_m2: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TileTotals:
    """Sums over the tiles, for the quality report, and why tiles were left empty."""

    points: int
    terrain_points: int
    terrain_cells: int
    void_cells: int
    trees: int
    failed: dict[str, str]


def raster_parts(
    batch: Batch, tiles: Path, name: str, cell_m: float
) -> Iterator[tuple[Grid, NDArray[Any]]]:
    """Yield the grid and values of one raster, tile by tile."""
    for tile in batch.layout.tiles:
        with np.load(tiles / f"{tile.name}.npz") as arrays:
            yield Grid.covering(tile.core, cell_m, batch.crs), arrays[name]


def cells(batch: Batch, tiles: Path) -> Cells:
    """Return the mesh with everything the tiles know of it."""
    mesh = batch.layout.mesh
    whole = np.full((len(METRICS), *mesh.shape), np.nan, np.float32)
    slope = np.full((SLOPES, *mesh.shape), np.nan, np.float32)
    stems, height = np.zeros(mesh.size, np.int64), np.zeros(mesh.size)
    for tile in batch.layout.tiles:
        part = Grid.covering(tile.core, MESH_M, batch.crs)
        rows, cols = mesh.window_of(part)
        with np.load(tiles / f"{tile.name}.npz") as arrays:
            whole[:, rows, cols] = arrays["cells"].reshape(-1, *part.shape)
            slope[:, rows, cols] = arrays["cell_slope"].reshape(-1, *part.shape)
            at = cell_of(mesh, arrays["tree_x"], arrays["tree_y"])
            np.add.at(stems, at, 1)
            np.add.at(height, at, arrays["tree_height"])
    mean = np.divide(height, stems, out=np.full(mesh.size, np.nan), where=stems > 0)
    metrics = {name: whole[i].ravel() for i, name in enumerate(METRICS)}
    return Cells(mesh, metrics, stems, mean.astype(np.float32), slope.reshape(SLOPES, -1))


def plot_metrics(batch: Batch, tiles: Path, n_plots: int) -> dict[str, NDArray[np.float64]]:
    """Return the metrics of each plot, counts 0 and the rest nan where it lies in no tile."""
    whole = np.full((len(METRICS), n_plots), np.nan)
    whole[[METRICS.index("n_all"), METRICS.index("n_first")]] = 0.0
    for tile in batch.layout.tiles:
        numbers = [circle.number for circle in batch.circles_in(tile)]
        if numbers:
            with np.load(tiles / f"{tile.name}.npz") as arrays:
                whole[:, numbers] = arrays["plots"]
    return {name: whole[i] for i, name in enumerate(METRICS)}


def trees(batch: Batch, tiles: Path) -> Iterator[TreeParts]:
    """Yield the trees of each tile."""
    for tile in batch.layout.tiles:
        with np.load(tiles / f"{tile.name}.npz") as arrays:
            names = ("tree_x", "tree_y", "tree_height", "tree_crown_m2")
            yield TreeParts(*(arrays[name] for name in names))


def totals(batch: Batch, tiles: Path) -> TileTotals:
    """Return sums over all tiles."""
    points = terrain = cells_known = void = trees = 0
    for tile in batch.layout.tiles:
        with np.load(tiles / f"{tile.name}.npz") as arrays:
            points += int(arrays["counts"][0])
            terrain += int(arrays["counts"][1])
            known = ~np.isnan(arrays["dtm"])
            cells_known += int(known.sum())
            void += int((arrays["void"] & known).sum())
            trees += len(arrays["tree_x"])
    return TileTotals(points, terrain, cells_known, void, trees, _failures(tiles))


def survey(batch: Batch, tiles: Path) -> SurveyQuality:
    """Return the quality figures of the whole mesh."""
    mesh = batch.layout.mesh
    cells = np.zeros((len(CELL_FIGURES), *mesh.shape), np.int32)
    empty = np.zeros(mesh.shape, np.int32)
    lines, pairs, classes = [], [], np.zeros(256, np.int64)
    for tile in batch.layout.tiles:
        part = Grid.covering(tile.core, MESH_M, batch.crs)
        rows, cols = mesh.window_of(part)
        with np.load(tiles / f"{tile.name}.npz") as arrays:
            found = SurveyQuality.from_arrays(arrays)
        cells[:, rows, cols] = found.cells.reshape(-1, *part.shape)
        empty[rows, cols] = found.empty.reshape(part.shape)
        lines.append(found.lines)
        pairs.append(found.pairs)
        classes += found.classes
    flat = cells.reshape(len(CELL_FIGURES), -1)
    return SurveyQuality(flat, empty.ravel(), joined_lines(lines), joined(pairs, 2), classes)


def _failures(tiles: Path) -> dict[str, str]:
    """Return the names of tiles that were left empty, each with the reason."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(tiles.glob("*.failed"))}


def cell_of(mesh: Grid, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the cell ``row * cols + col`` of places inside a grid."""
    col = np.floor((x_m - mesh.left) / mesh.cell_m).astype(np.int64)
    row = np.floor((mesh.top - y_m) / mesh.cell_m).astype(np.int64)
    return np.asarray(row * mesh.cols + col)
