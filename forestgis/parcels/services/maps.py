"""Shapes of lots from cadastral maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction
from django.db.models import QuerySet

from forestgis.parcels.access import check_may_write
from forestgis.parcels.domain.lots import Lot
from forestgis.parcels.domain.report import LedgerReport
from forestgis.parcels.imports import cadastre
from forestgis.parcels.imports.cadastre import Cadastre, MapLot
from forestgis.parcels.models import Parcel
from forestgis.registry.geometry import to_geos, to_shapely
from forestgis.registry.models import Municipality

#: Rows a statement; more than 1,000 new ones are one entry of the audit trail.
_BATCH = 5000
_LOCAL_SRID = 0
_NO_SHAPE: dict[str, Any] = {
    "coordinate_system": "",
    "map_name": "",
    "accuracy": "",
    "undecided": "",
    "map_area_m2": None,
    "geom": None,
    "local_geom": None,
}
SHAPE_FIELDS = tuple(_NO_SHAPE)


def import_map(
    municipality: Municipality, path: Path, name: str, *, dry_run: bool = True
) -> LedgerReport:
    """Give lots the shapes of a file of maps, all or nothing.

    Lots that the ledger does not have yet are added without being in the ledger. A
    lot whose shape came from one of these maps and that is not drawn there any more
    loses it. Lots of sheets in arbitrary coordinates keep metres of their sheet.

    Parameters
    ----------
    municipality : Municipality
    path : Path
        登記所備付地図 XML, or a ZIP of them.
    name : str
        As the user calls it.
    dry_run : bool
        Report only; nothing is stored.

    Raises
    ------
    NotYoursError
        If the acting principal may not write for the municipality.
    """
    check_may_write(municipality.pk)
    boundary = to_shapely(municipality.geom)
    read = cadastre.read(path, name, municipality_code=municipality.pk, boundary=boundary)
    report = LedgerReport(lots=len(read.lots), faults=read.faults)
    report.unplaced = sum(not item.placed for item in read.lots)
    with transaction.atomic():
        changed = _compare(municipality, read, report)
        if not dry_run and report.acceptable:
            _store(municipality, changed)
            _lost(municipality, read).update(**_NO_SHAPE)
            report.stored = True
    return report


def _compare(municipality: Municipality, read: Cadastre, report: LedgerReport) -> list[MapLot]:
    """Count against what is stored; return the lots to write."""
    stored = _stored_shapes(municipality)
    changed = []
    for item in read.lots:
        before = stored.get(item.lot.key)
        if before is None or before == tuple(_NO_SHAPE.values()):
            report.new += 1
        elif before == _fingerprint(item):
            report.unchanged += 1
            continue
        else:
            report.changed += 1
        changed.append(item)
    report.removed = _lost(municipality, read).count()
    return changed


def _stored_shapes(municipality: Municipality) -> dict[str, tuple[Any, ...]]:
    rows = Parcel.objects.filter(municipality=municipality).values_list("lot_key", *SHAPE_FIELDS)
    return {
        key: (*plain, _wkb(geom), _wkb(local))
        for key, *plain, geom, local in rows.iterator(chunk_size=_BATCH)
    }


def _wkb(geom: GEOSGeometry | None) -> bytes | None:
    return None if geom is None else bytes(geom.wkb)


def _fingerprint(item: MapLot) -> tuple[Any, ...]:
    wkb = shapely.to_wkb(item.geom)
    shapes = (wkb, None) if item.placed else (None, wkb)
    plain = (item.coordinate_system, item.map_name, item.accuracy, item.undecided, item.area_m2)
    return (*plain, *shapes)


def _store(municipality: Municipality, lots: list[MapLot]) -> None:
    Parcel.objects.bulk_create(
        [_parcel(municipality, item) for item in lots],
        _BATCH,
        update_conflicts=True,
        unique_fields=["municipality", "lot_key"],
        update_fields=[*SHAPE_FIELDS, "updated_at"],
    )


def _parcel(municipality: Municipality, item: MapLot) -> Parcel:
    """Unsaved row with the lot's shape."""
    parcel = named(municipality, item.lot)
    parcel.coordinate_system = item.coordinate_system
    parcel.map_name = item.map_name
    parcel.accuracy = item.accuracy
    parcel.undecided = item.undecided
    parcel.map_area_m2 = item.area_m2
    if item.placed:
        parcel.geom = to_geos(item.geom)
    else:
        parcel.local_geom = to_geos(item.geom, _LOCAL_SRID)
    return parcel


def named(municipality: Municipality, lot: Lot) -> Parcel:
    """Unsaved row of a lot with nothing but its name."""
    return Parcel(
        municipality=municipality,
        oaza=lot.oaza,
        aza=lot.aza,
        lot=lot.number,
        lot_key=lot.key,
        lot_main=lot.main,
    )


def _lost(municipality: Municipality, read: Cadastre) -> QuerySet[Parcel]:
    """Lots of these maps that are not drawn in them any more."""
    drawn = Parcel.objects.filter(municipality=municipality, map_name__in=sorted(read.map_names))
    return drawn.exclude(lot_key__in=[item.lot.key for item in read.lots])
