"""Compartments from GIS files, and layers written as GeoPackage, same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyogrio
import rasterio
import rasterio.features
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError as ProjError
from shapely.geometry.base import BaseGeometry

from lidar.core.grid import Grid
from lidar.errors import VectorFileError

KEY_COLUMNS = ("keycode", "n03_007", "key", "id")
UNCHANGING_DATE = "2000-01-01T00:00:00.000Z"
JAPANESE = "cp932"

Geometries = NDArray[np.object_]
Kind = Literal["MultiPolygon", "Point"]


@dataclass(frozen=True, slots=True)
class Zones:
    """Areas to total over: compartments, or squares that stand in for them.

    Parameters
    ----------
    keys : tuple of str
        Unique, KEYCODE where there is one.
    geometries : object array of shapely (Multi)Polygons, shape (n,)
    crs : pyproj.CRS
    are_squares : bool
        Whether they only stand in for compartments that were not given.
    hardwood_share : float64 array, shape (n,), or None
        Share of hardwood in the stock that the register states, nan where it states none.
    """

    keys: tuple[str, ...]
    geometries: Geometries
    crs: CRS
    are_squares: bool = False
    hardwood_share: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def to(self, crs: CRS) -> Zones:
        """Return the zones in another coordinate system."""
        if crs == self.crs:
            return self
        moved = reprojected(self.geometries, self.crs, crs)
        return replace(self, geometries=moved, crs=crs)

    @classmethod
    def squares(cls, grid: Grid) -> Zones:
        """Return the cells of a grid as zones with keys ``grid-<west>-<south>``."""
        left, top, cell = grid.left, grid.top, grid.cell_m
        corners = [
            (left + c * cell, top - (r + 1) * cell)
            for r in range(grid.rows)
            for c in range(grid.cols)
        ]
        x, y = np.array(corners).T
        keys = tuple(f"grid-{a:.0f}-{b:.0f}" for a, b in corners)
        return cls(keys, shapely.box(x, y, x + cell, y + cell), grid.crs, are_squares=True)


def read_zones(path: Path | str, key: str | None = None) -> Zones:
    """Read polygons from a GeoPackage, Shapefile or GeoJSON file.

    Rows of one key become one zone. A column hardwood_share (0 to 1) is taken for the share of
    hardwood in the register's stock; the first row of a key speaks for it. Shapefiles without a .cpg file are read as
    cp932, as Japanese offices write them.

    Parameters
    ----------
    path : path
    key : str, optional
        Column of the key; by default KEYCODE, N03_007 (code of the national municipality
        boundaries), key or id, else rows are numbered.

    Raises
    ------
    VectorFileError
        If the file cannot be read, has no coordinate system, no polygons, not
        the key column, or a row without key.
    """
    path = Path(path)
    meta, geometries, columns = read_layer(path)
    polygons = np.array([_polygonal(g) for g in geometries], dtype=object)
    good = np.array([g is not None for g in polygons], bool)
    if not good.any():
        raise VectorFileError(
            f"{path.name}: no polygons in it; give the compartments' areas", file=path.name
        )
    keys = _keys(path, columns, key, len(geometries))
    stated = _hardwood_share(columns, len(geometries))
    merged: dict[str, list[Any]] = {}
    share: dict[str, float] = {}
    for name, polygon, part in zip(
        np.array(keys, object)[good], polygons[good], stated[good], strict=True
    ):
        merged.setdefault(name, []).append(polygon)
        share.setdefault(name, part)
    shapes = [
        parts[0] if len(parts) == 1 else shapely.union_all(parts) for parts in merged.values()
    ]
    return Zones(
        tuple(merged),
        np.array(shapes, dtype=object),
        _layer_crs(path, meta),
        hardwood_share=np.array(list(share.values())),
    )


def _hardwood_share(columns: dict[str, NDArray[Any]], n: int) -> NDArray[np.float64]:
    """Return the column of that name, nan where there is none or no share is stated."""
    lowered = {name.lower(): values for name, values in columns.items()}
    values = lowered.get("hardwood_share")
    if values is None or values.dtype.kind not in "fiu":
        return np.full(n, np.nan)
    share = values.astype(np.float64)
    return np.where((share >= 0) & (share <= 1), share, np.nan)


def read_layer(
    path: Path, *, layer: str | None = None, where: str | None = None
) -> tuple[dict[str, Any], Geometries, dict[str, NDArray[Any]]]:
    """Return what a layer of a GIS file says of itself, its geometries and columns.

    Parameters
    ----------
    path : Path
    layer : str, optional
        By default the first.
    where : str, optional
        Condition in OGR's SQL on the rows.

    Raises
    ------
    VectorFileError
        If GDAL cannot read the file.
    """
    last: Exception | None = None
    for encoding in _encodings(path):
        try:
            meta, _, wkb, data = pyogrio.raw.read(path, layer or 0, encoding=encoding, where=where)
        except UnicodeDecodeError as error:
            last = error
            continue
        except (DataSourceError, OSError, ValueError, RuntimeError) as error:
            last = error
            break
        columns = dict(zip(meta["fields"], data, strict=True))
        return meta, np.asarray(shapely.from_wkb(wkb), dtype=object), columns
    raise VectorFileError(
        f"{path.name}: cannot be read as a GIS file ({last}); GeoPackage, Shapefile (with .shx, .dbf and "
        ".prj beside it) and GeoJSON can",
        file=path.name,
    ) from last


def write_layer(
    path: Path,
    geometries: Geometries,
    columns: Mapping[str, NDArray[Any]],
    crs: CRS,
    layer: str | None = None,
    *,
    kind: Kind = "MultiPolygon",
    append: bool = False,
) -> None:
    """Write one GeoPackage layer of polygons or points.

    Parameters
    ----------
    path : Path
        Replaced when there, unless something is appended.
    geometries : object array of shapely geometries
    columns : dict of name to array
        Text as object arrays; nan, None and masked values become NULL.
    crs : pyproj.CRS
    layer : str, optional
        By default the file's name without ending.
    kind : "MultiPolygon" or "Point"
    append : bool
        Adds rows to the layer, or the layer to the file, instead of replacing the file.
    """
    if not append:
        path.unlink(missing_ok=True)
    shapes = _multi(geometries) if kind == "MultiPolygon" else geometries
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": UNCHANGING_DATE})
    try:
        pyogrio.raw.write(
            path,
            geometry=np.asarray(shapely.to_wkb(shapes), dtype=object),
            field_data=[np.ma.getdata(values) for values in columns.values()],
            fields=np.array(list(columns), dtype=object),
            field_mask=[_missing(values) for values in columns.values()],
            layer=layer or path.stem,
            driver="GPKG",
            geometry_type=kind,
            crs=_srs(crs),
            append=append,
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def reprojected(geometries: Geometries, source: CRS, target: CRS) -> Geometries:
    """Return geometries moved from one coordinate system to another, x east, y north."""
    transformer = Transformer.from_crs(source, target, always_xy=True)

    def moved(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return np.asarray(shapely.transform(geometries, moved), dtype=np.object_)


def areas_of(kind: NDArray[np.int32], grid: Grid) -> tuple[NDArray[np.int32], Geometries]:
    """Return the areas of a raster of kinds.

    Parameters
    ----------
    kind : int32 array, shape (rows, cols)
        0 belongs to no area.
    grid : Grid

    Returns
    -------
    int32 array, shape (n,)
        The kind of each area.
    object array of shapely polygons, shape (n,)
        Cells of a kind that share an edge, with holes, by kind, then from the north-west.
    """
    found = [
        (int(value), shapely.geometry.shape(outline))
        for outline, value in rasterio.features.shapes(kind, kind > 0, transform=grid.transform)
    ]
    found.sort(key=lambda pair: (pair[0], -pair[1].bounds[3], pair[1].bounds[0]))
    return (
        np.array([value for value, _ in found], np.int32),
        np.array([area for _, area in found], dtype=object),
    )


def areas_in(path: Path, value: int) -> Geometries:
    """Return the areas of one value in a raster file, read block by block.

    Parameters
    ----------
    path : Path
        Raster of whole numbers.
    value : int

    Returns
    -------
    object array of shapely polygons, shape (n,)
        Cells that share an edge, with holes, from the north-west.
    """
    with rasterio.open(path) as dataset:
        found = [
            shapely.geometry.shape(outline)
            for outline, kind in rasterio.features.shapes(
                rasterio.band(dataset, 1), transform=dataset.transform
            )
            if kind == value
        ]
    found.sort(key=lambda area: (-area.bounds[3], area.bounds[0]))
    return np.array(found, dtype=object)


def _srs(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.to_wkt()


def _missing(values: NDArray[Any]) -> NDArray[np.bool_] | None:
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.getmaskarray(values)
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values))
    if values.dtype.kind == "O":
        return np.array([v is None for v in values], bool)
    return None


def _encodings(path: Path) -> Sequence[str | None]:
    if path.suffix.lower() == ".shp" and not any(
        path.with_suffix(s).exists() for s in (".cpg", ".CPG")
    ):
        return JAPANESE, "utf-8"
    return (None,)


def _polygonal(geometry: BaseGeometry | None) -> BaseGeometry | None:
    """Return the areas of a geometry, repaired and flat, None when it has none."""
    if geometry is None or geometry.is_empty:
        return None
    valid = shapely.force_2d(geometry if geometry.is_valid else shapely.make_valid(geometry))
    parts = [p for p in shapely.get_parts(valid) if p.geom_type in ("Polygon", "MultiPolygon")]
    if not parts:
        return None
    return valid if valid.geom_type in ("Polygon", "MultiPolygon") else shapely.union_all(parts)


def _keys(path: Path, columns: dict[str, NDArray[Any]], key: str | None, n: int) -> list[str]:
    names = {name.lower(): name for name in columns}
    if key is not None and key not in columns:
        raise VectorFileError(
            f"{path.name}: no column {key!r}; there are {', '.join(columns) or 'none'}",
            file=path.name,
            column=key,
        )
    column = key or next((names[k] for k in KEY_COLUMNS if k in names), None)
    if column is None:
        return [str(i + 1) for i in range(n)]
    keys = [_key(value) for value in columns[column]]
    if "" in keys:
        row = keys.index("") + 1
        raise VectorFileError(
            f"{path.name}: row {row} has no {column}; every compartment needs a key",
            file=path.name,
            column=column,
            row=row,
        )
    return keys


def _key(value: Any) -> str:  # noqa: ANN401
    if value is None or value != value:
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _layer_crs(path: Path, meta: dict[str, Any]) -> CRS:
    try:
        return CRS.from_user_input(meta["crs"]).to_2d()
    except ProjError as error:
        raise VectorFileError(
            f"{path.name}: states no coordinate system that can be understood; add one "
            "(a .prj file for a Shapefile)",
            file=path.name,
        ) from error


def _multi(geometries: Geometries) -> Geometries:
    return np.array(
        [g if g.geom_type == "MultiPolygon" else shapely.MultiPolygon([g]) for g in geometries],
        dtype=object,
    )
