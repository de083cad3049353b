"""Writes to the road ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from forestgis.registry.domain.faults import Fault, refusing
from forestgis.registry.domain.sharing import Sharing
from forestgis.registry.geometry import to_geos, to_shapely
from forestgis.registry.models import Municipality
from forestgis.roads.imports import segments
from forestgis.roads.models import Segment


@dataclass(slots=True)
class RoadReport:
    """Counts and faults of a road import."""

    segments: int
    replaced: int
    faults: list[Fault] = field(default_factory=list)
    stored: bool = False

    @property
    def acceptable(self) -> bool:
        """Whether nothing in the file stops the import."""
        return not refusing(self.faults)


def import_segments(
    *,
    municipality: Municipality,
    path: Path,
    sharing: Sharing,
    shared_with: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    epsg: int | None = None,
    dry_run: bool = True,
) -> RoadReport:
    """Replace the municipality's road ledger by a file, all or nothing.

    Parameters
    ----------
    municipality : Municipality
        Whose roads they are.
    path : Path
        Vector file of lines.
    sharing, shared_with
        Who else may see them; codes only with `Sharing.NAMED`.
    mapping : mapping, optional
        Class words of the file to road classes.
    epsg : int, optional
        CRS to assume when the file names none.
    dry_run : bool
        Report only.
    """
    rows, faults = segments.read(
        path, boundary=to_shapely(municipality.geom), mapping=mapping, epsg=epsg
    )
    own = Segment.objects.filter(municipality=municipality)
    with transaction.atomic():
        report = RoadReport(len(rows), own.count(), faults)
        if not dry_run and report.acceptable:
            own.delete()
            Segment.objects.bulk_create(
                [
                    Segment(
                        municipality=municipality,
                        name=row.name,
                        road_class=row.road_class,
                        surface=row.surface,
                        width_m=row.width_m,
                        geom=to_geos(row.geom),
                        sharing=sharing,
                        shared_with=list(shared_with),
                    )
                    for row in rows
                ]
            )
            report.stored = True
    return report
