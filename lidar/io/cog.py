"""Rasters as cloud optimised GeoTIFF, written window by window, same bytes each time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.windows import Window

from lidar.core.grid import Grid

NODATA = -9999.0
BLOCK = 512


@dataclass(frozen=True, slots=True)
class RasterKind:
    """How a raster is stored.

    Parameters
    ----------
    name : str
        File name without ending, and key in a result.
    unit : str
        Unit of the values, as UCUM or a word; in the tags.
    title : str
        What it is, in English; the band's description.
    decimals : int or None
        Values are rounded to so many; None keeps them.
    resampling : str
        How overviews are made.
    dtype : str
        "float32" with nodata -9999, or "uint8" with nodata 0.
    bands : int
        3 for a picture in red, green and blue.
    """

    name: str
    unit: str
    title: str
    decimals: int | None = None
    resampling: str = "average"
    dtype: str = "float32"
    bands: int = 1

    @property
    def nodata(self) -> float:
        """Value that stands for nothing."""
        return 0.0 if self.dtype == "uint8" else NODATA


def write(
    path: Path,
    grid: Grid,
    kind: RasterKind,
    parts: Iterable[tuple[Grid, NDArray[Any]]],
    tags: dict[str, str] | None = None,
) -> None:
    """Write a raster from parts, in memory for one part at a time.

    Parameters
    ----------
    path : Path
        Of the COG.
    grid : Grid
        Of the whole raster; what no part covers is nodata.
    kind : RasterKind
    parts : iterable of (Grid, array)
        Each inside `grid`, nan for no data in floats; shape (rows, cols), or (bands, rows,
        cols) for a picture.
    tags : dict, optional
        More tags of the file, such as run and engine version.
    """
    plain = path.with_suffix(".plain.tif")
    profile = _profile(grid, kind)
    with rasterio.open(plain, "w", **profile) as dataset:
        dataset.update_tags(**(tags or {}), AREA_OR_POINT="Area")
        if kind.bands == 1:
            dataset.update_tags(1, unit=kind.unit)
            dataset.set_band_description(1, kind.title)
        dataset.units = (kind.unit,) * kind.bands
        for part, values in parts:
            rows, cols = grid.window_of(part)
            window = Window.from_slices(rows, cols)
            stored = _encoded(values, kind).reshape(kind.bands, part.rows, part.cols)
            dataset.write(stored, window=window)
    rasterio.shutil.copy(
        plain,
        path,
        driver="COG",
        BLOCKSIZE=BLOCK,
        COMPRESS="DEFLATE",
        PREDICTOR="YES",
        LEVEL=6,
        RESAMPLING=kind.resampling,
        OVERVIEW_RESAMPLING=kind.resampling,
        OVERVIEWS="IGNORE_EXISTING",
        BIGTIFF="IF_SAFER",
    )
    plain.unlink()


def read(path: Path, window: Window | None = None) -> NDArray[np.float32]:
    """Return the first band of a raster, or a window of it, as float32, nan for no data."""
    with rasterio.open(path) as dataset:
        values = dataset.read(1, window=window).astype(np.float32)
        values[values == dataset.nodata] = np.nan
        return np.asarray(values, np.float32)


def _profile(grid: Grid, kind: RasterKind) -> dict[str, Any]:
    return {
        "driver": "GTiff",
        "height": grid.rows,
        "width": grid.cols,
        "count": kind.bands,
        "dtype": kind.dtype,
        "nodata": kind.nodata,
        "crs": rasterio.crs.CRS.from_wkt(grid.crs.to_wkt()),
        "transform": grid.transform,
        "tiled": True,
        "blockxsize": BLOCK,
        "blockysize": BLOCK,
        "compress": "ZSTD",
        "zstd_level": 1,
        **({"photometric": "RGB"} if kind.bands == 3 else {}),
        "BIGTIFF": "IF_SAFER",
    }


def _encoded(values: NDArray[Any], kind: RasterKind) -> NDArray[Any]:
    if kind.dtype == "uint8":
        return values.astype(np.uint8)
    stored = values.astype(np.float32)
    if kind.decimals is not None:
        stored = np.round(stored.astype(np.float64), kind.decimals).astype(np.float32)
    return np.where(np.isnan(stored), np.float32(NODATA), stored)
