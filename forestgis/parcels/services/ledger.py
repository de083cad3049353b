"""Lots and owners of the ledger from tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from forestgis.parcels.access import check_may_write
from forestgis.parcels.domain.report import LedgerReport
from forestgis.parcels.imports import ledger
from forestgis.parcels.imports.ledger import LAND_FIELDS, LandRow, LedgerFile, OwnerRow
from forestgis.parcels.models import Parcel, ParcelOwner
from forestgis.parcels.services.maps import named
from forestgis.registry.domain.faults import Fault
from forestgis.registry.models import Municipality

#: Rows a statement; more than 1,000 new ones are one entry of the audit trail.
_BATCH = 5000
Owners = dict[tuple[str, str], list[OwnerRow]]


def import_ledger(
    municipality: Municipality, path: Path, name: str, *, dry_run: bool = True
) -> LedgerReport:
    """Replace the lots of the ledger by those of a file, all or nothing.

    Lots that the file does not name leave the ledger and keep their shape and history.
    Owners beside a lot end and begin where they differ; an owner that is not stated stays.

    Raises
    ------
    NotYoursError
        If the acting principal may not write for the municipality.
    """
    check_may_write(municipality.pk)
    file = ledger.read_ledger(path, name)
    report = LedgerReport(lots=len(file.lands), faults=file.faults)
    with transaction.atomic():
        changed = _compare(municipality, file, name, report)
        owners = _by_lot(file.owners)
        _compare_owners(municipality, owners, report)
        if not dry_run and report.acceptable:
            _store_lands(municipality, changed)
            _left(municipality, file).update(in_ledger=False)
            _store_owners(municipality, owners, name)
            report.stored = True
    return report


def import_owners(
    municipality: Municipality, path: Path, name: str, *, dry_run: bool = True
) -> LedgerReport:
    """Replace the owners of the lots that a file names, all or nothing.

    Raises
    ------
    NotYoursError
        If the acting principal may not write for the municipality.
    """
    check_may_write(municipality.pk)
    file = ledger.read_owners(path, name)
    owners = _by_lot(file.owners)
    report = LedgerReport(lots=len({key for key, _basis in owners}), faults=file.faults)
    with transaction.atomic():
        report.faults += _without_parcel(municipality, file, name)
        _compare_owners(municipality, owners, report)
        if not dry_run and report.acceptable:
            _store_owners(municipality, owners, name)
            report.stored = True
    return report


def _compare(
    municipality: Municipality, file: LedgerFile, name: str, report: LedgerReport
) -> list[LandRow]:
    """Count against what is stored; return the rows to write."""
    rows = Parcel.objects.filter(municipality=municipality).defer("geom", "local_geom")
    stored = {
        key: (in_ledger, tuple(values), area)
        for key, in_ledger, area, *values in rows.values_list(
            "lot_key", "in_ledger", "map_area_m2", *LAND_FIELDS
        )
    }
    changed = []
    for land in file.lands:
        before = stored.get(land.lot.key)
        if before is None or not before[0]:
            report.new += 1
        elif before[1] == tuple(land.values.values()):
            report.unchanged += 1
            continue
        else:
            report.changed += 1
        changed.append(land)
    report.removed = _left(municipality, file).count()
    bare = sum(land.lot.key not in stored or stored[land.lot.key][2] is None for land in file.lands)
    if bare:
        report.faults.append(Fault("row_without_shape", name, value=str(bare)))
    return changed


def _left(municipality: Municipality, file: LedgerFile) -> Any:  # noqa: ANN401 - a query set
    keys = [land.lot.key for land in file.lands]
    return Parcel.objects.filter(municipality=municipality, in_ledger=True).exclude(
        lot_key__in=keys
    )


def _store_lands(municipality: Municipality, lands: Iterable[LandRow]) -> None:
    Parcel.objects.bulk_create(
        [_parcel(municipality, land) for land in lands],
        _BATCH,
        update_conflicts=True,
        unique_fields=["municipality", "lot_key"],
        update_fields=["in_ledger", *LAND_FIELDS, "updated_at"],
    )


def _parcel(municipality: Municipality, land: LandRow) -> Parcel:
    parcel = named(municipality, land.lot)
    parcel.in_ledger = True
    for name, value in land.values.items():
        setattr(parcel, name, value)
    return parcel


def _by_lot(rows: Iterable[OwnerRow]) -> Owners:
    """Owners by lot and basis."""
    found: Owners = defaultdict(list)
    for row in rows:
        found[row.lot.key, row.basis].append(row)
    return found


def _without_parcel(municipality: Municipality, file: LedgerFile, name: str) -> list[Fault]:
    known = set(Parcel.objects.filter(municipality=municipality).values_list("lot_key", flat=True))
    return [
        Fault("owner_without_parcel", name, row.line, "地番", str(row.lot))
        for row in file.owners
        if row.lot.key not in known
    ]


def _present(municipality: Municipality, owners: Owners) -> dict[tuple[str, str], list[Any]]:
    """Present owners of the lots that are to be compared."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    rows = ParcelOwner.objects.filter(municipality=municipality, ended_on__isnull=True)
    for owner in rows.select_related("parcel").only("parcel__lot_key", *_CONTENT):
        key = (owner.parcel.lot_key, owner.basis)
        if key in owners:
            found[key].append(owner)
    return found


_CONTENT = ("basis", "name", "address", "share", "acquired_on")


def _content(owner: ParcelOwner) -> tuple[Any, ...]:
    return tuple(getattr(owner, name) for name in _CONTENT)


def _difference(
    municipality: Municipality, owners: Owners
) -> tuple[list[OwnerRow], list[ParcelOwner]]:
    """Owners to begin and owners to end."""
    begin: list[OwnerRow] = []
    end: list[ParcelOwner] = []
    present = _present(municipality, owners)
    for key, rows in owners.items():
        stored = {_content(owner): owner for owner in present.get(key, [])}
        stated = {row.content: row for row in rows}
        begin += [row for content, row in stated.items() if content not in stored]
        end += [owner for content, owner in stored.items() if content not in stated]
    return begin, end


def _compare_owners(municipality: Municipality, owners: Owners, report: LedgerReport) -> None:
    begin, end = _difference(municipality, owners)
    report.owners_new, report.owners_ended = len(begin), len(end)


def _store_owners(municipality: Municipality, owners: Owners, note: str) -> None:
    begin, end = _difference(municipality, owners)
    today = timezone.localdate()
    ended = [owner.pk for owner in end]
    ParcelOwner.objects.filter(pk__in=ended).update(ended_on=today)
    keys = {row.lot.key for row in begin}
    parcels = dict(
        Parcel.objects.filter(municipality=municipality, lot_key__in=keys).values_list(
            "lot_key", "pk"
        )
    )
    ParcelOwner.objects.bulk_create(
        [_owner(municipality, parcels[row.lot.key], row, today, note) for row in begin], _BATCH
    )


def _owner(
    municipality: Municipality, parcel_id: int, row: OwnerRow, today: date, note: str
) -> ParcelOwner:
    return ParcelOwner(
        municipality=municipality,
        parcel_id=parcel_id,
        basis=row.basis,
        name=row.name,
        address=row.address,
        share=row.share,
        acquired_on=row.acquired_on,
        source=ParcelOwner.Source.IMPORT,
        source_note=note[:60],
        valid_from=today,
    )
