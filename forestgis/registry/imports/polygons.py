"""小班 polygons of a vector file: repaired, located, dissolved by KEYCODE, measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from forestgis.registry.domain import keycode as keycodes
from forestgis.registry.domain.areas import GEOGRAPHIC_EPSG, area_ha, reprojected_all
from forestgis.registry.domain.faults import Fault
from forestgis.registry.domain.zones import JGD2000_EPSG, epsg_of_zone
from forestgis.registry.imports import vector
from forestgis.registry.imports.placement import Placement

_KEY_COLUMN = "KEYCODE"
_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
#: What repairing leaves of a crossing by the width of a digitising error; no 小班 is so small.
_SLIVER_M2 = 1.0
#: Parts of one KEYCODE share borders that digitising did not make meet exactly.
_OVERLAP_M2 = 1.0


@dataclass(frozen=True, slots=True)
class Polygon:
    """One 小班: all its parts in EPSG:6668, and the line of its first part."""

    line: int
    keycode: str
    geom: MultiPolygon
    area_ha: Decimal


@dataclass(frozen=True, slots=True)
class _Parts:
    """Features that have a KEYCODE and a polygon, as arrays of equal length."""

    keys: NDArray[np.object_]
    lines: NDArray[np.int64]
    geoms: NDArray[np.object_]
    areas_m2: NDArray[np.float64]

    def __getitem__(self, index: NDArray[Any]) -> _Parts:
        return _Parts(self.keys[index], self.lines[index], self.geoms[index], self.areas_m2[index])


Watch = Callable[[vector.VectorFile], None]


def read(
    path: Path,
    *,
    boundary: BaseGeometry,
    zone: int,
    epsg: int | None = None,
    key_column: str | None = None,
    watch: Watch | None = None,
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
    key_column : str, optional
        Column with the KEYCODE where it has another name.
    watch : callable, optional
        Is given each block of the file, for its other columns.

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
    wanted = key_column or _KEY_COLUMN
    placement = Placement(boundary, path.name)
    blocks: list[_Parts] = []
    faults: list[Fault] = []
    for source in vector.blocks(path, epsg=epsg):
        column = _key_column(source.columns, wanted)
        if column is None:
            detail = "、".join(source.columns)
            return [], [Fault("no_column", source.name, value=wanted, detail=detail)]
        if watch:
            watch(source)
        parts, found = _usable(source, column)
        faults += found
        if len(parts.keys):
            blocks.append(_placed(parts, source.crs, placement, zone))
    faults += placement.faults()
    if not blocks or any(fault.code == "wrong_place" for fault in faults):
        return [], faults
    polygons, overlapping = _dissolved(_joined(blocks), zone, path.name)
    return polygons, faults + overlapping + _mixed_prefixes(polygons, path.name)


def _placed(parts: _Parts, crs: CRS, placement: Placement, zone: int) -> _Parts:
    """Bring a block to EPSG:6668 and measure it."""
    placed = placement.place(parts.geoms, parts.lines, crs)
    return _Parts(parts.keys, parts.lines, placed, _areas_m2(parts.geoms, placed, crs, zone))


def _joined(blocks: list[_Parts]) -> _Parts:
    """All blocks in the order of KEYCODE, and then of the file."""
    fields = ("keys", "lines", "geoms", "areas_m2")
    whole = _Parts(*(np.concatenate([getattr(b, name) for b in blocks]) for name in fields))
    blocks.clear()
    return whole[np.argsort(whole.keys, kind="stable")]


def _key_column(columns: list[str], wanted: str) -> str | None:
    """Find the KEYCODE column whatever its letter case."""
    return next((name for name in columns if name.upper() == wanted.upper()), None)


def _usable(source: vector.VectorFile, column: str) -> tuple[_Parts, list[Fault]]:
    """Features with a good KEYCODE and a good geometry, not measured yet; the rest as faults."""
    lines = np.arange(source.first_line, source.first_line + len(source.geoms))
    geoms, faults = _polygonal(source.geoms, source.name, lines, source.crs.is_projected)
    keys = np.empty(len(geoms), dtype=object)
    for index, value in enumerate(source.column(column)):
        try:
            keys[index] = keycodes.normalised(value)
        except keycodes.KeycodeError:
            faults.append(Fault("bad_keycode", source.name, int(lines[index]), column, str(value)))
    good = np.flatnonzero((keys != None) & (geoms != None))  # noqa: E711 - elementwise
    return _Parts(keys, lines, geoms, np.zeros(len(keys)))[good], faults


def _polygonal(
    geoms: NDArray[np.object_], file: str, lines: NDArray[np.int64], in_metres: bool
) -> tuple[NDArray[np.object_], list[Fault]]:
    """Take the polygons, repaired where they cross themselves; None where there is none to take."""
    kept = geoms.copy()
    faults: list[Fault] = []
    missing = shapely.is_missing(geoms) | shapely.is_empty(geoms)
    kinds = shapely.get_type_id(geoms)
    wrong = ~missing & ~np.isin(kinds, [int(kind) for kind in _POLYGONAL])
    for index in np.flatnonzero(missing | wrong):
        kept[index] = None
        faults.append(_no_polygon(geoms[index], file, int(lines[index])))
    for index in np.flatnonzero(~missing & ~wrong & ~shapely.is_valid(geoms)):
        kept[index], found = _repaired(geoms[index], file, int(lines[index]), in_metres)
        faults += found
    return kept, faults


def _no_polygon(geom: BaseGeometry | None, file: str, line: int) -> Fault:
    if geom is None or geom.is_empty:
        return Fault("no_geometry", file, line)
    return Fault("wrong_geometry", file, line, value=geom.geom_type, detail="Polygon")


def _repaired(
    geom: BaseGeometry, file: str, line: int, in_metres: bool
) -> tuple[BaseGeometry | None, list[Fault]]:
    """Repair by the rule of ST_MakeValid and drop slivers; the reason and place are told."""
    reason = str(shapely.is_valid_reason(geom))
    made = multipolygon(shapely.make_valid(geom))
    parts = [part for part in made.geoms if part.area >= _SLIVER_M2 or not in_metres]
    if not parts:
        return None, [Fault("not_repairable", file, line, detail=reason)]
    faults = [Fault("repaired", file, line, detail=reason)]
    if dropped := len(made.geoms) - len(parts):
        faults.append(Fault("sliver", file, line, value=str(dropped)))
    return MultiPolygon(parts), faults


def _areas_m2(
    geoms: NDArray[np.object_], placed: NDArray[np.object_], crs: CRS, zone: int
) -> NDArray[np.float64]:
    """Measure areas in the municipality's zone; coordinates that are in it already are used as they are."""
    if crs.to_epsg() in (epsg_of_zone(zone), JGD2000_EPSG[zone]):
        return np.asarray(shapely.area(geoms))
    return np.asarray(shapely.area(reprojected_all(placed, GEOGRAPHIC_EPSG, epsg_of_zone(zone))))


def _dissolved(parts: _Parts, zone: int, file: str) -> tuple[list[Polygon], list[Fault]]:
    """One multipolygon per KEYCODE of parts in its order, and the KEYCODEs whose parts overlap."""
    first = np.flatnonzero(np.r_[True, parts.keys[1:] != parts.keys[:-1]])
    ends = np.r_[first[1:], len(parts.keys)]
    geoms = _multipolygons(parts.geoms, first)
    areas_m2 = np.add.reduceat(parts.areas_m2, first)
    lines = np.minimum.reduceat(parts.lines, first)
    faults: list[Fault] = []
    for index in np.flatnonzero(ends - first > 1):
        joined = multipolygon(shapely.union_all(parts.geoms[first[index] : ends[index]]))
        area_m2 = float(area_ha(joined, zone)) * 10_000
        if areas_m2[index] - area_m2 > _OVERLAP_M2:
            faults.append(_duplicate(file, parts[np.arange(first[index], ends[index])]))
        geoms[index], areas_m2[index] = joined, area_m2
    rows = zip(lines.tolist(), parts.keys[first], geoms, areas_m2.tolist(), strict=True)
    polygons = [
        Polygon(line, key, geom, Decimal(f"{m2 / 10_000:.4f}")) for line, key, geom, m2 in rows
    ]
    return polygons, faults


def _multipolygons(geoms: NDArray[np.object_], first: NDArray[np.intp]) -> NDArray[np.object_]:
    """One multipolygon of the geometries from each index in `first` to the next."""
    pieces, owner = shapely.get_parts(geoms, return_index=True)
    of_key = np.searchsorted(first, owner, side="right") - 1
    return np.asarray(shapely.multipolygons(pieces, indices=of_key), dtype=object)


def _duplicate(file: str, parts: _Parts) -> Fault:
    lines = "、".join(map(str, sorted(parts.lines.tolist())))
    line = int(parts.lines.max())
    return Fault("duplicate_keycode", file, line, _KEY_COLUMN, parts.keys[0], lines)


def multipolygon(geom: BaseGeometry) -> MultiPolygon:
    """Keep the polygonal parts of a geometry; lines and points that repairing left are dropped."""
    flat = shapely.get_parts(shapely.get_parts(geom))
    return MultiPolygon([part for part in flat if part.geom_type == "Polygon"])


def compartments(polygons: list[Polygon]) -> dict[int, MultiPolygon]:
    """Unite 小班 to their 林班, by number."""
    members: dict[int, list[BaseGeometry]] = defaultdict(list)
    for polygon in polygons:
        members[keycodes.parse(polygon.keycode).compartment].append(polygon.geom)
    return {number: _united(geoms) for number, geoms in sorted(members.items())}


def _united(geoms: list[BaseGeometry]) -> MultiPolygon:
    """Unite areas that mostly share their borders exactly, which is much faster; others the general way."""
    try:
        united = shapely.coverage_union_all(geoms)
    except shapely.GEOSException:
        return multipolygon(shapely.union_all(geoms))
    whole = float(np.sum(shapely.area(geoms)))
    if abs(united.area - whole) > 1e-9 * whole or not united.is_valid:
        united = shapely.union_all(geoms)
    return multipolygon(united)


def _mixed_prefixes(polygons: list[Polygon], file: str) -> list[Fault]:
    """Warn when KEYCODEs of several register municipalities come in one file."""
    prefixes = sorted({polygon.keycode[:4] for polygon in polygons})
    if len(prefixes) < 2:
        return []
    return [Fault("other_keycode_area", file, column=_KEY_COLUMN, value="、".join(prefixes))]
