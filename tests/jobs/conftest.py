"""Handlers for the tests, and worker processes that know them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Child processes import this as a Django app's `handlers` would be.
HANDLERS = '''
"""Handlers that tests steer by files in a folder."""

import os
import time
from pathlib import Path

from django.db import connection, transaction

from forestgis import jobs


def log(job, line):
    with Path(job.params["log"]).open("a") as file:
        file.write(f"{line} {os.getpid()}\\n")


@jobs.handler("test.steps")
def steps(job):
    """Count to `steps`; wait at step 1 of the first attempt for as long as the file `hold` is there."""
    log(job, "begin")
    for step in range(1, job.params["steps"] + 1):
        job.progress(step, job.params["steps"], "counting", f"step {step}")
        hold = Path(job.params.get("hold", "/nonexistent"))
        while step == 1 and hold.exists():
            job.check()
            time.sleep(0.02)
    log(job, "end")
    return {"steps": job.params["steps"], "attempt": job.attempt}


@jobs.handler("test.fail")
def fail(job):
    if job.params["readable"]:
        raise jobs.JobError("座標系が書かれていません。EPSG番号を指定してください。")
    return {"never": 1 / 0}


@jobs.handler("test.see")
def see(job):
    """What the job sees, and whether its progress is seen while its own transaction is open."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT tenancy.kind(), tenancy.codes(), tenancy.user_id(), tenancy.can_write()")
        seen = cursor.fetchone()
        job.progress(1, 2, "inside", "")
        cursor.execute("SELECT stage FROM jobs_job WHERE id = %s", [job.job_id])
        return {"seen": seen, "stage": cursor.fetchone()[0]}
'''
RUNNER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "forestgis.settings"
sys.path.insert(0, sys.argv.pop(1))
import django
django.setup()
import job_test_handlers
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "runworker", *sys.argv[1:]])
"""


@pytest.fixture(scope="session")
def handlers(tmp_path_factory) -> Path:
    """Folder of the module with the handlers, which is known to this process as well."""
    import importlib

    folder = tmp_path_factory.mktemp("handlers")
    (folder / "job_test_handlers.py").write_text(HANDLERS, encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.import_module("job_test_handlers")
    return folder


@pytest.fixture
def worker(database, handlers) -> Iterator[Callable[..., subprocess.Popen]]:
    """Return `worker(*options)`: a worker process on the module's database."""
    started: list[subprocess.Popen] = []

    def start(*options: str) -> subprocess.Popen:
        command = [sys.executable, "-c", RUNNER, str(handlers), "--interval", "0.05", *options]
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture
def state_of(prefecture_user) -> Callable[[object], object]:
    """Return `state_of(job)`: the job as it is now."""
    from forestgis.accounts.principals import principal_of
    from forestgis.jobs.models import Job
    from forestgis.tenancy.principal import transaction_as

    def read(job):
        with transaction_as(principal_of(prefecture_user)):
            return Job.objects.get(pk=job.pk)

    return read


@pytest.fixture
def wait_for(state_of) -> Callable[..., object]:
    """Return `wait_for(job, *states)`: wait until the job is in one of the states, and return it."""

    def wait(job, *states: str, seconds: float = 30.0):
        deadline = time.monotonic() + seconds
        while (now := state_of(job)).state not in states:
            assert time.monotonic() < deadline, f"still {now.state}: {now.error}"
            time.sleep(0.03)
        return now

    return wait
