"""Road segments of a vector file with their class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import shapely
from shapely.geometry import MultiLineString
from shapely.geometry.base import BaseGeometry

from forestgis.registry.domain.faults import Fault, RefusedError
from forestgis.registry.imports import values, vector
from forestgis.registry.imports.placement import Located, locate
from forestgis.roads.domain import classes

_LINEAR = frozenset({"LineString", "MultiLineString"})
_NAME_LIMIT, _SURFACE_LIMIT = 80, 20
_WIDTH_M = (Decimal("0.5"), Decimal(60))
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment, geometry in EPSG:6668."""

    line: int
    name: str
    road_class: str
    surface: str
    width_m: Decimal | None
    geom: MultiLineString


@dataclass(frozen=True, slots=True)
class _Columns:
    """The file's own names of the columns that are read."""

    road_class: str
    name: str | None
    surface: str | None
    width: str | None


def read(
    path: Path,
    *,
    boundary: BaseGeometry,
    mapping: Mapping[str, str] | None = None,
    epsg: int | None = None,
) -> tuple[list[SegmentRow], list[Fault]]:
    """Read road segments and every fault in them.

    Parameters
    ----------
    path : Path
        GeoPackage, GeoJSON or Shapefile of lines with a class column.
    boundary : shapely geometry
        The municipality's area, EPSG:6668.
    mapping : mapping, optional
        Words of the class column to public_road, forest_road, forestry_road
        or strip_road, before the shipped list.
    epsg : int, optional
        CRS to assume when the file names none.
    """
    try:
        source = vector.read(path, epsg=epsg)
        columns = _columns(source)
    except RefusedError as error:
        return [], error.faults
    rows: list[tuple[Located, SegmentRow]] = []
    faults: list[Fault] = []
    for feature in source.features:
        row, found = _row(source.name, feature, columns, mapping)
        faults += found
        if row is not None:
            rows.append((Located(feature.line, row.geom), row))
    if not rows:
        return [], faults
    assert source.crs is not None  # vector.read refuses a file without one
    placed, misplaced = locate([where for where, _row in rows], source.crs, boundary, source.name)
    located = [
        replace(row, geom=_multi(geom)) for (_where, row), geom in zip(rows, placed, strict=True)
    ]
    return located, faults + misplaced


def _columns(source: vector.VectorFile) -> _Columns:
    """Find the columns by their usual names; a class column is required."""
    by_class = _first(source.columns, classes.CLASS_COLUMNS)
    if by_class is None:
        wanted, there = classes.CLASS_COLUMNS[0], "、".join(source.columns)
        raise RefusedError([Fault("no_column", source.name, value=wanted, detail=there)])
    return _Columns(
        by_class,
        _first(source.columns, classes.NAME_COLUMNS),
        _first(source.columns, classes.SURFACE_COLUMNS),
        _first(source.columns, classes.WIDTH_COLUMNS),
    )


def _first(there: list[str], wanted: Iterable[str]) -> str | None:
    return next((name for name in wanted if name in there), None)


def _row(
    file: str, feature: vector.Feature, columns: _Columns, mapping: Mapping[str, str] | None
) -> tuple[SegmentRow | None, list[Fault]]:
    """One segment, or the faults of its cells and geometry."""
    faults = _geometry_faults(file, feature)
    word = _text(feature, columns.road_class)
    road_class = classes.road_class(word, mapping)
    if road_class is None:
        known = "、".join(classes.shipped_classes())
        faults.append(Fault("bad_class", file, feature.line, columns.road_class, word, known))
    cells = _Cells(file, feature, faults)
    name = cells.read(columns.name, lambda text: values.text_up_to(text, _NAME_LIMIT))
    surface = cells.read(columns.surface, lambda text: values.text_up_to(text, _SURFACE_LIMIT))
    width_m = cells.read(columns.width, lambda text: values.decimal_between(text, *_WIDTH_M))
    if faults or road_class is None or feature.geom is None:
        return None, faults
    row = SegmentRow(
        feature.line, name or "", road_class, surface or "", width_m, _multi(feature.geom)
    )
    return row, []


@dataclass(frozen=True, slots=True)
class _Cells:
    """Optional cells of a feature; what cannot be read becomes a fault."""

    file: str
    feature: vector.Feature
    faults: list[Fault]

    def read(self, column: str | None, parse: Callable[[str], _Value]) -> _Value | None:
        text = _text(self.feature, column)
        try:
            return parse(text)
        except values.OutOfRangeError as error:
            self._fault("out_of_range", column, text, str(error))
        except ValueError:
            self._fault("bad_number", column, text)
        return None

    def _fault(self, code: str, column: str | None, text: str, detail: str = "") -> None:
        self.faults.append(Fault(code, self.file, self.feature.line, column or "", text, detail))


def _geometry_faults(file: str, feature: vector.Feature) -> list[Fault]:
    geom = feature.geom
    if geom is None or geom.is_empty:
        return [Fault("no_geometry", file, feature.line)]
    if geom.geom_type not in _LINEAR:
        kind = geom.geom_type
        return [Fault("wrong_geometry", file, feature.line, value=kind, detail="LineString")]
    return []


def _text(feature: vector.Feature, column: str | None) -> str:
    value = feature.values.get(column) if column else None
    return "" if value is None else values.cleaned(str(value))


def _multi(geom: BaseGeometry) -> MultiLineString:
    return MultiLineString(list(shapely.get_parts(geom)))
