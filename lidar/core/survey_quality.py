"""How well an area was scanned: coverage of cells, agreement of flight lines.

Two lines that cross the same cell saw the same ground and the same crowns. So the
difference of their mean heights above one terrain model is an error of the survey, not
of the slope, and the ratio of their mean intensities is a difference of the instrument
or the weather, not of the forest.

All sums are whole numbers: a batch gives the same figures however it is tiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lidar.core.grid import MM_PER_M, Grid
from lidar.core.kernel import kernel
from lidar.core.points import HIGH_NOISE, LOW_NOISE, Points
from lidar.core.sampling import Raster

FEWEST_TERRAIN_POINTS = 5
FEWEST_FIRST_RETURNS = 20
MOST_LINES = 64
UNSEEN = -1
MICRO = 1_000_000

CELL_FIGURES = ("lines", "height_difference_mm", "scan_angle_cdeg", "terrain_points", "noise")
LINE_FIGURES = ("line", "points", "first_returns", "intensity_sum", "scan_angle_cdeg")
PAIR_FIGURES = (
    *("line_a", "line_b", "cells", "difference_mm", "difference_mm2"),
    *("intensity_cells", "log_ratio_1e6"),
)

Sums = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SurveyQuality:
    """Whole-number figures of an area.

    Attributes
    ----------
    cells : int32 array, shape (5, n)
        Rows as `CELL_FIGURES`: flight lines that reach a cell, the greatest difference of
        their heights (-1 where fewer than two lines have enough terrain points), greatest
        scan angle in hundredths of a degree, points that make the terrain model, noise
        (classes 7 and 18).
    empty : int32 array, shape (n,)
        Fine cells without any return in each cell.
    lines : int64 array, shape (lines, 5)
        Columns as `LINE_FIGURES`; the intensity is that of first returns.
    pairs : int64 array, shape (pairs, 7)
        Columns as `PAIR_FIGURES`: over the cells that both lines have, the sum of height
        differences a - b and of their squares, and of the natural logarithms of the
        intensity ratio a / b in millionths.
    classes : int64 array, shape (256,)
        Points by class.
    """

    cells: NDArray[np.int32]
    empty: NDArray[np.int32]
    lines: Sums
    pairs: Sums
    classes: Sums

    def to_arrays(self) -> dict[str, NDArray[np.integer]]:
        """Return the arrays under names of their own, to be stored with others."""
        return {f"survey_{f.name}": getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return what `to_arrays` gave."""
        return cls(**{f.name: arrays[f"survey_{f.name}"] for f in fields(cls)})


def measure(
    points: Points, height_m: Raster, is_terrain: NDArray[np.bool_], mesh: Grid, fine: Grid
) -> SurveyQuality:
    """Return the figures of the cells of a mesh.

    Parameters
    ----------
    points : Points
        Of the mesh and perhaps its surroundings.
    height_m : float32 array, shape (n,)
        Height above the terrain model, nan where unknown.
    is_terrain : bool array, shape (n,)
        Which points made the terrain model.
    mesh : Grid
        Usually of 20 m cells.
    fine : Grid
        Cells that ought to hold a return each, usually of 1 m; the extent of the mesh.

    Returns
    -------
    SurveyQuality
        Lines beyond the `MOST_LINES` with most points are left out of the comparison.
    """
    label = points.cells(mesh)
    line_ids = _line_ids(points.line_id[label >= 0])
    number_of = np.full(65_536, UNSEEN, np.int32)
    number_of[line_ids] = np.arange(len(line_ids))
    cells = np.zeros((len(CELL_FIGURES), mesh.size), np.int32)
    lines = np.zeros((len(line_ids), len(LINE_FIGURES)), np.int64)
    lines[:, 0] = line_ids
    seen = np.zeros((len(line_ids), mesh.size), np.bool_)
    sums = np.zeros((4, len(line_ids), mesh.size), np.int64)
    classes = np.zeros(256, np.int64)
    height_mm = np.round(np.nan_to_num(height_m) * MM_PER_M).astype(np.int32)
    _sum_up(
        label,
        number_of[points.line_id],
        height_mm,
        points.return_number,
        points.intensity,
        points.classification,
        points.scan_angle_deg,
        is_terrain,
        cells,
        lines,
        seen,
        sums,
        classes,
    )
    cells[0] = seen.sum(axis=0)
    pairs, cells[1] = _pairs(line_ids, sums)
    return SurveyQuality(cells, _empty(points, mesh, fine), lines, pairs, classes)


def joined(tables: list[Sums], keys: int) -> Sums:
    """Return tables of several areas as one: rows with equal first columns are added up.

    Parameters
    ----------
    tables : list of int64 arrays, shape (rows, columns)
    keys : int
        How many first columns name a row. A last column ``scan_angle_cdeg`` of lines is
        a maximum and is therefore not for this function: see `joined_lines`.
    """
    whole = np.concatenate(tables)
    names, row = np.unique(whole[:, :keys], axis=0, return_inverse=True)
    added = np.zeros((len(names), whole.shape[1] - keys), np.int64)
    np.add.at(added, row.ravel(), whole[:, keys:])
    return np.column_stack([names, added])


def joined_lines(tables: list[Sums]) -> Sums:
    """Return the line tables of several areas as one."""
    whole = np.concatenate(tables)
    added = joined([whole], 1)
    added[:, -1] = 0
    np.maximum.at(added[:, -1], np.searchsorted(added[:, 0], whole[:, 0]), whole[:, -1])
    return added


def _line_ids(line_id: NDArray[np.uint16]) -> NDArray[np.intp]:
    counts = np.bincount(line_id, minlength=1)
    there = np.flatnonzero(counts)
    most = np.argsort(-counts[there], kind="stable")[:MOST_LINES]
    return np.sort(there[most])


def _empty(points: Points, mesh: Grid, fine: Grid) -> NDArray[np.int32]:
    occupied = np.zeros(fine.size + 1, np.bool_)
    occupied[points.cells(fine)] = True  # -1, outside, marks the extra last one
    edge = fine.rows // mesh.rows
    blocks = occupied[:-1].reshape(mesh.rows, edge, mesh.cols, edge)
    return np.asarray(edge * edge - blocks.sum(axis=(1, 3)), np.int32).ravel()


def _pairs(line_ids: NDArray[np.intp], sums: Sums) -> tuple[Sums, NDArray[np.int32]]:
    """Return the table of pairs and the greatest difference of each cell."""
    n_terrain, height, n_first, intensity = sums
    greatest = np.full(sums.shape[2], UNSEEN, np.int32)
    rows = []
    for a in range(len(line_ids)):
        for b in range(a + 1, len(line_ids)):
            ground = np.minimum(n_terrain[a], n_terrain[b]) >= FEWEST_TERRAIN_POINTS
            light = np.minimum(n_first[a], n_first[b]) >= FEWEST_FIRST_RETURNS
            light &= np.minimum(intensity[a], intensity[b]) > 0
            if not (ground.any() or light.any()):
                continue
            mean_a, mean_b = (height[i][ground] / n_terrain[i][ground] for i in (a, b))
            difference = np.rint(mean_a - mean_b).astype(np.int64)
            greatest[ground] = np.maximum(greatest[ground], np.abs(difference))
            light_a, light_b = (intensity[i][light] / n_first[i][light] for i in (a, b))
            ratio = np.rint(np.log(light_a / light_b) * MICRO).astype(np.int64)
            rows.append(
                [
                    *(line_ids[a], line_ids[b], ground.sum(), difference.sum()),
                    *((difference**2).sum(), light.sum(), ratio.sum()),
                ]
            )
    return np.array(rows, np.int64).reshape(-1, len(PAIR_FIGURES)), greatest


@kernel
def _sum_up(
    label: NDArray[np.int32],
    line: NDArray[np.int32],
    height_mm: NDArray[np.int32],
    number: NDArray[np.uint8],
    intensity: NDArray[np.uint16],
    classification: NDArray[np.uint8],
    angle_deg: NDArray[np.float32],
    is_terrain: NDArray[np.bool_],
    cells: NDArray[np.int32],
    lines: Sums,
    seen: NDArray[np.bool_],
    sums: Sums,
    classes: Sums,
) -> None:
    for i in range(label.size):
        k, m = label[i], line[i]
        if k < 0:
            continue
        kind = classification[i]
        angle = np.int32(round(abs(angle_deg[i]) * 100.0))
        classes[kind] += 1
        cells[2, k] = max(cells[2, k], angle)
        cells[3, k] += is_terrain[i]
        cells[4, k] += kind in (LOW_NOISE, HIGH_NOISE)
        if m < 0:
            continue
        seen[m, k] = True
        lines[m, 1] += 1
        lines[m, 4] = max(lines[m, 4], angle)
        if number[i] <= 1:
            lines[m, 2] += 1
            lines[m, 3] += intensity[i]
            sums[2, m, k] += 1
            sums[3, m, k] += intensity[i]
        if is_terrain[i]:
            sums[0, m, k] += 1
            sums[1, m, k] += height_mm[i]
