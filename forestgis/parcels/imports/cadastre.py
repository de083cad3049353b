"""Shapes of lots from 登記所備付地図 XML, by way of mojxml.

mojxml reads public coordinates as JGD2000. Its values hold in JGD2011 as well:
the survey results of Hokkaido were not revised in 2011 (国土地理院「測地成果2011」
revised 東北, 関東 and 甲信越・北陸), so that lot coordinates are stored as EPSG:6668
without a shift.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import shapely
from lxml import etree
from mojxml.constants import CRS_MAP
from mojxml.parse import ParseOptions, parse_raw
from pyproj import CRS
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from forestgis.parcels.domain.lots import Lot, lot
from forestgis.parcels.imports.archive import Document, documents
from forestgis.registry.domain.areas import GEOGRAPHIC_EPSG, reprojected
from forestgis.registry.domain.faults import Fault, RefusedError
from forestgis.registry.imports.placement import Located, locate
from forestgis.registry.imports.polygons import multipolygon

ARBITRARY = "任意座標系"
_OPTIONS = ParseOptions(include_arbitrary_crs=True, include_chikugai=False)
_ZONE = re.compile(r"公共座標(\d+)系")
#: EPSG of JGD2011 plane-rectangular zone n is this plus n.
_PLANE_EPSG = 6668
_CENTI = Decimal("0.01")
# What mojxml raises for references that lead nowhere, missing elements and values that are no numbers.
_BROKEN = (AssertionError, KeyError, IndexError, AttributeError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class MapLot:
    """One lot as drawn in the maps of a file.

    Attributes
    ----------
    geom : MultiPolygon
        EPSG:6668; metres of the sheet (east, north) where `placed` is false.
    area_m2 : Decimal
        On the plane of its coordinate system, two decimals.
    """

    lot: Lot
    coordinate_system: str
    map_name: str
    accuracy: str
    undecided: str
    placed: bool
    geom: MultiPolygon
    area_m2: Decimal


@dataclass(slots=True)
class Cadastre:
    """What a file of maps holds."""

    lots: list[MapLot] = field(default_factory=list)
    map_names: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A lot of one document."""

    line: int
    lot: Lot
    properties: dict[str, Any]
    geom: BaseGeometry


def read(path: Path, name: str, *, municipality_code: str, boundary: BaseGeometry) -> Cadastre:
    """Read every map of a file and check that it belongs here.

    Parameters
    ----------
    path : Path
        XML, or ZIP of XML or of ZIPs.
    name : str
        As the user calls it.
    municipality_code : str
        Five digits; maps of another municipality are refused.
    boundary : shapely geometry
        Its area, EPSG:6668.

    Returns
    -------
    Cadastre
        Lots with the same place and number are one; `faults` says so.
    """
    cadastre = Cadastre()
    found: list[MapLot] = []
    try:
        for document in documents(path, name):
            found += _map_lots(cadastre, document, municipality_code, boundary)
    except RefusedError as error:
        cadastre.faults += error.faults
    cadastre.lots = list(_merged(found, name, cadastre.faults))
    return cadastre


def _map_lots(
    cadastre: Cadastre, document: Document, municipality_code: str, boundary: BaseGeometry
) -> list[MapLot]:
    """Lots of one document; what is wrong with it goes to the cadastre's faults."""
    name, content = document
    try:
        features = _features(name, content)
        drawn = list(_drawn(name, features, cadastre.faults))
    except RefusedError as error:
        cadastre.faults += error.faults
        return []
    if not features:
        return []
    head = features[0]["properties"]
    if head["市区町村コード"] != municipality_code:
        value, detail = str(head["市区町村名"]), str(head["市区町村コード"])
        cadastre.faults.append(Fault("map_other_municipality", name, value=value, detail=detail))
        return []
    cadastre.map_names.add(head["地図名"] or name)
    system = head["座標系"]
    if system == ARBITRARY:
        fault = Fault("map_arbitrary", name, value=head["地図名"] or "", detail=str(len(drawn)))
        cadastre.faults.append(fault)
    else:
        cadastre.faults += _misplaced(name, system, drawn, boundary)
    return [_map_lot(item, system) for item in drawn]


def _features(name: str, content: bytes) -> list[Any]:
    """Parse a document with mojxml."""
    _check_xml(name, content)
    try:
        features: list[Any] = parse_raw(content, _OPTIONS)
    except etree.XMLSyntaxError as error:
        raise RefusedError([Fault("map_not_xml", name, detail=str(error))]) from error
    except _BROKEN as error:
        raise RefusedError([_why_broken(name, content, error)]) from error
    return features


def _check_xml(name: str, content: bytes) -> None:
    """Refuse what is no UTF-8 XML without entities of its own, before any parser sees it."""
    try:
        text = content[:4096].decode("utf-8-sig", errors="ignore").lstrip()
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError([Fault("map_not_xml", name, detail=str(error))]) from error
    if not text.startswith("<"):
        raise RefusedError([Fault("map_not_xml", name, 1, detail=text[:40])])
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise RefusedError([Fault("map_not_xml", name, detail="DOCTYPE")])


def _why_broken(name: str, content: bytes, error: Exception) -> Fault:
    """Tell an unknown coordinate system and another kind of XML from broken references."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    system = root.findtext("{*}座標系")
    if system is None:
        return Fault("map_not_xml", name, detail=etree.QName(root).localname)
    if system not in CRS_MAP:
        return Fault("map_crs", name, value=system)
    return Fault("map_topology", name, detail=f"{type(error).__name__} {error}".strip())


def _drawn(name: str, features: list[Any], faults: list[Fault]) -> Iterator[_Drawn]:
    """Lots with a number and a sound shape."""
    unnumbered = 0
    for line, feature in enumerate(features, 1):
        properties = feature["properties"]
        named = lot(properties["大字名"], _aza(properties), properties["地番"])
        if not named.numbered:
            unnumbered += 1
            continue
        geom = _shape(feature["geometry"], name, line, str(named), faults)
        if geom is not None:
            yield _Drawn(line, named, properties, geom)
    if unnumbered:
        faults.append(Fault("map_unnumbered", name, value=str(unnumbered)))


def _aza(properties: dict[str, Any]) -> str:
    return "".join(properties[part] or "" for part in ("丁目名", "小字名", "予備名"))


def _shape(
    geometry: dict[str, Any] | None, name: str, line: int, value: str, faults: list[Fault]
) -> BaseGeometry | None:
    """Build the shape, repaired where it crosses itself."""
    try:
        geom = shapely.geometry.shape(geometry) if geometry else MultiPolygon()
    except (ValueError, shapely.errors.ShapelyError) as error:
        faults.append(Fault("map_topology", name, line, value=value, detail=f"{value} {error}"))
        return None
    if geom.is_empty:
        faults.append(Fault("no_geometry", name, line, value=value))
        return None
    if geom.is_valid:
        return geom
    detail = f"{value} {shapely.is_valid_reason(geom)}"
    faults.append(Fault("repaired", name, line, value=value, detail=detail))
    return multipolygon(shapely.make_valid(geom))


def _misplaced(
    name: str, system: str, drawn: list[_Drawn], boundary: BaseGeometry
) -> Iterator[Fault]:
    """Lots outside the municipality; one fault for the map if all are."""
    if not drawn:
        return
    located = [Located(item.line, item.geom) for item in drawn]
    _geoms, found = locate(located, CRS.from_epsg(GEOGRAPHIC_EPSG), boundary, name)
    names = {item.line: str(item.lot) for item in drawn}
    for fault in found:
        where = names.get(fault.line or 0, "")
        yield Fault("map_wrong_place", name, fault.line, detail=f"{where} {system}".strip())


def _map_lot(item: _Drawn, system: str) -> MapLot:
    properties = item.properties
    zone = _ZONE.fullmatch(system)
    geom = multipolygon(item.geom)
    plane = reprojected(geom, GEOGRAPHIC_EPSG, _PLANE_EPSG + int(zone[1])) if zone else geom
    return MapLot(
        lot=item.lot,
        coordinate_system=system,
        map_name=properties["地図名"] or "",
        accuracy=properties["精度区分"] or "",
        undecided=properties["筆界未定構成筆"] or "",
        placed=zone is not None,
        geom=geom,
        area_m2=Decimal(repr(plane.area)).quantize(_CENTI),
    )


def _merged(found: Iterable[MapLot], name: str, faults: list[Fault]) -> Iterator[MapLot]:
    """One row a lot: its parts put together, those with a place before those without."""
    parts: dict[str, list[MapLot]] = defaultdict(list)
    for item in found:
        parts[item.lot.key].append(item)
    for items in parts.values():
        if len(items) > 1:
            value, detail = str(items[0].lot), str(len(items))
            faults.append(Fault("duplicate_shape", name, value=value, detail=detail))
        placed = [item for item in items if item.placed] or items[:1]
        yield placed[0] if len(placed) == 1 else _together(placed)


def _together(items: list[MapLot]) -> MapLot:
    first = items[0]
    return MapLot(
        lot=first.lot,
        coordinate_system=first.coordinate_system,
        map_name=first.map_name,
        accuracy=first.accuracy,
        undecided=first.undecided,
        placed=True,
        geom=multipolygon(shapely.union_all([item.geom for item in items])),
        area_m2=sum((item.area_m2 for item in items), Decimal(0)),
    )
