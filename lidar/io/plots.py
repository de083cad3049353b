"""Field plots from a CSV table or a GIS file of points."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from lidar.errors import VectorFileError
from lidar.io.vector import read_layer

LONGITUDE_LATITUDE = CRS.from_epsg(6668)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlotTable:
    """Circular field plots.

    Parameters
    ----------
    ids : tuple of str
    x_m, y_m : float64 arrays, shape (n,)
        Centres; degrees where `crs` is geographic (x is the longitude).
    radius_m : float64 array, shape (n,)
    hardwood_m3ha, conifer_m3ha : float64 arrays, shape (n,)
    crs : pyproj.CRS or None
        None: that of the run.
    """

    ids: tuple[str, ...]
    x_m: Array
    y_m: Array
    radius_m: Array
    hardwood_m3ha: Array
    conifer_m3ha: Array
    crs: CRS | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def to(self, crs: CRS) -> PlotTable:
        """Return the plots in the coordinate system of a run."""
        x, y = self.x_m, self.y_m
        if self.crs is not None and self.crs != crs:
            x, y = Transformer.from_crs(self.crs, crs, always_xy=True).transform(x, y)
        return replace(self, x_m=np.asarray(x), y_m=np.asarray(y), crs=crs)


def read_plots(path: Path | str) -> PlotTable:
    """Read field plots.

    Parameters
    ----------
    path : path
        CSV (UTF-8 or cp932) with x, y in the run's coordinate system or lon, lat;
        or a GIS file of points. Columns plot_id, radius_m or area_m2,
        hardwood_m3ha, conifer_m3ha.

    Raises
    ------
    VectorFileError
        If the file, a column or a value is missing or wrong; says which and where.
    """
    path = Path(path)
    rows, crs = _csv_rows(path) if path.suffix.lower() in (".csv", ".txt") else _gis_rows(path)
    if not rows:
        raise VectorFileError(f"{path.name}: holds no plots", file=path.name)
    x, y, crs = _centres(path, rows, crs)
    return PlotTable(
        tuple(str(row.get("plot_id") or i + 1) for i, row in enumerate(rows)),
        x,
        y,
        _radii(path, rows),
        _column(path, rows, "hardwood_m3ha"),
        _column(path, rows, "conifer_m3ha"),
        crs,
    )


def _csv_rows(path: Path) -> tuple[list[Mapping[str, Any]], CRS | None]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        message = f"{path.name}: cannot be opened: {error.strerror}"
        raise VectorFileError(message, file=path.name) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp932", "replace")
    return list(csv.DictReader(text.splitlines())), None


def _gis_rows(path: Path) -> tuple[list[Mapping[str, Any]], CRS | None]:
    meta, geometries, columns = read_layer(path)
    points = shapely.centroid(geometries)
    if meta["crs"] is None:
        message = f"{path.name}: states no coordinate system; add one"
        raise VectorFileError(message, file=path.name)
    table = {**columns, "x": shapely.get_x(points), "y": shapely.get_y(points)}
    rows = [{name: values[i] for name, values in table.items()} for i in range(len(geometries))]
    return list(rows), CRS.from_user_input(meta["crs"])


def _centres(
    path: Path, rows: list[Mapping[str, Any]], crs: CRS | None
) -> tuple[Array, Array, CRS | None]:
    if "x" in rows[0] and "y" in rows[0]:
        return _column(path, rows, "x"), _column(path, rows, "y"), crs
    return _column(path, rows, "lon"), _column(path, rows, "lat"), LONGITUDE_LATITUDE


def _radii(path: Path, rows: list[Mapping[str, Any]]) -> Array:
    if "radius_m" in rows[0]:
        radius = _column(path, rows, "radius_m")
    else:
        radius = np.sqrt(_column(path, rows, "area_m2") / math.pi)
    wrong = np.flatnonzero(~(radius > 0))
    if wrong.size:
        message = f"{path.name}: plot in row {wrong[0] + 1} has no size above 0"
        raise VectorFileError(message, file=path.name, row=int(wrong[0]) + 1)
    return radius


def _column(path: Path, rows: list[Mapping[str, Any]], name: str) -> Array:
    if name not in rows[0]:
        raise VectorFileError(
            f"{path.name}: no column {name!r}; there are {', '.join(map(str, rows[0]))}",
            file=path.name,
            column=name,
        )
    return np.array([_number(path, i + 1, name, row[name]) for i, row in enumerate(rows)])


def _number(path: Path, row: int, name: str, value: Any) -> float:  # noqa: ANN401
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise VectorFileError(
            f"{path.name}: row {row}, column {name}: {value!r} is not a number",
            file=path.name,
            row=row,
            column=name,
        )
    return number
