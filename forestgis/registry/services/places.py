"""Municipalities: loaded from the national data of administrative areas."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from forestgis.registry.domain.codes import with_check_digit
from forestgis.registry.domain.names import english_name
from forestgis.registry.geometry import to_geos
from forestgis.registry.imports import n03
from forestgis.registry.models import Municipality


def load_municipalities(path: Path) -> int:
    """Load or renew the municipalities from an N03 GeoJSON.

    Returns
    -------
    int
        How many the file holds.

    Raises
    ------
    ValueError
        If the file is not N03.
    """
    areas = n03.read(path)
    with transaction.atomic():
        Municipality.objects.bulk_create(
            [municipality(area) for area in areas],
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["code6", "name", "name_en", "bureau", "zone", "geom"],
        )
    return len(areas)


def municipality(area: n03.Area) -> Municipality:
    """Unsaved row of a municipality."""
    return Municipality(
        code=area.code,
        code6=with_check_digit(area.code),
        name=area.name,
        name_en=english_name(area.code),
        bureau=area.bureau,
        zone=area.zone,
        geom=to_geos(area.geom),
    )
