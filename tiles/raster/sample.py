"""Pixels of a COG at the places of a tile's pixels.

A general warp takes most of a tile's time. A tile is small: the places of a few points of it, interpolated, are right to
a small part of a pixel, and one read of the overview that fits gives all values.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from pathlib import Path
from threading import local
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.io import DatasetReader
from rasterio.windows import Window

from tiles.raster.grid import Grid

_KNOTS = 17
_KEPT = 32
# GDAL's and PROJ's objects are a thread's own.
_mine = local()


def opened(path: Path) -> DatasetReader:
    """Return the file, kept open by this thread while it is among the last that were asked for.

    Products are never written again, so that an open one stays right.
    """
    files: OrderedDict[Path, DatasetReader] = _mine.__dict__.setdefault("files", OrderedDict())
    if path not in files:
        files[path] = rasterio.open(path)
        if len(files) > _KEPT:
            files.popitem(last=False)[1].close()
    files.move_to_end(path)
    return files[path]


def sample(
    data: DatasetReader, grid: Grid, bands: int
) -> tuple[NDArray[Any], NDArray[np.bool_]] | None:
    """Return values and gaps at the middle of each pixel of a grid, nearest neighbour.

    Returns
    -------
    tuple of arrays, or None
        Values, shape (band, row, column), and True where there are none, shape (row, column); None where the file
        does not reach the grid.
    """
    column, row = _places(data, grid)
    left, top = math.floor(column.min()), math.floor(row.min())
    right, bottom = math.floor(column.max()) + 1, math.floor(row.max()) + 1
    left, right = max(left, 0), min(right, data.width)
    top, bottom = max(top, 0), min(bottom, data.height)
    if left >= right or top >= bottom:
        return None
    inside = (column >= 0) & (column < data.width) & (row >= 0) & (row < data.height)
    shrink = max(1.0, _pixels_across(column, row, grid))
    shape = (math.ceil((bottom - top) / shrink), math.ceil((right - left) / shrink))
    window = Window(left, top, right - left, bottom - top)
    block = data.read(
        list(range(1, bands + 1)), window=window, out_shape=(bands, *shape), masked=True
    )
    rows = _index(row, top, bottom, shape[0])
    columns = _index(column, left, right, shape[1])
    missing = np.logical_and.reduce(np.ma.getmaskarray(block), axis=0)
    gaps = missing[rows, columns] | ~inside
    return block.data[:, rows, columns], gaps


def value_at(data: DatasetReader, epsg: int, x: float, y: float) -> float | None:
    """Return the value of the pixel at a place (easting or longitude first); None where there is none."""
    if data.crs.to_epsg() != epsg:
        x, y = _transformer(epsg, data.crs.to_wkt()).transform(x, y)
    column, row = (math.floor(index) for index in ~data.transform * (x, y))
    if not (0 <= column < data.width and 0 <= row < data.height):
        return None
    pixel = data.read(1, window=Window(column, row, 1, 1), masked=True)
    return None if np.ma.getmaskarray(pixel)[0, 0] else round(float(pixel[0, 0]), 6)


def _places(data: DatasetReader, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return column and row, as fractions, of the file's pixels at the middles of the grid's."""
    left, bottom, right, top = grid.bounds
    half = (right - left) / grid.size_px / 2
    x = np.linspace(left + half, right - half, _KNOTS)
    y = np.linspace(top - half, bottom + half, _KNOTS)
    east, north = np.meshgrid(x, y)
    if data.crs.to_epsg() != grid.epsg:
        east, north = _transformer(grid.epsg, data.crs.to_wkt()).transform(east, north)
    column, row = ~data.transform * (np.asarray(east), np.asarray(north))
    return _spread(column, grid.size_px), _spread(row, grid.size_px)


def _transformer(epsg: int, wkt: str) -> Transformer:
    known: dict[tuple[int, str], Transformer] = _mine.__dict__.setdefault("transformers", {})
    if (epsg, wkt) not in known:
        known[epsg, wkt] = Transformer.from_crs(epsg, wkt, always_xy=True)
    return known[epsg, wkt]


def _spread(knots: NDArray[np.float64], size_px: int) -> NDArray[np.float64]:
    """Return the values at all pixels, interpolated between those at the knots."""
    at = np.linspace(0, _KNOTS - 1, size_px)
    first = np.minimum(at.astype(np.intp), _KNOTS - 2)
    part = at - first
    # No matrix product: for so small ones BLAS would wake all of its threads.
    lines = knots[first] * (1 - part)[:, None] + knots[first + 1] * part[:, None]
    spread: NDArray[np.float64] = lines[:, first] * (1 - part) + lines[:, first + 1] * part
    return spread


def _pixels_across(column: NDArray[np.float64], row: NDArray[np.float64], grid: Grid) -> float:
    """Return how many pixels of the file a pixel of the grid covers, along the finer side."""
    last = grid.size_px - 1
    across = math.hypot(column[0, last] - column[0, 0], row[0, last] - row[0, 0])
    down = math.hypot(column[last, 0] - column[0, 0], row[last, 0] - row[0, 0])
    return min(across, down) / last


def _index(places: NDArray[np.float64], first: int, end: int, count: int) -> NDArray[np.intp]:
    scaled = (places - first) * (count / (end - first))
    return np.clip(scaled.astype(np.intp), 0, count - 1)
