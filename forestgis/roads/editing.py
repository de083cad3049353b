"""Writes to single stretches of road: the checks of the ledger, one stretch at a time."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.gis.geos import GEOSGeometry, LineString, MultiLineString
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.utils import ProgrammingError
from django.utils.translation import gettext as _
from psycopg2.errors import InsufficientPrivilege

from forestgis.registry.models import Municipality
from forestgis.roads.models import Segment

FIELDS = ("municipality_code", "name", "road_class", "surface", "width_m")


def create_segment(values: Mapping[str, object], geometry: GEOSGeometry | None) -> int:
    """Store a new stretch and return its key.

    Parameters
    ----------
    values : mapping
        Some of `FIELDS`.
    geometry : GEOSGeometry
        Line or lines in EPSG:6668.

    Raises
    ------
    ValidationError
        Naming each field that is wrong; the geometry is `geom`.
    PermissionDenied
        If the acting principal may not write that municipality's roads.
    """
    return _stored(Segment(), values, geometry)


def change_segment(
    key: int, values: Mapping[str, object], geometry: GEOSGeometry | None = None
) -> None:
    """Change the given fields of a stretch, and its place if one is given.

    Raises
    ------
    Segment.DoesNotExist
        If there is none that the acting principal may see.
    ValidationError, PermissionDenied
        As `create_segment`.
    """
    segment = _locked(key)
    _stored(segment, values, geometry or segment.geom)


def delete_segment(key: int) -> None:
    """Delete a stretch.

    Raises
    ------
    Segment.DoesNotExist
        If there is none that the acting principal may see.
    PermissionDenied
        If the acting principal may not write that municipality's roads.
    """
    _locked(key).delete()


def _locked(key: int) -> Segment:
    """Return a stretch for writing; what may be read but not written cannot be locked."""
    Segment.objects.get(pk=key)
    found = Segment.objects.select_for_update(of=("self",)).order_by().filter(pk=key).first()
    if found is None:
        raise PermissionDenied(_("この市町村の路網台帳を書き換える権限がありません。"))
    return found


def _stored(segment: Segment, values: Mapping[str, object], geometry: GEOSGeometry | None) -> int:
    for name, value in values.items():
        if name == "municipality_code":
            segment.municipality_id = value  # type: ignore[assignment]  # checked by full_clean
        else:
            setattr(segment, name, "" if value is None and name != "width_m" else value)
    segment.geom = _lines(geometry)
    segment.full_clean()
    _check_place(segment)
    try:
        with transaction.atomic():
            segment.save()
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            raise PermissionDenied(
                _("この市町村の路網台帳を書き換える権限がありません。")
            ) from error
        raise
    return segment.pk


def _lines(geometry: GEOSGeometry | None) -> MultiLineString:
    if isinstance(geometry, LineString):
        geometry = MultiLineString(geometry, srid=geometry.srid)
    if not isinstance(geometry, MultiLineString) or geometry.empty or geometry.length == 0:
        raise ValidationError({"geom": _("道路の位置は、長さのある線で示してください。")})
    return geometry


def _check_place(segment: Segment) -> None:
    """Refuse a road that lies in another place than its municipality, as with axes swapped."""
    inside = Municipality.objects.filter(
        pk=segment.municipality_id, geom__dwithin=(segment.geom, 0.02)
    )
    if not inside.exists():
        raise ValidationError(
            {"geom": _("道路の位置が市町村の区域から離れています。座標の順序を確かめてください。")}
        )
