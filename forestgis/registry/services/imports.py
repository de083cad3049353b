"""Importing an edition of the register."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import shapely
from django.db import transaction
from shapely.geometry.base import BaseGeometry

from forestgis.registry import selectors
from forestgis.registry.domain.keycode import parse
from forestgis.registry.domain.report import ImportReport
from forestgis.registry.geometry import to_geos, to_shapely
from forestgis.registry.imports import register
from forestgis.registry.imports.polygons import Polygon, multipolygon
from forestgis.registry.imports.register import RegisterFiles
from forestgis.registry.imports.stands import StandRow
from forestgis.registry.models import Compartment, Municipality, Stand, Subcompartment

_BATCH = 2000


def import_register(
    *,
    municipality: Municipality,
    edition: int,
    polygons: Path,
    rows: Path | None = None,
    epsg: int | None = None,
    dry_run: bool = True,
) -> ImportReport:
    """Import one edition of 小班 and register rows, all or nothing.

    The files replace what the edition held for the municipality; other
    editions stay as they are.

    Parameters
    ----------
    municipality : Municipality
        Whose register it is; its zone measures the areas.
    edition : int
        年度.
    polygons, rows : Path
        小班 polygons, and the 森林調査簿 as CSV.
    epsg : int, optional
        CRS to assume when the polygons' file names none.
    dry_run : bool
        Report only; nothing is stored.

    Returns
    -------
    ImportReport
        `stored` is True only when all was stored; with any refusing fault
        nothing is.
    """
    files = register.read(
        polygons,
        rows,
        boundary=to_shapely(municipality.geom),
        zone=municipality.zone,
        codes=selectors.known_codes(edition),
        epsg=epsg,
    )
    with transaction.atomic():
        report = _compared(municipality, edition, files)
        if not dry_run and report.acceptable:
            _replace_edition(municipality, edition, files)
            report.stored = True
    return report


def _compared(municipality: Municipality, edition: int, files: RegisterFiles) -> ImportReport:
    """Count what is new, changed and gone against the stored edition."""
    stored = selectors.fingerprints(municipality, edition)
    incoming = {p.keycode: _fingerprint(p, files.stands.get(p.keycode, [])) for p in files.polygons}
    common = stored.keys() & incoming.keys()
    changed = sum(stored[key] != incoming[key] for key in common)
    return ImportReport(
        municipality=municipality.code,
        edition=edition,
        polygons=len(files.polygons),
        rows=files.rows,
        new=len(incoming.keys() - stored.keys()),
        changed=changed,
        unchanged=len(common) - changed,
        removed=len(stored.keys() - incoming.keys()),
        faults=files.faults,
    )


def _fingerprint(polygon: Polygon, rows: Iterable[StandRow]) -> selectors.Fingerprint:
    """Take what makes a 小班 differ from the stored one: shape and storeys."""
    storeys = tuple(
        (row.storey, *(row.values[name] for name in selectors.STAND_FIELDS))
        for row in sorted(rows, key=lambda row: row.storey)
    )
    return shapely.to_wkb(polygon.geom), storeys


def _replace_edition(municipality: Municipality, edition: int, files: RegisterFiles) -> None:
    """Delete the municipality's rows of the edition and store the new ones."""
    own = {"municipality": municipality, "edition": edition}
    Stand.objects.filter(
        subcompartment__municipality=municipality, subcompartment__edition=edition
    ).delete()
    Subcompartment.objects.filter(**own).delete()
    Compartment.objects.filter(**own).delete()
    subcompartments = Subcompartment.objects.bulk_create(
        [_subcompartment(municipality, edition, p, files) for p in files.polygons], _BATCH
    )
    Stand.objects.bulk_create(
        [
            Stand(subcompartment=sub, municipality=municipality, storey=row.storey, **row.values)
            for sub in subcompartments
            for row in files.stands.get(sub.keycode, [])
        ],
        _BATCH,
    )
    Compartment.objects.bulk_create(_compartments(municipality, edition, files.polygons), _BATCH)


def _subcompartment(
    municipality: Municipality, edition: int, polygon: Polygon, files: RegisterFiles
) -> Subcompartment:
    """Unsaved row; the register's area is that of the first storey, since storeys share it."""
    key = parse(polygon.keycode)
    rows = sorted(files.stands.get(polygon.keycode, []), key=lambda row: row.storey)
    return Subcompartment(
        municipality=municipality,
        edition=edition,
        keycode=polygon.keycode,
        compartment_number=key.compartment,
        number=key.subcompartment,
        geom=to_geos(polygon.geom),
        area_ha=polygon.area_ha,
        register_area_ha=rows[0].register_area_ha if rows else None,
    )


def _compartments(
    municipality: Municipality, edition: int, polygons: list[Polygon]
) -> list[Compartment]:
    """林班 as the union of their 小班."""
    members: dict[int, list[BaseGeometry]] = {}
    for polygon in polygons:
        members.setdefault(parse(polygon.keycode).compartment, []).append(polygon.geom)
    return [
        Compartment(
            municipality=municipality,
            edition=edition,
            number=number,
            geom=to_geos(multipolygon(shapely.union_all(geoms))),
        )
        for number, geoms in sorted(members.items())
    ]
