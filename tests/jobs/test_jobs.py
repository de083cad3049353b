"""Jobs through real worker processes: killed, cancelled, failing, raced for."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

import pytest
from django.db import transaction

from forestgis.accounts.principals import principal_of
from forestgis.jobs import services
from forestgis.jobs.errors import UnknownJobError
from forestgis.jobs.models import Job
from forestgis.tenancy.principal import acting_as, transaction_as

HERE, THERE = "01560", "01559"


@pytest.fixture(scope="module")
def asker(officer):
    return officer(HERE)


@pytest.fixture
def ask(asker, handlers, tmp_path):
    """Return `ask(kind, **params)`: a job of the officer."""

    def make(kind: str, **params) -> Job:
        params = {"log": str(tmp_path / "log"), **params}
        with transaction_as(principal_of(asker)):
            return services.enqueue(kind, municipality_code=HERE, params=params, requested_by=asker)

    return make


@pytest.fixture
def hold(tmp_path):
    """A file that keeps `test.steps` at its first step while it is there."""
    path = tmp_path / "hold"
    path.touch()
    return path


def lines(tmp_path) -> list[str]:
    return [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]


def test_a_job_is_done_under_the_principal_of_its_requester(ask, asker, worker, state_of):
    job = ask("test.see")
    assert worker("--batch").wait(30) == 0
    job = state_of(job)
    assert (job.state, job.attempts) == ("succeeded", 1), job.error
    assert job.result == {"seen": ["municipal", [HERE], asker.pk, True], "stage": "inside"}
    assert job.started_at >= job.created_at
    assert job.finished_at - job.started_at < timedelta(seconds=10)


def test_a_rolled_back_request_asks_for_nothing(asker, handlers, worker, state_of):
    with pytest.raises(ZeroDivisionError), acting_as(principal_of(asker)):
        ask_and_fail(asker)
    with transaction_as(principal_of(asker)):
        assert not Job.objects.filter(kind="test.never").exists()
    process = worker("--batch")
    assert process.wait(30) == 0


def ask_and_fail(asker):
    with transaction.atomic():
        services.enqueue("test.see", municipality_code=HERE, requested_by=asker)
        Job.objects.filter(kind="test.see").first()
        raise ZeroDivisionError


def test_an_unknown_kind_is_refused_at_once(asker):
    with transaction_as(principal_of(asker)), pytest.raises(UnknownJobError, match="nonsense"):
        services.enqueue("nonsense", municipality_code=HERE, requested_by=asker)


def test_a_killed_worker_s_job_is_done_once_by_another(ask, worker, wait_for, hold, tmp_path):
    job = ask("test.steps", steps=3, hold=str(hold))
    first = worker()
    running = wait_for(job, "running")
    while running.progress_done == 0:
        running = wait_for(job, "running")
    assert (running.stage, running.message) == ("counting", "step 1")
    os.kill(first.pid, signal.SIGKILL)
    first.wait(10)
    hold.unlink()
    second = worker()
    done = wait_for(job, "succeeded", "failed")
    assert (done.state, done.attempts) == ("succeeded", 2), done.error
    assert done.result == {"steps": 3, "attempt": 2}
    assert lines(tmp_path) == ["begin", "begin", "end"]
    second.terminate()
    assert second.wait(10) == 0


def test_a_job_whose_worker_dies_three_times_is_given_up(ask, worker, wait_for, state_of, hold):
    job = ask("test.steps", steps=1, hold=str(hold))
    for attempt in (1, 2, 3):
        process = worker()
        while state_of(job).attempts < attempt:
            time.sleep(0.03)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    assert worker("--batch").wait(30) == 0
    failed = state_of(job)
    assert failed.state == "failed"
    assert "3回" in failed.error


def test_cancelling_a_running_job(ask, asker, worker, wait_for, hold, tmp_path):
    job = ask("test.steps", steps=3, hold=str(hold))
    worker()
    wait_for(job, "running")
    with acting_as(principal_of(asker)):
        assert services.request_cancel(job.pk)
    ended = wait_for(job, "cancelled", "succeeded", "failed")
    assert ended.state == "cancelled"
    assert ended.finished_at is not None
    assert lines(tmp_path) == ["begin"]
    with acting_as(principal_of(asker)):
        assert not services.request_cancel(job.pk)


def test_cancelling_a_waiting_job(ask, asker, worker, state_of, tmp_path):
    job = ask("test.steps", steps=1)
    with acting_as(principal_of(asker)):
        assert services.request_cancel(job.pk)
    assert worker("--batch").wait(30) == 0
    assert state_of(job).state == "cancelled"
    assert not (tmp_path / "log").exists()


def test_a_worker_that_is_told_to_end_puts_its_job_back(ask, worker, wait_for, hold, tmp_path):
    job = ask("test.steps", steps=2, hold=str(hold))
    process = worker()
    wait_for(job, "running")
    process.terminate()
    assert process.wait(10) == 0
    back = wait_for(job, "queued")
    assert back.attempts == 0
    hold.unlink()
    assert worker("--batch").wait(30) == 0
    assert wait_for(job, "succeeded").attempts == 1
    assert lines(tmp_path) == ["begin", "begin", "end"]


@pytest.mark.parametrize("readable", [True, False])
def test_a_failure_is_stored_in_words(ask, worker, state_of, readable):
    job = ask("test.fail", readable=readable)
    process = worker("--batch")
    output = process.communicate(timeout=30)[0].decode()
    failed = state_of(job)
    assert failed.state == "failed"
    if readable:
        assert failed.error == "座標系が書かれていません。EPSG番号を指定してください。"
    else:
        assert "ZeroDivisionError" in failed.error
        assert failed.request_id in failed.error or str(job.pk) in failed.error
        assert "division by zero" in output
        assert "Traceback" not in failed.error


def test_two_workers_do_a_job_once(ask, worker, wait_for, tmp_path):
    jobs = [ask("test.steps", steps=1) for _ in range(12)]
    processes = [worker("--batch"), worker("--batch")]
    assert [process.wait(40) for process in processes] == [0, 0]
    assert {wait_for(job, "succeeded").attempts for job in jobs} == {1}
    assert sorted(lines(tmp_path)) == ["begin"] * 12 + ["end"] * 12


def test_a_stale_task_does_not_run_a_job_again(ask, worker, state_of, tmp_path):
    """The queue may hold two tasks for one job, when a slow worker was taken for dead."""
    from forestgis.jobs.tasks import run_job

    job = ask("test.steps", steps=1)
    with transaction.atomic():
        run_job.enqueue(str(job.pk))
    assert worker("--batch").wait(30) == 0
    assert state_of(job).attempts == 1
    assert lines(tmp_path) == ["begin", "end"]


def test_a_requester_who_left_is_not_acted_for(
    ask, officer, worker, state_of, handlers, host_principal
):
    from forestgis.accounts.models import User

    leaver = officer(HERE)
    with transaction_as(principal_of(leaver)):
        job = services.enqueue("test.see", municipality_code=HERE, requested_by=leaver)
    with transaction_as(host_principal):
        User.objects.filter(pk=leaver.pk).update(is_active=False)
    assert worker("--batch").wait(30) == 0
    assert state_of(job).state == "failed"
    assert "依頼した利用者" in state_of(job).error


def test_progress_over_http(ask, client_for, asker, officer, prefecture_user):
    job = ask("test.steps", steps=1)
    path = f"/jobs/{job.pk}.json"
    answer = client_for(asker).get(path)
    assert answer.status_code == 200
    assert answer.json()["state"] == "queued"
    assert answer.json()["state_label"] == "待機中"
    assert answer["Cache-Control"].startswith("max-age=0")
    assert client_for(prefecture_user).get(path).status_code == 200
    assert client_for(officer(THERE)).get(path).status_code == 404
    assert client_for(None).get(path).status_code == 401
    assert client_for(officer(THERE)).post(f"/jobs/{job.pk}/cancel").status_code == 404
    assert client_for(officer(HERE, "reader")).post(f"/jobs/{job.pk}/cancel").status_code == 404
    assert client_for(asker).post(f"/jobs/{job.pk}/cancel").status_code == 200
    assert client_for(asker).get(path).json()["cancel_requested"] is True


@pytest.mark.parametrize("who", ["another", "nobody"])
def test_nobody_asks_in_another_s_name(asker, prefecture_user, who):
    from django.db import ProgrammingError

    name = {"another": prefecture_user, "nobody": None}[who]
    with pytest.raises(ProgrammingError, match="row-level"), acting_as(principal_of(asker)):
        services.enqueue("test.see", municipality_code=HERE, requested_by=name)


def test_nobody_asks_for_another_municipality(asker):
    from django.db import ProgrammingError

    with pytest.raises(ProgrammingError, match="row-level"), acting_as(principal_of(asker)):
        services.enqueue("test.see", municipality_code=THERE, requested_by=asker)


def test_the_web_role_cannot_read_or_change_the_queue(database):
    from django.db import ProgrammingError, connection

    for statement in ("SELECT * FROM {}", "UPDATE {} SET status = 'READY'", "DELETE FROM {}"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.cursor().execute(statement.format("django_tasks_database_dbtaskresult"))
