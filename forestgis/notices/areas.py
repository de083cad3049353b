"""Areas of notices, treatments and plans: drawn on the map, or taken from 小班."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources

import shapely
from django.contrib.gis.db.models import Union
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from shapely.geometry import MultiPolygon, box
from shapely.geometry.base import BaseGeometry

from forestgis.notices.domain.checks import StandPart
from forestgis.notices.errors import BadAreaError, UnknownStandError
from forestgis.registry.domain.areas import area_ha
from forestgis.registry.domain.keycode import KeycodeError, normalised
from forestgis.registry.domain.zones import epsg_of_zone
from forestgis.registry.edition_selectors import current_year
from forestgis.registry.geometry import to_geos, to_shapely
from forestgis.registry.imports.polygons import multipolygon
from forestgis.registry.models import Municipality, Subcompartment

_LABEL = re.compile(r"\d+-\d+")
_LARGEST_TEXT = 500_000
#: A hand draws up to the simplified boundary and over it: degrees of about 2 km.
_TOLERANCE_DEG = 0.02
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Outline:
    """An area and the 小班 it was taken from; `geom` is EPSG:6668, None where neither was given."""

    geom: MultiPolygon | None
    keycodes: tuple[str, ...]


def outline(municipality: Municipality, drawn: str, stands: str) -> Outline:
    """Return the area that was drawn, else that of the 小班 that were named.

    Parameters
    ----------
    municipality : Municipality
    drawn : str
        GeoJSON, longitude and latitude; may be blank.
    stands : str
        ``林班-小班`` or KEYCODE, one a line; may be blank.

    Raises
    ------
    BadAreaError, UnknownStandError
    """
    found = stands_named(municipality, stands)
    keycodes = tuple(stand.keycode for stand in found)
    if drawn.strip():
        geom = from_geojson(drawn)
        _check_inside(geom, municipality)
        return Outline(geom, keycodes)
    if not found:
        return Outline(None, ())
    union = Subcompartment.objects.filter(pk__in=[stand.pk for stand in found]).aggregate(
        union=Union("geom")
    )["union"]
    return Outline(multipolygon(to_shapely(union)), keycodes)


def stands_named(municipality: Municipality, text: str) -> list[Subcompartment]:
    """Find the 小班 of the current register that words name.

    Raises
    ------
    UnknownStandError
        With every name that the register does not have.
    """
    names = [name for name in re.split(r"[\s,、，]+", text) if name]
    if not names:
        return []
    own = Subcompartment.objects.filter(
        municipality=municipality, edition=current_year(municipality.pk) or 0
    ).defer("geom", "geom_3857", "label_3857")
    found = {name: _stand(own, name) for name in names}
    unknown = [name for name, stand in found.items() if stand is None]
    if unknown:
        raise UnknownStandError(names="、".join(unknown))
    return [stand for stand in found.values() if stand is not None]


def _stand(own: QuerySet[Subcompartment], name: str) -> Subcompartment | None:
    if _LABEL.fullmatch(name):
        compartment, number = map(int, name.split("-"))
        return own.filter(compartment_number=compartment, number=number).first()
    try:
        return own.filter(keycode=normalised(name)).first()
    except KeycodeError:
        return None


def from_geojson(text: str) -> MultiPolygon:
    """Read a polygon that was drawn.

    Raises
    ------
    BadAreaError
        If it is no GeoJSON, no polygon, crosses itself, or is in metres and not in degrees.
    """
    if len(text) > _LARGEST_TEXT:
        raise BadAreaError(reason=_("頂点が多すぎます。"))
    try:
        value = json.loads(text)
        geom = shapely.from_geojson(json.dumps(value.get("geometry", value)))
    except (ValueError, AttributeError, RecursionError, shapely.errors.ShapelyError) as error:
        raise BadAreaError(reason=_("GeoJSONではありません。")) from error
    if geom is None or geom.geom_type not in {"Polygon", "MultiPolygon"} or geom.is_empty:
        raise BadAreaError(reason=_("面（ポリゴン）ではありません。"))
    if not box(-180, -90, 180, 90).covers(box(*geom.bounds)):
        raise BadAreaError(reason=_("座標が経度・緯度ではありません。"))
    if not geom.is_valid:
        raise BadAreaError(reason=_("線が交わっています。描き直してください。"))
    return multipolygon(shapely.force_2d(geom))


def _check_inside(geom: BaseGeometry, municipality: Municipality) -> None:
    boundary = to_shapely(municipality.geom).buffer(_TOLERANCE_DEG)
    if not boundary.intersects(geom):
        raise BadAreaError(reason=_("%(place)sの区域の外です。") % {"place": municipality.name})


def hectares(geom: BaseGeometry | None, municipality: Municipality) -> Decimal | None:
    """Area in the municipality's zone, two decimals (rounded half to even); None without an area."""
    return None if geom is None else area_ha(geom, municipality.zone).quantize(_HUNDREDTH)


def stand_parts(municipality: Municipality, geom: BaseGeometry | None) -> tuple[StandPart, ...]:
    """Return in which 小班 of the current register an area lies, and with how much, the largest first."""
    year = current_year(municipality.pk)
    if geom is None or year is None:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            _parts_sql(),
            {
                "municipality": municipality.pk,
                "edition": year,
                "epsg": epsg_of_zone(municipality.zone),
                "geom": to_geos(multipolygon(geom)).hexewkb.decode(),
            },
        )
        return tuple(StandPart(*row) for row in cursor.fetchall())


@cache
def _parts_sql() -> str:
    return resources.files("forestgis.notices").joinpath("sql/stand_parts.sql").read_text("utf-8")
