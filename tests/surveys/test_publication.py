"""Publishing: all or nothing, to whom, and what nobody else sees."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from forestgis.surveys import files, selectors, services
from forestgis.surveys.errors import (
    NotFinishedError,
    NotYoursError,
    OverlapError,
    ProductMissingError,
    UnknownSharingError,
)
from forestgis.surveys.models import (
    Batch,
    BatchFile,
    MeshCell,
    Plot,
    Product,
    Publication,
    Run,
    ZoneVolume,
)
from forestgis.tenancy.principal import acting_as, transaction_as
from tests.surveys.conftest import NEIGHBOUR_CODE

RUN_TABLES = (Run, Product, ZoneVolume, MeshCell)
OWN_TABLES = (Batch, BatchFile, Plot)


def publish(world, run, sharing="own", shared_with=(), **options):
    with acting_as(world.owner):
        return services.publish(run, sharing, shared_with, **options)


def sees(principal, model, run):
    field = "pk" if model is Run else "run"
    with transaction_as(principal):
        return model.objects.filter(**{field: run.pk}).exists()


def active(world):
    with transaction_as(world.prefecture):
        found = Publication.objects.filter(withdrawn_at__isnull=True)
        return set(found.values_list("run_id", flat=True))


@pytest.mark.parametrize(
    ("sharing", "shared_with", "readers"),
    [
        (None, [], {"owner", "reader", "prefecture"}),
        ("own", [], {"owner", "reader", "prefecture"}),
        ("named", [NEIGHBOUR_CODE], {"owner", "reader", "prefecture", "neighbour"}),
        ("municipalities", [], {"owner", "reader", "prefecture", "neighbour", "stranger"}),
        (
            "public",
            [],
            {"owner", "reader", "prefecture", "neighbour", "stranger", "public"},
        ),
    ],
)
def test_run_rows_are_seen_as_published(world, make_run, sharing, shared_with, readers):
    run = make_run()
    if sharing:
        publish(world, run, sharing, shared_with)
    kinds = ("owner", "reader", "prefecture", "neighbour", "stranger", "public")
    for model in RUN_TABLES:
        seen_by = {kind for kind in kinds if sees(getattr(world, kind), model, run)}
        assert seen_by == readers, model


@pytest.mark.parametrize("model", OWN_TABLES, ids=lambda m: m.__name__)
def test_batches_stay_with_their_municipality_whatever_is_published(world, make_run, model):
    run = make_run()
    with transaction_as(world.owner):
        if model is Plot:
            Plot.objects.create(
                batch_id=run.batch_id,
                municipality_id=run.municipality_id,
                plot_id="P1",
                geom="SRID=6668;POINT(143 44.1)",
                radius_m=11.28,
                hardwood_m3ha=100,
                conifer_m3ha=0,
            )
    publish(world, run, "public")
    for kind, expected in (
        ("owner", True),
        ("prefecture", True),
        ("neighbour", False),
        ("stranger", False),
        ("public", False),
    ):
        with transaction_as(getattr(world, kind)):
            assert model.objects.exists() is expected, kind


def test_withdrawing_hides_at_once(world, make_run):
    run = make_run()
    publish(world, run, "public")
    with acting_as(world.owner):
        assert services.withdraw(run) == 1
        assert services.withdraw(run) == 0
    assert not sees(world.public, ZoneVolume, run)
    # neither does the withdrawn publication itself tell others that there was one
    assert not sees(world.neighbour, Publication, run)
    assert sees(world.owner, Publication, run)


def test_publishing_again_replaces_the_level(world, make_run):
    run = make_run()
    publish(world, run, "public")
    publish(world, run, "own")
    assert active(world) == {run.pk}
    assert not sees(world.public, ZoneVolume, run)


def test_new_run_takes_the_place_of_the_old(world, make_run):
    old, new = make_run(), make_run()
    publish(world, old, "municipalities")
    publish(world, new, "municipalities")
    assert active(world) == {new.pk}
    assert not sees(world.neighbour, ZoneVolume, old)
    key = new_key(world, new)
    with transaction_as(world.neighbour):
        assert selectors.card(key, world.neighbour).volume.source.run_id == new.pk


def new_key(world, run):
    with transaction_as(world.owner):
        return run.zones.order_by("key").first().key


def test_run_of_fewer_zones_does_not_make_others_vanish(world, make_run):
    old = make_run()
    key = new_key(world, old)
    part = make_run([key])
    publish(world, old)
    with pytest.raises(OverlapError) as refusal:
        publish(world, part)
    assert str(old.pk) in str(refusal.value)
    assert active(world) == {old.pk}
    publish(world, part, replace=True)
    assert active(world) == {part.pk}


def test_runs_of_other_zones_stand_side_by_side(world, make_run):
    whole = make_run()
    with transaction_as(world.owner):
        keys = list(whole.zones.order_by("key").values_list("key", flat=True))
    west, east = make_run(keys[:2]), make_run(keys[2:])
    publish(world, west)
    publish(world, east)
    assert active(world) == {west.pk, east.pk}


def test_failure_while_publishing_keeps_the_old_map(world, make_run):
    old, new = make_run(), make_run()
    publish(world, old, "public")
    with transaction_as(world.owner):
        product = new.products.first()
    files.stored_path(product.path).write_bytes(b"other")
    with pytest.raises(ProductMissingError, match=product.kind):
        publish(world, new, "public")
    assert active(world) == {old.pk}


def test_unfinished_run_cannot_be_published(world, make_run):
    run, _result = make_run(store=False)
    with pytest.raises(NotFinishedError):
        publish(world, run)


@pytest.mark.parametrize(
    ("sharing", "shared_with"),
    [("everybody", []), ("prefecture", []), ("named", []), ("named", ["99999"])],
)
def test_bad_sharing_is_refused(world, make_run, sharing, shared_with):
    run = make_run()
    with pytest.raises(UnknownSharingError):
        publish(world, run, sharing, shared_with)
    assert active(world) == set()


@pytest.mark.parametrize("kind", ["reader", "neighbour", "public"])
def test_others_can_neither_publish_nor_withdraw(world, make_run, kind):
    run = make_run()
    publish(world, run, "public")
    with acting_as(getattr(world, kind)):
        with pytest.raises(NotYoursError):
            services.publish(run, "own")
        with pytest.raises(NotYoursError):
            services.withdraw(run)
    assert active(world) == {run.pk}


@pytest.mark.parametrize("kind", ["neighbour", "public"])
def test_the_database_itself_refuses_others(world, make_run, kind):
    run = make_run()
    publish(world, run, "public")
    with transaction_as(getattr(world, kind)):
        assert Publication.objects.filter(run=run).update(withdrawn_at=timezone.now()) == 0
        assert Run.objects.filter(pk=run.pk).update(state="failed") == 0
        assert ZoneVolume.objects.filter(run=run).update(hardwood_m3=1) == 0


def test_only_one_publication_of_a_run_is_active(world, make_run):
    run = make_run()
    publish(world, run)
    with pytest.raises(IntegrityError, match="one_active"), transaction_as(world.owner):
        Publication.objects.create(run=run, municipality_id=run.municipality_id, sharing="own")


@pytest.mark.parametrize("model", [Publication, Product, ZoneVolume, MeshCell])
def test_nobody_hangs_rows_below_anothers_run(world, make_run, model):
    """Rows of the neighbour's own code, which its policies let it write, under the owner's run.

    A publication of that kind would let the neighbour read a run that was never shared.
    """
    run = make_run()
    publish(world, run)
    with transaction_as(world.owner):
        row = model.objects.filter(run=run).first()
        row.withdrawn_at = timezone.now()
        forged = {"pk": None, "municipality_id": NEIGHBOUR_CODE, "key": "forged", "kind": "forged"}
        forged |= {"jf20mid": "forged", "sharing": "public"}
        for name, value in forged.items():
            setattr(row, name, value)
    # inside the transaction: the statement itself is refused, not only the commit
    with transaction_as(world.neighbour), pytest.raises(IntegrityError, match="same_municipality"):
        row.save(force_insert=True)


def test_nothing_without_principal(world, make_run):
    run = make_run()
    publish(world, run, "municipalities")
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("surveys_run", "surveys_zonevolume", "surveys_publication", "surveys_batch"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,)
    assert sees(world.neighbour, ZoneVolume, run)
