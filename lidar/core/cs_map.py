"""The CS map (CS立体図): curvature in colour over slope in grey, for reading micro-topography.

Toda (戸田堅一郎 2014, 砂防学会誌 66(6), 長野県林業総合センター): ridges red, hollows blue,
steep ground dark. Layers and weights follow his recipe as csmap-py (MIERUNE, MIT) mixes
them: each layer half as strong as the one above it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lidar.core.blur import blurred
from lidar.core.relief import slope_deg
from lidar.core.sampling import Raster

SMOOTHING_M = 3.0
STEEPEST_RAD = np.pi / 3
SHARPEST_PER_M = 0.1
HIGHEST_M = 2300.0

_GREY_SLOPE = ((255, 255, 255), (0, 0, 0))
_RED_SLOPE = ((255, 245, 235), (100, 50, 20))
_BLUE_CURVATURE = ((35, 80, 100), (225, 235, 245))
_BLUE_RED_CURVATURE = ((75, 100, 165), (245, 245, 245), (145, 55, 50))
_GREY_HEIGHT = ((0, 0, 0), (255, 255, 255))
_WEIGHTS = (8, 4, 2, 1, 1)


def cs_map(dtm_m: Raster, cell_m: float) -> NDArray[np.uint8]:
    """Return the CS map of a terrain model as red, green, blue.

    Parameters
    ----------
    dtm_m : float32 array, shape (rows, cols)
        Heights in metres, nan where unknown.
    cell_m : float
        Edge of a cell in metres, about 1.

    Returns
    -------
    uint8 array, shape (3, rows, cols)
        1 to 255; 0 in all bands where the cell is nan. A cell depends on cells up to
        13 m away.
    """
    slope = np.radians(slope_deg(dtm_m, cell_m)) / STEEPEST_RAD
    bend = curvature(blurred(dtm_m, cell_m, SMOOTHING_M), cell_m) / SHARPEST_PER_M / 2 + 0.5
    layers = (
        _ramp(slope, _GREY_SLOPE),
        _ramp(bend, _BLUE_RED_CURVATURE),
        _ramp(slope, _RED_SLOPE),
        _ramp(bend, _BLUE_CURVATURE),
        _ramp(dtm_m / HIGHEST_M, _GREY_HEIGHT),
    )
    mixed = sum(w * layer for w, layer in zip(_WEIGHTS, layers, strict=True)) / sum(_WEIGHTS)
    colours = np.clip(np.rint(mixed), 1, 255)
    return np.where(np.isnan(dtm_m), 0, np.nan_to_num(colours)).astype(np.uint8)


def curvature(height_m: Raster, cell_m: float) -> Raster:
    """Return the curvature of a surface, per metre (Zevenbergen and Thorne 1987).

    Positive on ridges, negative in hollows, 0 on any plane and where a neighbour is
    unknown; nan where the cell is.
    """
    padded = np.pad(height_m, 1, constant_values=np.nan)
    here = padded[1:-1, 1:-1]
    along = (padded[1:-1, :-2] + padded[1:-1, 2:]) / 2 - here
    across = (padded[:-2, 1:-1] + padded[2:, 1:-1]) / 2 - here
    found = -2.0 * (along + across) / np.float32(cell_m**2)
    return np.where(np.isnan(here), np.nan, np.nan_to_num(found)).astype(np.float32)


def _ramp(part: NDArray[np.floating], colours: tuple[tuple[int, int, int], ...]) -> Raster:
    """Return colours between stops for parts of 0 to 1, shape (3, rows, cols)."""
    stops = np.linspace(0.0, 1.0, len(colours))
    bands = [np.interp(part, stops, band) for band in zip(*colours, strict=True)]
    return np.stack(bands).astype(np.float32)
