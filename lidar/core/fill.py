"""Filling holes of a raster by minimum curvature, from coarse to fine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lidar.core.kernel import kernel

LEVELS = 6
SWEEPS = 20
TENSION = 0.1
OVER_RELAXATION = 1.6

Raster = NDArray[np.float32]


def fill_holes(
    raster: Raster,
    first_cell: tuple[int, int] = (0, 0),
    sweeps: int = SWEEPS,
    tension: float = TENSION,
) -> Raster:
    """Fill every nan cell by the surface of least curvature through the others.

    Biharmonic equation in tension (Briggs 1974; Smith and Wessel 1990), solved by
    over-relaxed Gauss-Seidel sweeps on a pyramid of means: each level starts
    from the bilinear enlargement of the coarser one. Cells with a value keep it.

    Parameters
    ----------
    raster : float32 array, shape (rows, cols)
        nan where unknown.
    first_cell : (int, int)
        Row and column of the first cell on the plane (`Grid.first_cell`). The
        pyramid is laid from the origin of the plane, so that two rasters that
        overlap are filled alike: 30 m from the edge of one of them within
        1 cm, 60 m from it within 1 mm (measured on a mountain forest, 1 m cells).
    sweeps : int
        Sweeps on each level.
    tension : float
        0 is minimum curvature, 1 a membrane (no overshoot).

    Returns
    -------
    float32 array of the same shape
        Without nan, unless there was no value at all.
    """
    pyramid = [(raster, *first_cell)]
    while len(pyramid) < LEVELS and min(raster.shape) > 4 and np.isnan(raster).any():
        _, row, col = pyramid[-1]
        raster = _halved(raster, row % 2, col % 2)
        pyramid.append((raster, row // 2, col // 2))
    filled = _spread(pyramid.pop()[0])
    for finer, row, col in reversed(pyramid):
        filled = _enlarged_into(finer, filled, row % 2, col % 2)
        _relax(filled, np.isnan(finer), sweeps, tension)
    return filled


@kernel
def _halved(fine: Raster, odd_row: int, odd_col: int) -> Raster:
    """Mean of the known cells of each two by two that starts on even numbers."""
    rows, cols = (fine.shape[0] + odd_row + 1) // 2, (fine.shape[1] + odd_col + 1) // 2
    out = np.empty((rows, cols), np.float32)
    for r in range(rows):
        for c in range(cols):
            total, n = 0.0, 0
            for i in range(max(2 * r - odd_row, 0), min(2 * r - odd_row + 2, fine.shape[0])):
                for j in range(max(2 * c - odd_col, 0), min(2 * c - odd_col + 2, fine.shape[1])):
                    if not np.isnan(fine[i, j]):
                        total += fine[i, j]
                        n += 1
            out[r, c] = total / n if n else np.nan
    return out


@kernel
def _spread(raster: Raster) -> Raster:
    """Give nan cells the mean of their known neighbours, ring by ring."""
    rows, cols = raster.shape
    old = raster.copy()
    for _ in range(rows + cols):
        new = old.copy()
        changed = False
        for r in range(rows):
            for c in range(cols):
                if not np.isnan(old[r, c]):
                    continue
                total, n = 0.0, 0
                for i in range(max(r - 1, 0), min(r + 2, rows)):
                    for j in range(max(c - 1, 0), min(c + 2, cols)):
                        if not np.isnan(old[i, j]):
                            total += old[i, j]
                            n += 1
                if n:
                    new[r, c] = total / n
                    changed = True
        old = new
        if not changed:
            break
    return old


@kernel
def _enlarged_into(fine: Raster, coarse: Raster, odd_row: int, odd_col: int) -> Raster:
    """Copy the fine raster, its nan cells from the coarse one by bilinear interpolation."""
    out = fine.copy()
    rows, cols = coarse.shape
    for r in range(fine.shape[0]):
        place_r = min(max(0.5 * (r + odd_row) - 0.25, 0.0), rows - 1.0)
        r0 = int(place_r)
        r1, wr = min(r0 + 1, rows - 1), place_r - r0
        for c in range(fine.shape[1]):
            if np.isnan(fine[r, c]):
                place_c = min(max(0.5 * (c + odd_col) - 0.25, 0.0), cols - 1.0)
                c0 = int(place_c)
                c1, wc = min(c0 + 1, cols - 1), place_c - c0
                north = (1.0 - wc) * coarse[r0, c0] + wc * coarse[r0, c1]
                south = (1.0 - wc) * coarse[r1, c0] + wc * coarse[r1, c1]
                out[r, c] = (1.0 - wr) * north + wr * south
    return out


@kernel
def _relax(u: Raster, unknown: NDArray[np.bool_], sweeps: int, tension: float) -> None:
    rows, cols = u.shape
    free = 1.0 - tension
    weight = 20.0 * free + 4.0 * tension
    for _ in range(sweeps):
        for r in range(rows):
            for c in range(cols):
                if not unknown[r, c]:
                    continue
                old = np.float64(u[r, c])
                if 1 < r < rows - 2 and 1 < c < cols - 2:
                    near = np.float64(u[r - 1, c]) + u[r + 1, c] + u[r, c - 1] + u[r, c + 1]
                    corner = (
                        np.float64(u[r - 1, c - 1])
                        + u[r - 1, c + 1]
                        + u[r + 1, c - 1]
                        + u[r + 1, c + 1]
                    )
                    far = np.float64(u[r - 2, c]) + u[r + 2, c] + u[r, c - 2] + u[r, c + 2]
                    new = (free * (8.0 * near - 2.0 * corner - far) + tension * near) / weight
                else:
                    new = 0.25 * (
                        np.float64(u[max(r - 1, 0), c])
                        + u[min(r + 1, rows - 1), c]
                        + u[r, max(c - 1, 0)]
                        + u[r, min(c + 1, cols - 1)]
                    )
                u[r, c] = old + OVER_RELAXATION * (new - old)
