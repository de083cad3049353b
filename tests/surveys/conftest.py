"""A small simulated scene, computed once by the engine, and people to read its results."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lidar.run import RunResult, execute
from lidar.simulate.params import Scene, SceneParams
from lidar.simulate.scene import make_scene

OWNER_CODE, NEIGHBOUR_CODE = "01560", "01562"


@pytest.fixture(scope="session")
def scene(tmp_path_factory) -> Scene:
    """Five hectares of forest in 滝上町 with a register, roads, plots and one flight line."""
    params = SceneParams(
        width_m=260,
        height_m=200,
        plots=16,
        workers=0,
        pulses_m2=2.0,
        dense_pulses_m2=2.0,
        compartment_ha=1.2,
    )
    return make_scene(tmp_path_factory.mktemp("scene"), params)


@pytest.fixture(scope="session")
def computed(scene, tmp_path_factory) -> RunResult:
    """The engine's result of the scene over its compartments."""
    return execute(
        scene.laz,
        tmp_path_factory.mktemp("result") / "out",
        compartments=scene.compartments,
        plots=scene.plots,
        workers=0,
    )


@dataclass(frozen=True, slots=True)
class World:
    """Who there is, and where files go."""

    owner: object
    reader: object
    neighbour: object
    stranger: object
    prefecture: object
    public: object
    files: Path


@pytest.fixture(scope="module")
def world(database, scene, tmp_path_factory):
    """The demonstration's places and people, with principals of each kind."""
    from django.conf import settings

    from forestgis.accounts.models import User
    from forestgis.accounts.principals import principal_of
    from forestgis.surveys import demo
    from forestgis.tenancy.principal import LOGIN, PUBLIC, Principal, acting_as, transaction_as

    before, settings.FORESTGIS_FILES = settings.FORESTGIS_FILES, tmp_path_factory.mktemp("files")
    with acting_as(Principal("prefecture", can_write=True)):
        demo.load(scene.compartments.parent, boundaries=None)
    with transaction_as(LOGIN):
        people = {user.username: user for user in User.objects.select_related("organisation")}
    owner = principal_of(people["takinoue"])
    yield World(
        owner=owner,
        reader=replace(owner, can_write=False),
        neighbour=principal_of(people["nishiokoppe"]),
        stranger=Principal("municipal", codes=("01559",), can_write=True),
        prefecture=principal_of(people["hokkaido"]),
        public=PUBLIC,
        files=settings.FORESTGIS_FILES,
    )
    settings.FORESTGIS_FILES = before


@pytest.fixture
def make_run(world, computed, forget_runs):
    """Store a run of the owner from the computed result; its rows go away after the test."""
    from forestgis.surveys import files
    from forestgis.surveys.models import Batch, BatchFile, Run
    from forestgis.surveys.services.results import store_result
    from forestgis.tenancy.principal import acting_as, transaction_as
    from lidar.run import load_result

    def make(keys=None, *, store=True):
        with transaction_as(world.owner):
            batch = Batch.objects.create(
                municipality_id=OWNER_CODE, name="秋の計測", epsg=6680, simulated=True
            )
            BatchFile.objects.create(
                batch=batch,
                municipality_id=OWNER_CODE,
                path="/laz/a.laz",
                sha256="0" * 64,
                size=1,
                points=1,
            )
            run = Run.objects.create(batch=batch, municipality_id=OWNER_CODE)
        shutil.copytree(computed.out_dir, files.run_dir(run.pk))
        result = load_result(files.run_dir(run.pk))
        if keys is not None:
            result = replace(result, zones=tuple(z for z in result.zones if z.key in keys))
        if store:
            with acting_as(world.owner):
                store_result(run, result)
            with transaction_as(world.owner):
                return Run.objects.get(pk=run.pk)
        return run, result

    return make


@pytest.fixture
def forget_runs(world):
    """Take all runs away after the test, as the owner of the tables.

    Publications cannot be deleted by anybody else.
    """
    from django.db import connections

    yield
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname ~ '^surveys_' AND relkind = 'r'")
        tables = ", ".join(name for (name,) in cursor.fetchall())
        cursor.execute(f"TRUNCATE {tables}")
