"""滝上町 with three 小班 of a hectare, the third of them protection forest."""

from __future__ import annotations

import pytest
from shapely.geometry import MultiPolygon, box

from tests.registry.conftest import SOUTH, WEST, in_degrees, square

CODE, OTHER = "01560", "01562"
KEYS = ("11990100120001", "11990100120002", "11990100120003")


@pytest.fixture(scope="module")
def place(database, host_principal):
    """Two municipalities with one area, and the first one's register."""
    from forestgis.registry.geometry import to_geos
    from forestgis.registry.models import Edition, Municipality, Stand, Subcompartment
    from forestgis.tenancy.principal import transaction_as

    area = in_degrees(box(WEST - 2000, SOUTH - 2000, WEST + 2000, SOUTH + 2000))
    with transaction_as(host_principal):
        rows = [
            Municipality(
                code=code, code6=f"{code}1", name=name, bureau="オホーツク総合振興局", zone=12,
                geom=to_geos(MultiPolygon([area])),
            )
            for code, name in ((CODE, "滝上町"), (OTHER, "西興部村"))
        ]  # fmt: skip
        Municipality.objects.bulk_create(rows)
        Edition.objects.create(municipality=rows[0], year=2024, state=Edition.State.CURRENT)
        for number, key in enumerate(KEYS, 1):
            stand = Subcompartment.objects.create(
                municipality=rows[0], edition=2024, keycode=key, compartment_number=12, number=number,
                geom=to_geos(MultiPolygon([in_degrees(square(number - 1, 0))])), area_ha=1,
            )  # fmt: skip
            Stand.objects.create(
                subcompartment=stand,
                municipality=rows[0],
                protection_code="11" if number == 3 else "01",
            )
    return rows[0]
