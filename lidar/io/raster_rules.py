"""Hold a terrain or canopy raster against the rules of the national open-data standard.

Rules as the checkers of オープンデータ標準仕様書 Ver 2.1 (section 2.5.2) and 林野庁
マップタイル作成マニュアル apply them: one GeoTIFF with its own georeference, nodata -9999,
square pixels of at most 1 m, a plane rectangular zone, values in steps of 0.1 or 0.01 m,
an origin on the lines of the sheet grid, at most 10 % missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.errors import RasterioIOError
from rasterio.io import DatasetReader

from lidar.core.mesh20m import NORTH_M, WEST_M
from lidar.io import crs as crs_io
from lidar.io.cog import NODATA
from lidar.io.faults import Fault, refuse, warn

LARGEST_PIXEL_M = 1.0
OPEN_DATA_PIXEL_M = 0.5
MOST_MISSING = 0.10
LOSSLESS = {None, "LZW", "DEFLATE", "ZSTD", "PACKBITS", "LERC_ZSTD"}
STEPS_PER_M = 100
STEP_TOLERANCE = 0.02
_ON_GRID = 1e-6

Rule = Callable[[DatasetReader], Iterator[Fault]]


def check(path: Path | str) -> list[Fault]:
    """Return what is wrong with a raster, nothing when it keeps the rules.

    Parameters
    ----------
    path : path
        GeoTIFF of heights in metres. A world file beside it does not count.

    Returns
    -------
    list of Fault
        "refuse" for a rule broken, "warn" for a recommendation not followed.
    """
    path = Path(path)
    try:
        with rasterio.Env(GDAL_GEOREF_SOURCES="INTERNAL"), rasterio.open(path) as dataset:
            return [fault for rule in _RULES for fault in rule(dataset)]
    except RasterioIOError as error:
        return [refuse("unreadable", f"{path.name}: cannot be read as a raster ({error})")]


def _format(dataset: DatasetReader) -> Iterator[Fault]:
    name = Path(dataset.name).name
    if dataset.driver not in ("GTiff", "COG"):
        yield refuse("not_geotiff", f"{name}: is {dataset.driver}; write a GeoTIFF")
    if dataset.count != 1:
        yield refuse("bands", f"{name}: has {dataset.count} bands; heights have one")
    if dataset.dtypes[0] != "float32":
        yield warn("not_float32", f"{name}: holds {dataset.dtypes[0]}; 32-bit floats are preferred")
    packing = dataset.compression.value if dataset.compression else None
    if packing not in LOSSLESS:
        yield refuse("lossy", f"{name}: is compressed by {packing}, which may change values")


def _nodata(dataset: DatasetReader) -> Iterator[Fault]:
    if dataset.nodata != NODATA:
        name = Path(dataset.name).name
        yield refuse("nodata", f"{name}: nodata is {dataset.nodata}; the standard has -9999")


def _place(dataset: DatasetReader) -> Iterator[Fault]:
    name = Path(dataset.name).name
    if dataset.transform.is_identity:
        yield refuse(
            "no_georeference",
            f"{name}: carries no georeference of its own; a .tfw file beside it is not enough",
        )
        return
    yield from _zone(dataset, name)
    width, height = dataset.res
    if dataset.transform.b or dataset.transform.d or abs(width - height) > _ON_GRID:
        yield refuse("not_square", f"{name}: pixels of {width} x {height} are not square")
        return
    yield from _pixel(name, width)
    yield from _origin(name, dataset.transform.c, dataset.transform.f, width)


def _zone(dataset: DatasetReader, name: str) -> Iterator[Fault]:
    crs = None if dataset.crs is None else CRS.from_wkt(dataset.crs.to_wkt())
    if crs is None or crs_io.plane_zone(crs) is None:
        label = "none" if crs is None else crs_io.label(crs)
        yield refuse(
            "not_plane_rectangular",
            f"{name}: coordinate system is {label}; the standard has the plane rectangular zones "
            "(EPSG 6669-6687 or 2443-2461)",
            crs=label,
        )


def _pixel(name: str, size: float) -> Iterator[Fault]:
    if size > LARGEST_PIXEL_M + _ON_GRID:
        yield refuse("coarse", f"{name}: pixels of {size:g} m; at most {LARGEST_PIXEL_M:g} m")
    elif size > OPEN_DATA_PIXEL_M + _ON_GRID:
        yield warn("coarse_for_open_data", f"{name}: pixels of {size:g} m; open data has 0.5 m")


def _origin(name: str, left: float, top: float, size: float) -> Iterator[Fault]:
    parts = [(left - WEST_M) / size % 1, (NORTH_M - top) / size % 1]
    off = [min(part, 1 - part) for part in parts]
    if max(off) > _ON_GRID:
        half = all(abs(o - 0.5) < _ON_GRID or o < _ON_GRID for o in off)
        reason = ", half a cell: centres were taken for corners" if half else ""
        yield refuse(
            "off_grid",
            f"{name}: origin ({left}, {top}) is not on the lines of the sheet grid{reason}",
            left=left,
            top=top,
        )


def _values(dataset: DatasetReader) -> Iterator[Fault]:
    name = Path(dataset.name).name
    known = missing = off_step = infinite = 0
    for _, window in dataset.block_windows(1):
        block = dataset.read(1, window=window).astype(np.float64)
        there = _known(block, dataset.nodata)
        values = block[there]
        finite = np.isfinite(values)
        infinite += int((~finite).sum())
        steps = values[finite] * STEPS_PER_M
        off_step += int((np.abs(steps - np.rint(steps)) > STEP_TOLERANCE).sum())
        known += values.size
        missing += int((~there).sum())
    if infinite:
        yield refuse("not_finite", f"{name}: {infinite} cells are infinite or not a number")
    if off_step:
        yield refuse(
            "not_rounded",
            f"{name}: {off_step} values are not in steps of 0.01 m; round them",
            cells=off_step,
        )
    if missing > MOST_MISSING * (known + missing):
        share = missing / (known + missing)
        yield warn(
            "missing",
            f"{name}: {share:.1%} of the cells are missing; at most {MOST_MISSING:.0%} of a sheet",
            share=round(share, 4),
        )


def _known(block: NDArray[np.float64], nodata: float | None) -> NDArray[np.bool_]:
    return np.ones(block.shape, np.bool_) if nodata is None else np.asarray(block != nodata)


_RULES: tuple[Rule, ...] = (_format, _nodata, _place, _values)
