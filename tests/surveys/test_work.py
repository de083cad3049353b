"""The job of a run from point clouds to a published map: the same end however often it is cut short."""

import json
import shutil

import pytest

from forestgis.jobs import execution
from forestgis.jobs.models import Job
from forestgis.registry.models import Municipality
from forestgis.surveys import files, selectors, services
from forestgis.surveys.errors import FilesChangedError, NotRunningError, UnknownParameterError
from forestgis.surveys.models import MeshCell, Publication, Run, ZoneVolume
from forestgis.surveys.services.work import carry_out, settle
from forestgis.tenancy.principal import acting_as, transaction_as
from lidar.errors import LidarError
from tests.surveys.conftest import OWNER_CODE

pytestmark = pytest.mark.slow


def stored(world, run):
    with transaction_as(world.owner):
        zones = ZoneVolume.objects.filter(run=run).order_by("key")
        cells = MeshCell.objects.filter(run=run).order_by("jf20mid")
        return (
            list(zones.values_list("key", "hardwood_m3", "conifer_m3", "hardwood_se_m3")),
            list(cells.values_list("jf20mid", "hardwood_m3ha", "stems")),
            Publication.objects.filter(run=run).count(),
        )


@pytest.fixture
def queued(world, scene, tmp_path, forget_runs):
    """A run that nobody has begun, of copies of the scene's files, and the parameters of its job."""
    for path in scene.laz:
        shutil.copy(path, tmp_path)
    return start(world, scene, tmp_path)


def start(world, scene, folder):
    with transaction_as(world.owner):
        place = Municipality.objects.get(pk=OWNER_CODE)
    with acting_as(world.owner):
        batch = services.register_batch(
            municipality=place, name="秋", files=[folder], plots=scene.plots, simulated=True
        )
        run = services.start_run(batch=batch, sharing="municipalities")
    return run, run.job.params


@pytest.fixture(scope="module")
def undisturbed(world, scene):
    """What is stored when nothing happens to the worker."""
    run, params = start(world, scene, scene.laz[0].parent)
    with acting_as(world.owner):
        carry_out(params, workers=0)
    return stored(world, run)


class Killed(BaseException):
    """What ends a worker without giving it a chance to tidy up."""


def test_job_computes_stores_and_publishes(world, queued, computed):
    run, params = queued
    steps = []
    with acting_as(world.owner):
        outcome = carry_out(params, workers=0, on_progress=lambda *step: steps.append(step))
    # zones are the register's own 小班, since the batch came without a file of them
    assert outcome == {"zones": len(computed.zones), "calibrated": True}
    zones, cells, publications = stored(world, run)
    assert [key for key, *_ in zones] == sorted(zone.key for zone in computed.zones)
    assert len(cells) == len(computed.mesh())
    assert publications == 1
    assert steps[-1][0] == steps[-1][1]
    manifest = json.loads((files.run_dir(run.pk) / "manifest.json").read_text("utf-8"))
    with transaction_as(world.owner):
        registered = {file.sha256 for file in selectors.batch_files(run)}
    assert {entry["sha256"] for entry in manifest["inputs"]} == registered
    with transaction_as(world.neighbour):
        assert selectors.card(zones[0][0], world.neighbour).volume.model.calibrated


@pytest.mark.parametrize("stage", ["tiles", "done"])
def test_killed_worker_and_its_successor_end_with_the_same(undisturbed, world, queued, stage):
    run, params = queued

    def kill(done, total, at, message):
        if at == stage:
            raise Killed

    with acting_as(world.owner), pytest.raises(Killed):
        carry_out(params, workers=0, on_progress=kill)
    assert stored(world, run) == ([], [], 0)
    with acting_as(world.owner):
        carry_out(params, workers=0)
    assert stored(world, run) == undisturbed


def test_worker_killed_after_storing_has_only_to_publish(world, queued):
    run, params = queued
    with acting_as(world.owner):
        carry_out({"run": params["run"]}, workers=0)
        before = stored(world, run)
        made = (files.run_dir(run.pk) / "manifest.json").stat().st_mtime_ns
        carry_out(params, workers=0)
        carry_out(params, workers=0)
    assert (files.run_dir(run.pk) / "manifest.json").stat().st_mtime_ns == made
    assert stored(world, run) == (*before[:2], 1)


def test_changed_file_is_refused_and_nothing_is_stored(world, queued, scene, tmp_path):
    run, params = queued
    victim = next(tmp_path.glob("*.laz"))
    data = bytearray(victim.read_bytes())
    data[90:92] = (
        b"\x01\x00"  # the day of creation in the header: still a good file, not the same one
    )
    victim.write_bytes(bytes(data))
    with acting_as(world.owner), pytest.raises(FilesChangedError, match=victim.name):
        carry_out(params, workers=0)
    assert stored(world, run) == ([], [], 0)


def test_cancelled_run_stores_nothing(world, queued):
    run, params = queued
    with acting_as(world.owner):
        with pytest.raises(LidarError):
            carry_out(params, workers=0, should_cancel=lambda: True)
        settle(run.pk, Run.State.CANCELLED)
    assert stored(world, run) == ([], [], 0)
    with transaction_as(world.owner):
        assert Run.objects.get(pk=run.pk).state == Run.State.CANCELLED


def test_what_stands_against_publishing_is_told_and_the_result_kept(world, queued):
    run, params = queued
    with acting_as(world.owner):
        outcome = carry_out(params | {"sharing": "named", "shared_with": ["99999"]}, workers=0)
    assert "99999" in outcome["not_published"]
    zones, _cells, publications = stored(world, run)
    assert zones
    assert publications == 0


def job_of(world, run):
    with transaction_as(world.owner):
        return Job.objects.get(pk=run.job_id)


def test_worker_does_the_job_in_the_name_of_who_asked(world, queued, computed):
    run, _params = queued
    execution.run(run.job_id)
    job = job_of(world, run)
    assert (job.state, job.result) == (
        "succeeded",
        {"zones": len(computed.zones), "calibrated": True},
    )
    assert job.progress_done == job.progress_total > 0
    with transaction_as(world.owner):
        publication = Publication.objects.get(run=run)
    assert publication.published_by_id == world.owner.user_id


def test_failed_job_says_why_in_words(world, queued, tmp_path):
    run, _params = queued
    next(tmp_path.glob("*.laz")).unlink()
    execution.run(run.job_id)
    job = job_of(world, run)
    assert job.state == "failed"
    assert "L001_01.laz" in job.error
    with transaction_as(world.owner):
        assert Run.objects.get(pk=run.pk).current_state == Run.State.FAILED


def test_cancelled_before_it_began(world, queued):
    run, _params = queued
    with acting_as(world.owner):
        services.cancel_run(run)
        execution.run(run.job_id)
    with transaction_as(world.owner):
        ended = Run.objects.get(pk=run.pk)
        assert ended.current_state == Run.State.CANCELLED
        with pytest.raises(NotRunningError):
            services.cancel_run(ended)


def test_unknown_setting_is_refused_before_anything_is_stored(world, queued):
    run, _params = queued
    with acting_as(world.owner):
        for params in ({"tile": 3.0}, {"tile_m": "500"}):
            with pytest.raises(UnknownParameterError):
                services.start_run(batch=run.batch, params=params)
    with transaction_as(world.owner):
        assert Run.objects.filter(batch=run.batch_id).count() == 1


@pytest.mark.parametrize("name", ["MixedConifer.laz", "Megaplot.laz"])
def test_real_scan_of_another_country_goes_through_as_plain_squares(
    world, forget_runs, shared_data, name
):
    """No register under it, no plots, no national mesh: totals of squares, marked uncalibrated."""
    with transaction_as(world.owner):
        place = Municipality.objects.get(pk=OWNER_CODE)
    with acting_as(world.owner):
        batch = services.register_batch(
            municipality=place, name=name, files=[shared_data / "lidar" / "forest" / name]
        )
        run = services.start_run(batch=batch)
        outcome = carry_out(run.job.params, workers=0)
    assert not outcome["calibrated"]
    with transaction_as(world.owner):
        stored_run = Run.objects.get(pk=run.pk)
        zones = list(ZoneVolume.objects.filter(run=run))
        assert not MeshCell.objects.filter(run=run).exclude(jf20mid="").exists()
    assert stored_run.summary["zones_are_squares"]
    assert zones
    assert not any(zone.calibrated for zone in zones)
    assert all(zone.key.startswith("grid-") for zone in zones)
