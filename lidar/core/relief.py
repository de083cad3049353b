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
        0 to 90; nan where the cell is nan. Beside unknown cells and at the edge
        differences are one-sided.
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
    east = np.full(z.shape, np.nan, np.float32)
    south = np.full(z.shape, np.nan, np.float32)
    for r in range(z.shape[0]):
        for c in range(z.shape[1]):
            if not np.isnan(z[r, c]):
                east[r, c] = _mean_rise(z, r, c, 0, 1) / cell
                south[r, c] = _mean_rise(z, r, c, 1, 0) / cell
    return east, south


@kernel
def _mean_rise(z: Raster, r: int, c: int, down: int, right: int) -> float:
    """Rise a cell in one direction, of the three lines through and beside a cell."""
    total, weights = 0.0, 0.0
    for k in range(-1, 2):
        i, j = r + k * right, c + k * down
        ahead, here, behind = (
            _value(z, i + down, j + right),
            _value(z, i, j),
            _value(z, i - down, j - right),
        )
        rise = 0.5 * (ahead - behind)
        if np.isnan(rise):
            rise = here - behind if np.isnan(ahead) else ahead - here
        if not np.isnan(rise):
            weight = 2.0 if k == 0 else 1.0
            total += weight * rise
            weights += weight
    return total / weights if weights > 0.0 else 0.0


@kernel
def _value(z: Raster, r: int, c: int) -> float:
    """Height as float64, nan beyond the edge."""
    inside = 0 <= r < z.shape[0] and 0 <= c < z.shape[1]
    return float(z[r, c]) if inside else np.nan
