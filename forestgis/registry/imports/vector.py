"""Vector files as rows: GeoPackage, GeoJSON and Shapefile (cp932 without .cpg)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from forestgis.registry.domain.faults import Fault, RefusedError


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature; `line` counts from 1, geometry is in the file's CRS."""

    line: int
    values: dict[str, Any]
    geom: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class VectorFile:
    """The features of one layer of a file."""

    name: str
    crs: CRS | None
    columns: list[str]
    features: list[Feature]


def read(path: Path, *, layer: str | None = None, epsg: int | None = None) -> VectorFile:
    """Read a layer with all its attributes.

    Parameters
    ----------
    path : Path
        GeoPackage, GeoJSON or Shapefile.
    layer : str, optional
        Layer name; the first layer when left out.
    epsg : int, optional
        CRS to assume for a file that names none. A CRS in the file wins.

    Raises
    ------
    RefusedError
        If the file cannot be read, is empty or names no CRS.
    """
    try:
        meta, _fids, geometries, columns = pyogrio.raw.read(
            path, layer=layer, encoding=_encoding(path), force_2d=True
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeError) as error:
        raise RefusedError([Fault("unreadable", path.name, detail=str(error))]) from error
    names = [str(name) for name in meta["fields"]]
    features = _features(names, columns, geometries)
    if not features:
        raise RefusedError([Fault("no_features", path.name)])
    crs = _crs(meta["crs"], epsg)
    if crs is None:
        raise RefusedError([Fault("no_crs", path.name)])
    return VectorFile(path.name, crs, names, features)


def _encoding(path: Path) -> str | None:
    """Shapefiles of Japanese offices come in cp932 and mostly without a .cpg that says so."""
    if path.suffix.lower() != ".shp":
        return None
    says_itself = any(path.with_suffix(suffix).exists() for suffix in (".cpg", ".CPG"))
    return None if says_itself else "cp932"


def _features(names: list[str], columns: Any, geometries: Any) -> list[Feature]:  # noqa: ANN401
    """Rows of the column arrays that pyogrio gives."""
    if geometries is None:
        return []
    shapes = shapely.from_wkb(geometries)
    return [
        Feature(
            line=index + 1,
            values={
                name: _plain(column[index]) for name, column in zip(names, columns, strict=True)
            },
            geom=shape,
        )
        for index, shape in enumerate(shapes)
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Turn a cell into a Python value; nan of a numeric column is a missing one."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and np.isnan(value):
        return None
    return value


def _crs(text: str | None, epsg: int | None) -> CRS | None:
    """CRS of the file, else the assumed one."""
    if not text:
        return CRS.from_epsg(epsg) if epsg else None
    try:
        return CRS.from_user_input(text)
    except CRSError:
        return CRS.from_epsg(epsg) if epsg else None
