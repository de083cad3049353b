"""A run on a Dask cluster of processes gives what a run on this machine gives."""

import hashlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from distributed import LocalCluster

from lidar.errors import DecodeError, RunCancelledError, SchedulerError, WorkerError
from lidar.run import RunParams, execute
from lidar.run.dask_pool import DaskPool

SMALL = RunParams(tile_m=60.0)


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def local(grove, tmp_path_factory):
    out = tmp_path_factory.mktemp("local")
    execute(sorted(grove.glob("*.laz")), out, params=SMALL, workers=0)
    return digests(out)


def test_a_cluster_gives_the_same_bytes_and_tells_its_progress(cluster, grove, local, tmp_path):
    steps = []
    execute(
        sorted(grove.glob("*.laz")),
        tmp_path / "out",
        params=SMALL,
        scheduler=cluster.scheduler_address,
        on_progress=lambda *step: steps.append(step),
    )
    assert digests(tmp_path / "out") == local
    assert {stage for _, _, stage, _ in steps} >= {"read", "tiles", "write", "done"}
    assert steps[-1][0] == steps[-1][1]


def test_a_worker_killed_amid_a_tile_is_made_up_for(cluster, grove, local, tmp_path):
    out, killed = tmp_path / "out", threading.Event()

    def kill_one():
        while not list(out.glob(".work/*/tiles/*.npz")):
            time.sleep(0.01)
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        killed.set()

    killer = threading.Thread(target=kill_one)
    killer.start()
    execute(sorted(grove.glob("*.laz")), out, params=SMALL, scheduler=cluster.scheduler_address)
    killer.join()
    assert killed.is_set()
    assert digests(out) == local


def test_cancelling_keeps_what_is_done_for_a_local_run(cluster, grove, local, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(RunCancelledError):
        execute(
            sorted(grove.glob("*.laz")),
            out,
            params=SMALL,
            scheduler=cluster.scheduler_address,
            should_cancel=lambda: bool(list(out.glob(".work/*/tiles/*.npz"))),
        )
    execute(sorted(grove.glob("*.laz")), out, params=SMALL, workers=0)
    assert digests(out) == local


def refuse(job):
    raise DecodeError(f"job {job} is damaged", job=job)


def divide(job):
    return 1 // job


def test_errors_of_jobs_come_back_as_they_are(cluster):
    with DaskPool(cluster.scheduler_address) as pool:
        ((job, error),) = pool.outcomes(refuse, [7])
        assert (job, type(error), error.fields) == (7, DecodeError, {"job": 7})
        outcomes = dict(pool.outcomes(divide, [0, 1]))
    assert isinstance(outcomes[0], WorkerError)
    assert outcomes[1] == 1


def test_no_scheduler_is_told(monkeypatch, grove, tmp_path):
    monkeypatch.setattr("lidar.run.dask_pool.CONNECT_S", 0.5)
    with pytest.raises(SchedulerError, match="dask scheduler"):
        execute([grove / "line_1.laz"], tmp_path, scheduler="tcp://127.0.0.1:9")


def test_a_scheduler_without_workers_is_told(grove, tmp_path):
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        pytest.raises(SchedulerError, match="no workers"),
    ):
        execute([grove / "line_1.laz"], tmp_path, scheduler=empty.scheduler_address)
