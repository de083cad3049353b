"""Grey-scale erosion, dilation and opening with octagons, step by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lidar.core.kernel import kernel

Raster = NDArray[np.float32]


@kernel
def erode_step(raster: Raster, radius: int) -> Raster:
    """Take an erosion from `radius` - 1 to `radius` cells.

    Odd radii add a diamond, even ones a square: together an octagon, the nearest
    thing to a disc that is built from steps of one cell.
    """
    rows, cols = raster.shape
    out = np.empty_like(raster)
    for r in range(rows):
        up, down = max(r - 1, 0), min(r + 1, rows - 1)
        for c in range(cols):
            left, right = max(c - 1, 0), min(c + 1, cols - 1)
            low = min(
                min(raster[r, c], raster[up, c]),
                min(raster[down, c], min(raster[r, left], raster[r, right])),
            )
            if radius % 2 == 0:
                low = min(low, min(raster[up, left], raster[up, right]))
                low = min(low, min(raster[down, left], raster[down, right]))
            out[r, c] = low
    return out


def dilate(raster: Raster, radius: int) -> Raster:
    """Return the greatest value within an octagon of `radius` cells."""
    out = -raster
    for step in range(1, radius + 1):
        out = erode_step(out, step)
    return -out
