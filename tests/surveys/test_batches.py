"""Registering a batch: files are checked first, and a refusal names file and cause."""

import csv
import hashlib
import shutil

import pytest

from forestgis.registry.models import Municipality
from forestgis.surveys import services
from forestgis.surveys.errors import (
    BatchRefusedError,
    NoSuchFileError,
    NotYoursError,
    PlotsRefusedError,
)
from forestgis.surveys.models import Batch
from forestgis.tenancy.principal import acting_as, transaction_as
from tests.surveys.conftest import OWNER_CODE

PLOTS = "plot_id,x,y,radius_m,hardwood_m3ha,conifer_m3ha\n"


@pytest.fixture
def register(world, forget_runs):
    with transaction_as(world.owner):
        place = Municipality.objects.get(pk=OWNER_CODE)

    def make(files, principal=world.owner, **options):
        with acting_as(principal):
            return services.register_batch(
                municipality=place, name="秋の計測", files=files, **options
            )

    return make


def count(world):
    with transaction_as(world.prefecture):
        return Batch.objects.count()


def test_folder_of_point_clouds_is_registered_with_checksums(world, scene, register):
    batch = register([scene.laz[0].parent], plots=scene.plots, simulated=True)
    with transaction_as(world.owner):
        stored = Batch.objects.get(pk=batch.pk)
        (file,) = stored.files.all()
        plots = stored.plots.count()
    assert (stored.epsg, stored.simulated, plots) == (6680, True, 16)
    # the simulator flies in early November 2025
    assert stored.captured_from.isoformat() == "2025-11-03"
    assert file.sha256 == hashlib.sha256(scene.laz[0].read_bytes()).hexdigest()
    assert file.size == scene.laz[0].stat().st_size
    assert str(scene.laz[0].parent) not in str(file.report)


def test_plots_keep_their_place_and_figures(world, scene, register):
    batch = register(scene.laz, plots=scene.plots)
    with scene.plots.open(encoding="utf-8", newline="") as table:
        first = next(csv.DictReader(table))
    with transaction_as(world.owner):
        plot = batch.plots.get(plot_id=first["plot_id"])
    assert float(plot.hardwood_m3ha) == pytest.approx(float(first["hardwood_m3ha"]), abs=0.005)
    placed = plot.geom.transform(6680, clone=True)
    assert placed.x == pytest.approx(float(first["x"]), abs=0.001)
    assert placed.y == pytest.approx(float(first["y"]), abs=0.001)


def test_one_bad_file_refuses_the_batch_unless_left_out(world, scene, register, tmp_path):
    shutil.copy(scene.laz[0], tmp_path / "good.laz")
    (tmp_path / "bad.laz").write_bytes(b"LASF, but nothing else")
    with pytest.raises(BatchRefusedError, match=r"bad\.laz"):
        register([tmp_path])
    assert count(world) == 0
    batch = register([tmp_path], skip_refused=True)
    with transaction_as(world.owner):
        assert [file.name for file in batch.files.all()] == ["good.laz"]


def test_missing_and_empty_places_are_named(world, register, tmp_path):
    for path in (tmp_path, tmp_path / "none.laz"):
        with pytest.raises(NoSuchFileError, match=path.name):
            register([path])
    assert count(world) == 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("P1,58500,13300,11.28,abc,0\n", "abc"),
        ("P1,58500,13300,11.28,-5,0\n", "-5"),
        ("P1,58500,13300,11.28,100,99999\n", "99999"),
        ("P1,58500,13300,11.28,1,0\nP1,58510,13300,11.28,1,0\n", "P1"),
        ("", "plots"),
    ],
)
def test_bad_plots_refuse_the_batch(world, scene, register, tmp_path, rows, said):
    path = tmp_path / "plots.csv"
    path.write_text(PLOTS + rows, "utf-8")
    with pytest.raises(PlotsRefusedError, match=said):
        register(scene.laz, plots=path)
    assert count(world) == 0


@pytest.mark.parametrize("kind", ["reader", "neighbour", "public"])
def test_others_cannot_register(world, scene, register, kind):
    with pytest.raises(NotYoursError, match=OWNER_CODE):
        register(scene.laz, principal=getattr(world, kind))
    assert count(world) == 0
