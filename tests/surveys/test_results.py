"""Results in the tables: the engine's numbers rounded once, and the same rows however often stored."""

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest
import rasterio
from django.db import DatabaseError
from exactextract import exact_extract

from forestgis.surveys import files, selectors
from forestgis.surveys.models import MeshCell, Product, Run, ZoneVolume
from forestgis.surveys.services.results import store_result
from forestgis.tenancy.principal import acting_as, transaction_as


def rows(model, world, run):
    """All a table holds of a run but the keys that the database gives."""
    with transaction_as(world.owner):
        names = [
            f.attname for f in model._meta.fields if f.name not in {"id", "geom_3857", "label_3857"}
        ]
        stored = model.objects.filter(run=run).values(*names)
        return sorted([tuple(getattr(v, "ewkt", str(v)) for v in row.values()) for row in stored])


def test_every_zone_cell_and_raster_is_stored(world, make_run, computed):
    run = make_run()
    with transaction_as(world.owner):
        assert run.zones.count() == len(computed.zones)
        assert run.cells.count() == len(computed.mesh())
        assert {p.kind for p in run.products.all()} == set(computed.rasters)
    assert run.state == Run.State.SUCCEEDED
    assert run.calibrated


def test_zone_volume_is_the_area_weighted_sum_of_the_raster(world, make_run):
    run = make_run()
    with transaction_as(world.owner):
        zone = run.zones.order_by("-hardwood_m3").first()
        product = run.products.get(kind="hardwood_m3ha")
        polygon = zone.geom.transform(6680, clone=True)
    geometry = json.loads(polygon.geojson)
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    with rasterio.open(files.stored_path(product.path)) as raster:
        cell_ha = abs(raster.transform.a * raster.transform.e) / 10_000
        (found,) = exact_extract(raster, feature, ["sum"])
    # a pixel without data adds nothing to the sum
    total = Decimal(found["properties"]["sum"] * cell_ha)
    assert total.quantize(Decimal("0.1"), ROUND_HALF_UP) == zone.hardwood_m3


def test_storing_twice_leaves_the_same_rows(world, make_run):
    run, result = make_run(store=False)
    with acting_as(world.owner):
        store_result(run, result)
        first = [rows(model, world, run) for model in (ZoneVolume, MeshCell, Product)]
        store_result(run, result)
    assert [rows(model, world, run) for model in (ZoneVolume, MeshCell, Product)] == first


def test_half_a_result_leaves_nothing(world, make_run):
    run, result = make_run(store=False)
    del result.manifest["outputs"]["rasters/slope.tif"]
    with acting_as(world.owner), pytest.raises(KeyError):
        store_result(run, result)
    with transaction_as(world.owner):
        stored = Run.objects.get(pk=run.pk)
        assert stored.state == Run.State.QUEUED
        assert not any(m.objects.filter(run=run).exists() for m in (ZoneVolume, MeshCell, Product))


def test_neighbour_cannot_store_into_the_run(world, make_run):
    run, result = make_run(store=False)
    with acting_as(world.neighbour), pytest.raises((Run.DoesNotExist, DatabaseError)):
        store_result(run, result)


def test_provenance_leads_to_checksums(world, make_run, computed):
    run = make_run()
    with transaction_as(world.owner):
        source = selectors.provenance(run)
    assert source["engine_version"] == computed.manifest["engine"]
    assert [file["sha256"] for file in source["files"]] == ["0" * 64]
    for product in source["products"]:
        assert files.sha256(files.stored_path(product["path"])) == product["sha256"]


def test_summary_has_no_paths(world, make_run):
    run = make_run()
    assert "/" not in str(run.summary["notes"])
    assert str(world.files) not in str((run.summary, run.params, run.model, run.out_dir))
