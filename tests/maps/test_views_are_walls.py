"""The layer views let the reader's own policies decide, use the spatial index, and name no person."""

from __future__ import annotations

import re

import pytest

from forestgis.maps.catalogue import LAYERS
from tiles.vector.mvt import tile_sql

PERSONAL = ("owner", "address", "phone", "lot", "email", "username", "created_by", "published_by")
MUNICIPAL = "municipal"


@pytest.fixture
def run_as(world):
    """Run one statement as a principal on a database alias."""
    from django.db import connections, transaction

    from forestgis.tenancy.principal import Principal, acting_as

    def run(statement: str, params=None, *, using="map", kind="municipal", codes=("01560",)):
        principal = Principal(kind, codes if kind == "municipal" else ())
        with (
            acting_as(principal),
            transaction.atomic(using=using),
            connections[using].cursor() as cursor,
        ):
            cursor.execute(statement, params)
            return cursor.fetchall()

    return run


def test_every_view_is_run_with_the_readers_rights(run_as):
    rows = run_as(
        "SELECT relname, 'security_invoker=true' = any(coalesce(reloptions, '{}'))"
        " FROM pg_class WHERE relkind = 'v' AND relname LIKE 'map\\_%%'",
        [],
    )
    assert len(rows) >= 7
    assert all(invoker for _, invoker in rows), rows


def test_no_view_names_a_person(run_as):
    columns = {
        (view, name)
        for view, name in run_as(
            "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relkind = 'v' AND c.relname LIKE 'map\\_%%' AND a.attnum > 0",
            [],
        )
    }
    # Lots are what the published part of the land ledger is about (Forest Act, article 191-5); nowhere else.
    personal = {(view, name) for view, name in columns if name in PERSONAL}
    assert personal <= {("map_parcel", "lot")}


def test_map_roles_cannot_read_accounts(run_as):
    from django.db import ProgrammingError

    with pytest.raises(ProgrammingError, match="permission denied"):
        run_as("SELECT * FROM accounts_user")
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_as("SELECT lot FROM registry_stand")


def test_without_a_principal_nothing_of_a_municipality_is_seen(world):
    from django.db import connections, transaction

    from forestgis.tenancy.principal import acting_as

    with acting_as(None), transaction.atomic(using="map"), connections["map"].cursor() as cursor:
        for view in (
            "map_hardwood",
            "map_mesh20m",
            "map_compartment",
            "map_subcompartment",
            "map_raster_product",
        ):
            cursor.execute(f"SELECT count(*) FROM {view}")
            assert cursor.fetchone() == (0,), view


@pytest.mark.parametrize(
    "layer", [layer for layer in LAYERS if not layer.is_raster], ids=lambda layer: layer.name
)
@pytest.mark.parametrize(("using", "kind"), [("map_prefecture", "prefecture")])
def test_the_spatial_index_answers_the_prefecture(run_as, layer, using, kind):
    address = {"z": 14, "x": 14699, "y": 5944}
    run_as("SELECT set_config('enable_seqscan', 'off', false)", using=using, kind=kind)
    plan = run_as("EXPLAIN " + tile_sql(layer, address["z"]), address, using=using, kind=kind)
    run_as("SELECT set_config('enable_seqscan', 'on', false)", using=using, kind=kind)
    assert any(re.search(r"Index Cond: \(\w+_3857 &&", line) for (line,) in plan), plan


def test_paths_that_leave_the_store_are_not_shown(run_as, world):
    from forestgis.surveys.models import Product
    from forestgis.tenancy.principal import Principal, transaction_as

    run = world.runs["own"]
    with transaction_as(Principal("prefecture", can_write=True)):
        known = Product.objects.filter(run=run, kind="hardwood_m3ha").get()
        for number, path in enumerate(("/etc/passwd", "../x.tif", "a/../../x.tif", "")):
            known.pk, known.kind, known.path = None, f"bad{number}", path
            known.save(force_insert=True)
    shown = run_as("SELECT kind FROM map_raster_product WHERE kind LIKE 'bad%%'", [])
    assert shown == []


def test_products_outside_of_the_store_are_never_opened(world, tmp_path, settings):
    from forestgis.maps.selectors import _inside_store

    secret = tmp_path / "secret.tif"
    secret.write_bytes(b"x")
    store = tmp_path / "store"
    store.mkdir()
    (store / "link.tif").symlink_to(secret)
    settings.FORESTGIS_FILES = store
    assert _inside_store("../secret.tif") is None
    assert _inside_store(str(secret)) is None
    assert _inside_store("link.tif") is None
