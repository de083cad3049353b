"""Filling holes of a raster by minimum curvature, from coarse to fine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lidar.core.kernel import kernel

LEVELS = 6
SWEEPS = 20
TENSION = 0.1
OVER_RELAXATION = 1.6

Raster = NDArray[np.float32]
Mask = NDArray[np.bool_]


def surrounded(known: Mask, reach: int, margin: int = 0) -> Mask:
    """Return the cells that count as covered: the known ones and the holes among them.

    A closing with a square: holes up to twice the reach are covered, the land
    beyond the outermost known cells is not, but for a margin. What lies beyond the
    raster counts as land without data, so give it an edge of `reach` cells.

    Parameters
    ----------
    known : bool array, shape (rows, cols)
    reach, margin : int
        Cells; the margin no greater than the reach.
    """
    near = ndimage.maximum_filter(known.view(np.uint8), 2 * reach + 1, mode="constant", cval=0)
    size = 2 * (reach - margin) + 1
    covered: Mask = ndimage.minimum_filter(near, size, mode="constant", cval=0).view(np.bool_)
    return covered


def fill_holes(
    raster: Raster,
    covered: Mask,
    first_cell: tuple[int, int] = (0, 0),
    sweeps: int = SWEEPS,
    tension: float = TENSION,
) -> Raster:
    """Fill nan cells by the surface of least curvature through the others.

    Biharmonic equation in tension (Briggs 1974; Smith and Wessel 1990), solved by
    over-relaxed Gauss-Seidel sweeps on a pyramid of means: each level starts
    from the bilinear enlargement of the coarser one. Cells with a value keep it.

    Parameters
    ----------
    raster : float32 array, shape (rows, cols)
        nan where unknown.
    covered : bool array, shape (rows, cols)
        Where to fill, see `surrounded`; all cells with a value, and holes next to
        them. What is not covered has no part in the solution, so it does not
        matter how far the raster reaches beyond the data.
    first_cell : (int, int)
        Row and column of the first cell on the plane (`Grid.first_cell`). The
        pyramid is laid from the origin of the plane, so that two rasters that
        overlap are filled alike: 30 m from the edge of one of them within
        1 mm (measured on a mountain forest, 1 m cells).
    sweeps : int
        Sweeps on each level.
    tension : float
        0 is minimum curvature, 1 a membrane (no overshoot).

    Returns
    -------
    float32 array of the same shape
        nan where not covered, and all nan when there was no value at all.
    """
    pyramid = [(raster, covered, *first_cell)]
    while len(pyramid) < LEVELS and (np.isnan(raster) & covered).any():
        _, _, row, col = pyramid[-1]
        raster, covered = _halved(raster, covered, row % 2, col % 2)
        pyramid.append((raster, covered, row // 2, col // 2))
    filled = _spread(*pyramid.pop()[:2])
    for finer, inside, row, col in reversed(pyramid):
        unknown = np.isnan(finer) & inside
        filled = _enlarged_into(finer, unknown, filled, row % 2, col % 2)
        _relax(filled, unknown, sweeps, tension)
    return filled


@kernel
def _halved(fine: Raster, covered: Mask, odd_row: int, odd_col: int) -> tuple[Raster, Mask]:
    """Mean of the known cells of each two by two that starts on even numbers."""
    rows, cols = (fine.shape[0] + odd_row + 1) // 2, (fine.shape[1] + odd_col + 1) // 2
    out = np.empty((rows, cols), np.float32)
    out_covered = np.zeros((rows, cols), np.bool_)
    for r in range(rows):
        for c in range(cols):
            total, n = 0.0, 0
            for i in range(max(2 * r - odd_row, 0), min(2 * r - odd_row + 2, fine.shape[0])):
                for j in range(max(2 * c - odd_col, 0), min(2 * c - odd_col + 2, fine.shape[1])):
                    out_covered[r, c] |= covered[i, j]
                    if not np.isnan(fine[i, j]):
                        total += fine[i, j]
                        n += 1
            out[r, c] = total / n if n else np.nan
    return out, out_covered


@kernel
def _spread(raster: Raster, covered: Mask) -> Raster:
    """Give covered nan cells the mean of their known neighbours, ring by ring."""
    rows, cols = raster.shape
    old = raster.copy()
    for _ in range(rows + cols):
        new = old.copy()
        changed = False
        for r in range(rows):
            for c in range(cols):
                if not covered[r, c] or not np.isnan(old[r, c]):
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
def _enlarged_into(
    fine: Raster, unknown: Mask, coarse: Raster, odd_row: int, odd_col: int
) -> Raster:
    """Copy the fine raster, its unknown cells from the coarse one, bilinear without nan."""
    out = fine.copy()
    rows, cols = coarse.shape
    for r in range(fine.shape[0]):
        place_r = min(max(0.5 * (r + odd_row) - 0.25, 0.0), rows - 1.0)
        r0 = int(place_r)
        for c in range(fine.shape[1]):
            if not unknown[r, c]:
                continue
            place_c = min(max(0.5 * (c + odd_col) - 0.25, 0.0), cols - 1.0)
            c0 = int(place_c)
            total, weight = 0.0, 0.0
            for i in range(r0, min(r0 + 2, rows)):
                for j in range(c0, min(c0 + 2, cols)):
                    if not np.isnan(coarse[i, j]):
                        w = (1.0 - abs(place_r - i)) * (1.0 - abs(place_c - j))
                        total += w * coarse[i, j]
                        weight += w
            out[r, c] = total / weight if weight > 0.0 else np.nan
    return out


@kernel
def _relax(u: Raster, unknown: Mask, sweeps: int, tension: float) -> None:
    """Sweep over the unknown cells.

    What the cell to the west adds comes last: it was changed just before, so the
    next cell has to wait for these few operations only.
    """
    free = 1.0 - tension
    weight = (20.0 * free + 4.0 * tension) / OVER_RELAXATION
    beside, corner, far = (8.0 * free + tension) / weight, 2.0 * free / weight, free / weight
    inner, rim = _where(unknown)
    for _ in range(sweeps):
        for k in range(inner.shape[0]):
            r, c = inner[k, 0], inner[k, 1]
            others = (np.float64(u[r - 1, c]) + u[r + 1, c] + u[r, c + 1]) * beside
            others -= (np.float64(u[r - 2, c]) + u[r + 2, c] + u[r, c + 2]) * far
            north = np.float64(u[r - 1, c - 1]) + u[r - 1, c + 1]
            others -= (north + u[r + 1, c - 1] + u[r + 1, c + 1]) * corner
            old = np.float64(u[r, c])
            new = (others + old * (1.0 - OVER_RELAXATION)) - far * u[r, c - 2]
            new += beside * u[r, c - 1]
            if np.isnan(new):
                new = old + OVER_RELAXATION * (_mean_beside(u, r, c) - old)
            u[r, c] = new
        for k in range(rim.shape[0]):
            r, c = rim[k, 0], rim[k, 1]
            u[r, c] += OVER_RELAXATION * (_mean_beside(u, r, c) - u[r, c])


@kernel
def _where(unknown: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the unknown cells two or more from the edge, and of the others."""
    rows, cols = unknown.shape
    total = unknown.sum()
    inner, rim = np.empty((total, 2), np.int64), np.empty((total, 2), np.int64)
    n_inner, n_rim = 0, 0
    for r in range(rows):
        for c in range(cols):
            if not unknown[r, c]:
                continue
            if 1 < r < rows - 2 and 1 < c < cols - 2:
                inner[n_inner, 0], inner[n_inner, 1] = r, c
                n_inner += 1
            else:
                rim[n_rim, 0], rim[n_rim, 1] = r, c
                n_rim += 1
    return inner[:n_inner], rim[:n_rim]


@kernel
def _mean_beside(u: Raster, r: int, c: int) -> float:
    """Mean of the four neighbours, the cell itself in place of those that are unknown."""
    total = 0.0
    for i, j in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
        inside = 0 <= i < u.shape[0] and 0 <= j < u.shape[1]
        total += u[i, j] if inside and not np.isnan(u[i, j]) else u[r, c]
    return total / 4.0
