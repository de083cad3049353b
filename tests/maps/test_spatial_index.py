"""A municipality's reader gets the spatial index although the policies stand before the query."""

from __future__ import annotations

import re

import pytest

from forestgis.maps.catalogue import BY_NAME
from tiles.vector.mvt import tile_sql

HERE, THERE = "01560", "01559"
SIDE = 200
# In the middle of SIDE x SIDE cells of 0.0005 degree from 143.0 E, 44.2 N on: z15, apart from the code under test.
TILE = {"z": 15, "x": 29404, "y": 11879}
FILL = """
    INSERT INTO registry_subcompartment
        (municipality_code, edition, keycode, compartment_number, number, geom, area_ha)
    SELECT CASE WHEN i < %(side)s / 2 THEN %(here)s ELSE %(there)s END, 2024,
           lpad((i * %(side)s + j)::text, 14, '0'), i + 1, j + 1,
           ST_Multi(ST_MakeEnvelope(143 + i * 0.0005, 44.2 + j * 0.0005,
                                    143.0005 + i * 0.0005, 44.2005 + j * 0.0005, 6668)), 0.2
    FROM generate_series(0, %(side)s - 1) i, generate_series(0, %(side)s - 1) j
"""
COMPARTMENTS = """
    INSERT INTO registry_compartment (municipality_code, edition, number, geom)
    SELECT code, 2024, 1, ST_Multi(ST_MakeEnvelope(143, 44.2, 143.1, 44.3, 6668))
    FROM unnest(%(codes)s) code
"""
MARK = "ALTER FUNCTION public.geometry_overlaps(geometry, geometry) {} LEAKPROOF"


@pytest.fixture(scope="module")
def cells(database, admin_url, host_principal) -> str:
    """Store 40,000 小班, half of HERE and half of THERE; the database's name."""
    from django.contrib.gis.geos import MultiPolygon, Polygon
    from django.db import connection

    from forestgis.registry.models import Municipality
    from forestgis.tenancy import bootstrap
    from forestgis.tenancy.principal import transaction_as

    with transaction_as(host_principal):
        for code in (HERE, THERE):
            area = MultiPolygon(Polygon.from_bbox((143, 44.2, 143.1, 44.3)), srid=6668)
            Municipality.objects.create(
                code=code, code6=f"{code}0", name=code, bureau="オホーツク", zone=12, geom=area
            )
        with connection.cursor() as cursor:
            cursor.execute(FILL, {"side": SIDE, "here": HERE, "there": THERE})
            cursor.execute(COMPARTMENTS, {"codes": [HERE, THERE]})
    with bootstrap.admin_connection(admin_url, database) as inside, inside.cursor() as cursor:
        cursor.execute("ANALYZE maps_subcompartment, maps_compartment, registry_subcompartment")
    return database


@pytest.fixture
def mark(cells, admin_url):
    """Return `mark(on)`: say whether && may be asked before the policies; on again at the end."""
    from forestgis.tenancy import bootstrap

    def set_to(on: bool) -> None:
        with bootstrap.admin_connection(admin_url, cells) as inside, inside.cursor() as cursor:
            cursor.execute(MARK.format("" if on else "NOT"))

    yield set_to
    set_to(True)


def explain() -> str:
    """Return the plan of a tile, with what each step read, for an officer of both municipalities."""
    from django.db import connections, transaction

    from forestgis.tenancy.principal import Principal, acting_as

    statement = "EXPLAIN (ANALYZE) " + tile_sql(BY_NAME["subcompartment"], TILE["z"])
    with (
        acting_as(Principal("municipal", (HERE, THERE))),
        transaction.atomic(using="map"),
        connections["map"].cursor() as cursor,
    ):
        cursor.execute(statement, TILE)
        return "\n".join(row[0] for row in cursor.fetchall())


def rows_read(plan: str) -> int:
    """Rows that the features' scan of the 小班 gave or threw away."""
    scans = re.findall(r"Rows Removed by Filter: (\d+)", plan)
    return max(map(int, scans), default=0)


def test_bootstrap_marks_the_comparison_of_boxes_and_nothing_else(cells, admin_url):
    from forestgis.tenancy import bootstrap

    with bootstrap.admin_connection(admin_url, cells) as inside, inside.cursor() as cursor:
        cursor.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p"
            " JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'"
            " JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'postgis'"
            " WHERE p.proleakproof"
        )
        assert [name for (name,) in cursor.fetchall()] == ["geometry_overlaps(geometry,geometry)"]


def test_a_municipalitys_tile_asks_the_spatial_index(mark):
    mark(False)
    without = explain()
    mark(True)
    plan = explain()
    assert "maps_subcompartment_3857" not in without
    assert "Index Scan using maps_subcompartment_3857" in plan or (
        "Bitmap Index Scan on maps_subcompartment_3857" in plan
    )
    assert "Index Cond: (geom_3857 &&" in plan
    assert rows_read(plan) < 1000 < rows_read(without)
