"""Vector files as rows: GeoPackage, GeoJSON and Shapefile (cp932 without .cpg)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
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
    """One layer of a file, as arrays of equal length.

    Attributes
    ----------
    crs : CRS
    columns : list of str
    data : list of arrays
        One for each column, as read.
    geoms : array of shapely geometries
        In the file's CRS; None where a feature has none.
    first_line : int
        Line of the first feature, where these are a part of the file.
    """

    name: str
    crs: CRS
    columns: list[str]
    data: list[NDArray[Any]]
    geoms: NDArray[np.object_]
    first_line: int = 1

    @property
    def features(self) -> list[Feature]:
        """The rows one by one, as Python values."""
        cells = [[_plain(value) for value in column] for column in self.data]
        return [
            Feature(self.first_line + index, dict(zip(self.columns, row, strict=True)), geom)
            for index, (geom, *row) in enumerate(zip(self.geoms, *cells, strict=True))
        ]

    def column(self, name: str) -> list[Any]:
        """Values of one column as Python values; a missing one is None."""
        return [_plain(value) for value in self.data[self.columns.index(name)]]


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
    source = _part(path, layer, epsg, 1, None)
    if source is None:
        raise RefusedError([Fault("no_features", path.name)])
    return source


def blocks(path: Path, *, epsg: int | None = None) -> Iterator[VectorFile]:
    """Read a file's first layer part by part, so that a large one need not be in memory twice.

    Raises
    ------
    RefusedError
        As `read`.
    """
    if path.suffix.lower() not in _SEEKABLE:
        yield read(path, epsg=epsg)
        return
    line = 1
    while source := _part(path, None, epsg, line, _BLOCK):
        yield source
        line += len(source.geoms)
        if len(source.geoms) < _BLOCK:
            return
    if line == 1:
        raise RefusedError([Fault("no_features", path.name)])


#: Features of a block; formats in which a feature is found without reading those before it.
_BLOCK = 20_000
_SEEKABLE = frozenset({".shp", ".gpkg"})


def _part(
    path: Path, layer: str | None, epsg: int | None, first_line: int, at_most: int | None
) -> VectorFile | None:
    try:
        meta, _fids, geometries, columns = pyogrio.raw.read(
            path,
            layer=layer,
            encoding=_encoding(path),
            force_2d=True,
            skip_features=first_line - 1,
            max_features=at_most,
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeError) as error:
        raise RefusedError([Fault("unreadable", path.name, detail=str(error))]) from error
    names = [str(name) for name in meta["fields"]]
    if geometries is None or not len(geometries):
        return None
    crs = _crs(meta["crs"], epsg)
    if crs is None:
        raise RefusedError([Fault("no_crs", path.name)])
    geoms = shapely.from_wkb(geometries, on_invalid="ignore")
    return VectorFile(path.name, crs, names, list(columns), geoms, first_line)


def _encoding(path: Path) -> str | None:
    """Shapefiles of Japanese offices come in cp932 and mostly without a .cpg that says so."""
    if path.suffix.lower() != ".shp":
        return None
    says_itself = any(path.with_suffix(suffix).exists() for suffix in (".cpg", ".CPG"))
    return None if says_itself else "cp932"


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
