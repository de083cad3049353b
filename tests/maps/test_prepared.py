"""Tables that are prepared for maps follow the register in the transaction of its change, for whom its policies say."""

from __future__ import annotations

from decimal import Decimal

import pyogrio
import pytest

HERE, THERE = "01560", "01559"


@pytest.fixture
def rows(world):
    """Return `rows(sql, code)`: what an officer of a municipality (None: the prefecture) reads over the map role."""
    from django.db import connections, transaction

    from forestgis.tenancy.principal import Principal, acting_as

    def read(sql: str, code: str | None = HERE):
        using = "map" if code else "map_prefecture"
        principal = Principal("municipal", (code,)) if code else Principal("prefecture")
        with (
            acting_as(principal),
            transaction.atomic(using=using),
            connections[using].cursor() as cursor,
        ):
            cursor.execute(sql)
            return cursor.fetchall()

    return read


@pytest.fixture
def undone(world, host_principal):
    """Act as the host in a transaction that is rolled back; its rows are read inside of it."""
    from django.db import connection, transaction

    from forestgis.tenancy.principal import transaction_as

    def read(sql: str):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    with transaction_as(host_principal):
        yield read
        transaction.set_rollback(True)


def test_maps_show_the_current_edition_with_its_sums(rows):
    assert rows("SELECT edition, species_group, species, age_class FROM map_subcompartment") == [
        (2024, "broadleaf", "ミズナラ", 16)
    ]
    assert rows(
        "SELECT edition, area_ha, species_group, stock_conifer_m3ha FROM map_compartment"
    ) == [(2024, Decimal("22.1234"), "broadleaf", Decimal("20.5"))]
    assert rows("SELECT edition, area_ha, stock_broadleaf_m3ha FROM map_forest") == [
        (2024, Decimal("22.1234"), Decimal("150.0"))
    ]


def test_each_municipality_reads_its_own_at_every_scale(rows):
    for view in ("map_forest", "map_compartment", "map_subcompartment"):
        sql = f"SELECT municipality_code FROM {view}"
        assert rows(sql, HERE) == [(HERE,)], view
        assert rows(sql, THERE) == [(THERE,)], view
        assert len(rows(sql, None)) == 2, view


def test_an_edit_of_a_stand_is_in_all_scales_at_once(undone):
    from forestgis.registry.models import Stand

    stand = Stand.objects.get(municipality_id=HERE, subcompartment__edition=2024)
    stand.stock_broadleaf_m3ha, stand.stock_conifer_m3ha, stand.age = 10, 300, 12
    stand.save()
    for view in ("map_forest", "map_compartment", "map_subcompartment"):
        sql = f"SELECT species_group, stock_conifer_m3ha FROM {view} WHERE municipality_code = '{HERE}'"
        assert undone(sql) == [("conifer", Decimal("300.0"))], view
    assert undone(
        f"SELECT age_class FROM map_subcompartment WHERE municipality_code = '{HERE}'"
    ) == [(3,)]


def test_another_edition_is_shown_when_it_is_made_current(undone):
    from forestgis.registry.models import Compartment, Stand
    from forestgis.registry.services.editions import make_current

    Stand.objects.filter(municipality_id=HERE, subcompartment__edition=2020).update(age=1)
    shown = f"SELECT edition, age FROM map_subcompartment WHERE municipality_code = '{HERE}'"
    assert undone(shown) == [(2024, 80)]
    make_current(HERE, 2020)
    assert undone(shown) == [(2020, 1)]
    assert undone(f"SELECT edition FROM map_forest WHERE municipality_code = '{HERE}'") == [(2020,)]
    make_current(HERE, 2024)
    assert undone(shown) == [(2024, 80)]
    Compartment.objects.filter(municipality_id=HERE).delete()
    for view in ("map_forest", "map_compartment"):
        assert undone(f"SELECT 1 FROM {view} WHERE municipality_code = '{HERE}'") == [], view


def test_a_code_that_is_renamed(undone):
    from forestgis.registry.models import CodeTable

    CodeTable.objects.filter(table="species", code="64").update(name="みずなら")
    assert undone("SELECT DISTINCT species FROM map_subcompartment") == [("みずなら",)]


def test_municipalities_have_simple_borders_for_small_scales(undone):
    from django.contrib.gis.geos import MultiPolygon, Polygon

    from forestgis.registry.models import Municipality

    area = MultiPolygon(Polygon.from_bbox((142.0, 43.0, 142.5, 43.5)), srid=6668)
    Municipality.objects.filter(code=HERE).update(geom=area)
    [(same,)] = undone(
        f"SELECT ST_Equals(geom_z6, geom_3857) FROM map_municipality WHERE code = '{HERE}'"
    )
    assert same


def test_everything_can_be_prepared_anew(rows, admin_url, database, host_principal):
    from django.core.management import call_command

    from forestgis.tenancy import bootstrap

    everything = "SELECT fid, label, age FROM map_subcompartment ORDER BY fid"
    before = rows(everything, None)
    with bootstrap.admin_connection(admin_url, database) as inside, inside.cursor() as cursor:
        cursor.execute(
            "DELETE FROM maps_subcompartment; DELETE FROM maps_forest; DELETE FROM maps_municipality"
        )
    assert rows("SELECT 1 FROM map_subcompartment", None) == []
    call_command("prepare_maps", verbosity=0)
    assert rows(everything, None) == before
    assert len(rows("SELECT 1 FROM map_municipality WHERE geom_z6 IS NOT NULL", None)) == 2


@pytest.fixture
def drawn(get, tmp_path):
    """Return `drawn(layer, z, reader)`: the features' attributes in the tile over the 小班 of HERE."""
    import math

    def read(layer: str, z: int, reader: str = "here") -> list[dict]:
        n = 2**z
        x = int((143.0025 + 180) / 360 * n)
        y = int((1 - math.asinh(math.tan(math.radians(44.2025))) / math.pi) / 2 * n)
        content = get(f"/maps/tiles/{layer}/{z}/{x}/{y}.mvt", reader).content
        if not content:
            return []
        path = tmp_path / f"{y}.mvt"
        path.write_bytes(content)
        if layer not in [name for name, _ in pyogrio.list_layers(f"MVT:{path}")]:
            return []
        meta, _, _, columns = pyogrio.raw.read(f"MVT:{path}", layer=layer, encoding="utf-8")
        return [dict(zip(meta["fields"], row, strict=True)) for row in zip(*columns, strict=True)]

    return read


@pytest.mark.parametrize("layer", ["subcompartment", "compartment", "municipality"])
def test_no_zoom_is_empty_where_there_is_something(drawn, layer):
    from forestgis.maps.catalogue import BY_NAME

    declared = BY_NAME[layer]
    for z in range(declared.minzoom, declared.maxzoom + 1):
        features = drawn(layer, z)
        assert features, z
        code = "code" if layer == "municipality" else "municipality_code"
        assert HERE in {feature[code] for feature in features}, z


@pytest.mark.parametrize("z", range(5, 17))
def test_no_zoom_shows_another_municipalitys_forest(drawn, z):
    seen = drawn("subcompartment", z, "there") + drawn("compartment", z, "there")
    assert {feature["municipality_code"] for feature in seen} <= {THERE}
    assert {f["species_group"] for f in drawn("subcompartment", z)} == {"broadleaf"}
