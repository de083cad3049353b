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


def fill_holes(raster: Raster, sweeps: int = SWEEPS, tension: float = TENSION) -> Raster:
    """Fill every nan cell by the surface of least curvature through the others.

    Biharmonic equation in tension (Briggs 1974; Smith and Wessel 1990), solved by
    over-relaxed Gauss-Seidel sweeps on a pyramid of means: each level starts
    from the bilinear enlargement of the coarser one. Cells with a value keep it.

    Parameters
    ----------
    raster : float32 array, shape (rows, cols)
        nan where unknown.
    sweeps : int
        Sweeps on each level.
    tension : float
        0 is minimum curvature, 1 a membrane (no overshoot).

    Returns
    -------
    float32 array of the same shape
        Without nan, unless there was no value at all.
    """
    pyramid = [raster]
    while len(pyramid) < LEVELS and min(pyramid[-1].shape) > 4 and np.isnan(pyramid[-1]).any():
        pyramid.append(_halved(pyramid[-1]))
    filled = _spread(pyramid.pop())
    while pyramid:
        finer = pyramid.pop()
        filled = _enlarged_into(finer, filled)
        _relax(filled, np.isnan(finer), sweeps, tension)
    return filled


@kernel
def _halved(fine: Raster) -> Raster:
    """Mean of the known cells of each two by two."""
    rows, cols = (fine.shape[0] + 1) // 2, (fine.shape[1] + 1) // 2
    out = np.empty((rows, cols), np.float32)
    for r in range(rows):
        for c in range(cols):
            total, n = 0.0, 0
            for i in range(2 * r, min(2 * r + 2, fine.shape[0])):
                for j in range(2 * c, min(2 * c + 2, fine.shape[1])):
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
def _enlarged_into(fine: Raster, coarse: Raster) -> Raster:
    """Copy the fine raster, its nan cells from the coarse one by bilinear interpolation."""
    out = fine.copy()
    rows, cols = coarse.shape
    for r in range(fine.shape[0]):
        r0 = min(max((r - 1) // 2, 0), max(rows - 2, 0))
        r1 = min(r0 + 1, rows - 1)
        wr = min(max(0.5 * r - 0.25 - r0, 0.0), 1.0)
        for c in range(fine.shape[1]):
            if np.isnan(fine[r, c]):
                c0 = min(max((c - 1) // 2, 0), max(cols - 2, 0))
                c1 = min(c0 + 1, cols - 1)
                wc = min(max(0.5 * c - 0.25 - c0, 0.0), 1.0)
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
