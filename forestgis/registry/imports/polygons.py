"""小班 polygons of a vector file: dissolved by KEYCODE, repaired, located, measured."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from forestgis.registry.domain import keycode as keycodes
from forestgis.registry.domain.areas import area_ha
from forestgis.registry.domain.faults import Fault
from forestgis.registry.imports import vector
from forestgis.registry.imports.placement import Located, locate

_KEY_COLUMN = "KEYCODE"
_POLYGONAL = frozenset({"Polygon", "MultiPolygon"})


@dataclass(frozen=True, slots=True)
class Polygon:
    """One 小班: all its parts in EPSG:6668, and the line of its first part."""

    line: int
    keycode: str
    geom: MultiPolygon
    area_ha: Decimal


def read(
    path: Path, *, boundary: BaseGeometry, zone: int, epsg: int | None = None
) -> tuple[list[Polygon], list[Fault]]:
    """Read 小班 polygons.

    Parameters
    ----------
    path : Path
        Vector file with a KEYCODE column.
    boundary : shapely geometry
        The municipality's area, EPSG:6668.
    zone : int
        Its plane-rectangular zone, in which areas are measured.
    epsg : int, optional
        CRS to assume when the file names none.

    Returns
    -------
    polygons : list of Polygon
        Ordered by KEYCODE; detached parts of one KEYCODE are one multipolygon.
    faults : list of Fault

    Raises
    ------
    RefusedError
        If the file as a whole cannot be used.
    """
    source = vector.read(path, epsg=epsg)
    column = _key_column(source.columns)
    if column is None:
        detail = "、".join(source.columns)
        return [], [Fault("no_column", source.name, value=_KEY_COLUMN, detail=detail)]
    keyed, faults = _keyed(source, column)
    if not keyed:
        return [], faults
    assert source.crs is not None  # vector.read refuses a file without one
    placed, misplaced = locate([part for _key, part in keyed], source.crs, boundary, source.name)
    polygons = _dissolved(
        [key for key, _part in keyed], [p.line for _key, p in keyed], placed, zone
    )
    return polygons, faults + misplaced + _mixed_prefixes(polygons, source.name)


def _key_column(columns: list[str]) -> str | None:
    """Find the KEYCODE column whatever its letter case."""
    return next((name for name in columns if name.upper() == _KEY_COLUMN), None)


def _keyed(source: vector.VectorFile, column: str) -> tuple[list[tuple[str, Located]], list[Fault]]:
    """Features with a good KEYCODE and a good geometry; the rest as faults."""
    keyed: list[tuple[str, Located]] = []
    faults: list[Fault] = []
    for feature in source.features:
        geom, found = _polygonal(feature, source.name)
        faults += found
        try:
            key = keycodes.normalised(feature.values[column])
        except keycodes.KeycodeError:
            value = str(feature.values[column])
            faults.append(Fault("bad_keycode", source.name, feature.line, column, value))
            continue
        if geom is not None:
            keyed.append((key, Located(feature.line, geom)))
    return keyed, faults


def _polygonal(feature: vector.Feature, file: str) -> tuple[BaseGeometry | None, list[Fault]]:
    """Take the feature's polygon, repaired when it crosses itself."""
    geom = feature.geom
    if geom is None or geom.is_empty:
        return None, [Fault("no_geometry", file, feature.line)]
    if geom.geom_type not in _POLYGONAL:
        fault = Fault("wrong_geometry", file, feature.line, value=geom.geom_type, detail="Polygon")
        return None, [fault]
    if geom.is_valid:
        return geom, []
    reason = str(shapely.is_valid_reason(geom))
    return shapely.make_valid(geom), [Fault("repaired", file, feature.line, detail=reason)]


def _dissolved(
    keys: list[str], lines: list[int], geoms: list[BaseGeometry], zone: int
) -> list[Polygon]:
    """One multipolygon per KEYCODE."""
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    first: dict[str, int] = {}
    for key, line, geom in zip(keys, lines, geoms, strict=True):
        parts[key].append(geom)
        first.setdefault(key, line)
    dissolved = {key: multipolygon(shapely.union_all(parts[key])) for key in sorted(parts)}
    return [Polygon(first[key], key, geom, area_ha(geom, zone)) for key, geom in dissolved.items()]


def multipolygon(geom: BaseGeometry) -> MultiPolygon:
    """Keep the polygonal parts of a geometry; lines and points that repairing left are dropped."""
    flat = shapely.get_parts(shapely.get_parts(geom))
    return MultiPolygon([part for part in flat if part.geom_type == "Polygon"])


def _mixed_prefixes(polygons: list[Polygon], file: str) -> list[Fault]:
    """Warn when KEYCODEs of several register municipalities come in one file."""
    prefixes = sorted({polygon.keycode[:4] for polygon in polygons})
    if len(prefixes) < 2:
        return []
    return [Fault("other_keycode_area", file, column=_KEY_COLUMN, value="、".join(prefixes))]
