"""Slope and shading of a terrain model."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lidar.core.kernel import kernel

Raster = NDArray[np.float32]


def slope_deg(dtm_m: Raster, cell_m: float) -> Raster:
    """Return the steepest slope of each cell in degrees (Horn 1981).

    Parameters
    ----------
    dtm_m : float32 array, shape (rows, cols)
        Heights in metres, nan where unknown.
    cell_m : float
        Edge of a cell in metres.

    Returns
    -------
    float32 array of the same shape
        0 to 90; nan where the cell is nan. Unknown neighbours and those beyond
        the edge count as the cell itself mirrored, so an edge keeps its slope.
    """
    east, south = _gradient(dtm_m, cell_m)
    return np.degrees(np.arctan(np.hypot(east, south))).astype(np.float32)


def hillshade(
    dtm_m: Raster, cell_m: float, azimuth_deg: float = 315.0, altitude_deg: float = 45.0
) -> NDArray[np.uint8]:
    """Return the light on each cell from one sun (Horn 1981).

    Parameters
    ----------
    dtm_m : float32 array, shape (rows, cols)
        Heights in metres, nan where unknown.
    cell_m : float
        Edge of a cell in metres.
    azimuth_deg, altitude_deg : float
        Direction of the sun clockwise from north, and its height.

    Returns
    -------
    uint8 array of the same shape
        1 (shadow) to 255 (faces the sun); 0 where the cell is nan.
    """
    east, south = _gradient(dtm_m, cell_m)
    azimuth, altitude = math.radians(azimuth_deg), math.radians(altitude_deg)
    towards_sun = east * math.sin(azimuth) - south * math.cos(azimuth)
    light = (math.sin(altitude) - math.cos(altitude) * towards_sun) / np.sqrt(
        1.0 + east.astype(np.float64) ** 2 + south.astype(np.float64) ** 2
    )
    shade = 1.0 + 254.0 * np.clip(light, 0.0, 1.0)
    return np.where(np.isnan(shade), 0, np.round(np.nan_to_num(shade))).astype(np.uint8)


@kernel
def _gradient(z: Raster, cell: float) -> tuple[Raster, Raster]:
    """Rise per metre to the east and to the south, by Horn's weighted differences."""
    rows, cols = z.shape
    east = np.full(z.shape, np.nan, np.float32)
    south = np.full(z.shape, np.nan, np.float32)
    for r in range(rows):
        for c in range(cols):
            if np.isnan(z[r, c]):
                continue
            de, ds = 0.0, 0.0
            for k in range(-1, 2):
                weight = 2.0 if k == 0 else 1.0
                de += weight * _rise(z, r + k, c - 1, r + k, c + 1, r, c)
                ds += weight * _rise(z, r - 1, c + k, r + 1, c + k, r, c)
            east[r, c] = de / (8.0 * cell)
            south[r, c] = ds / (8.0 * cell)
    return east, south


@kernel
def _rise(z: Raster, r0: int, c0: int, r1: int, c1: int, r: int, c: int) -> float:
    """Difference over two cells; from one side doubled, 0 when neither is known."""
    rows, cols = z.shape
    known0 = 0 <= r0 < rows and 0 <= c0 < cols and not np.isnan(z[r0, c0])
    known1 = 0 <= r1 < rows and 0 <= c1 < cols and not np.isnan(z[r1, c1])
    if known0 and known1:
        return float(z[r1, c1]) - float(z[r0, c0])
    mid_r, mid_c = (r0 + r1) // 2, (c0 + c1) // 2
    if not (0 <= mid_r < rows and 0 <= mid_c < cols) or np.isnan(z[mid_r, mid_c]):
        mid_r, mid_c = r, c
    if known1:
        return 2.0 * (float(z[r1, c1]) - float(z[mid_r, mid_c]))
    if known0:
        return 2.0 * (float(z[mid_r, mid_c]) - float(z[r0, c0]))
    return 0.0
