"""Literals and properties of a filter, as fragments of SQL."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from tiles.errors import FilterError
from tiles.features.cql2.fragment import KINDS, Fragment, Kind
from tiles.features.cql2.text import Node
from tiles.layer import Layer
from tiles.ogc.crs import Crs

MAX_VERTICES = 10_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names and coordinates of a filter mean.

    Attributes
    ----------
    crs : Crs
        System of the filter's geometries, axes in its order.
    """

    layer: Layer
    crs: Crs


def property_value(name: object, scope: Scope) -> Fragment:
    """Return a declared field or the geometry.

    Raises
    ------
    FilterError
        If the layer declares no such name.
    """
    source, _ = scope.layer.vector
    if name == source.geom:
        return Fragment(source.geom, kind=Kind.GEOMETRY)
    for field in scope.layer.fields:
        if field.name == name:
            return Fragment(field.name, kind=KINDS[field.type])
    raise FilterError(
        f"{str(name)[:60]!r} is no property of {scope.layer.name}; see its queryables", name=name
    )


def literal(value: Node) -> Fragment | None:
    """Return a text, number, yes or no, date or time; None of anything else."""
    if isinstance(value, bool):
        return Fragment("%s", (value,))
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise FilterError("a number of the filter is not finite")
        return Fragment("%s", (value,), Kind.NUMBER)
    if isinstance(value, str):
        return Fragment("%s::text", (_clean(value),), Kind.TEXT)
    if isinstance(value, dict) and len(value) == 1:
        [(key, inner)] = value.items()
        if key in ("date", "timestamp"):
            return instant(inner)
    return None


def instant(value: object) -> Fragment:
    """Return a date, or a time in UTC.

    Raises
    ------
    FilterError
        If it is not of the form 2026-06-01 or 2026-06-01T12:00:00Z.
    """
    text = value if isinstance(value, str) else ""
    try:
        if len(text) == 10:
            return Fragment("%s::date", (dt.date.fromisoformat(text),), Kind.DATE)
        moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise FilterError(
            f"{str(value)[:40]!r} is no date (2026-06-01) or time in UTC (2026-06-01T12:00:00Z)"
        ) from error
    return Fragment("%s::timestamp", (moment.replace(tzinfo=None),), Kind.DATE)


def geometry(value: Node, scope: Scope) -> Fragment | None:
    """Return a GeoJSON geometry or a bbox in EPSG:6668; None of anything else.

    Raises
    ------
    FilterError
        If it is not a valid geometry of finite coordinates.
    """
    if not isinstance(value, dict) or not ("coordinates" in value or "bbox" in value):
        return None
    return placed(_shape(value), scope)


def placed(found: BaseGeometry, scope: Scope) -> Fragment:
    """Return a geometry in the order of the filter's axes as SQL in EPSG:6668."""
    if scope.crs.north_first:
        found = shapely.transform(found, lambda points: points[:, ::-1])
    source, _ = scope.layer.vector
    sql = f"ST_Transform(ST_GeomFromWKB(%s, {scope.crs.srid}), {source.srid})"
    return Fragment(sql, (shapely.to_wkb(shapely.force_2d(found)),), Kind.GEOMETRY)


def _shape(value: dict[str, Any]) -> BaseGeometry:
    try:
        found = _box(value["bbox"]) if "bbox" in value else shape(value)
        points = shapely.get_coordinates(found)
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise FilterError(f"a geometry of the filter is not GeoJSON: {error}") from error
    if len(points) > MAX_VERTICES:
        raise FilterError(f"a geometry of the filter has more than {MAX_VERTICES} points")
    if found.is_empty or not all(map(math.isfinite, points.ravel())):
        raise FilterError("a geometry of the filter is empty or has no finite coordinates")
    if not found.is_valid:
        raise FilterError(f"a geometry of the filter: {shapely.is_valid_reason(found)}")
    return found


def _box(corners: list[float]) -> BaseGeometry:
    if len(corners) == 6:
        corners = [*corners[:2], *corners[3:5]]
    if len(corners) != 4:
        raise ValueError("a bbox has 4 or 6 numbers")
    west, south, east, north = map(float, corners)
    return box(west, south, east, north)


def _clean(text: str) -> str:
    if "\0" in text:
        raise FilterError("a text of the filter contains the character NUL")
    return text
