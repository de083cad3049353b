"""The worker process: django-tasks-db's loop, with a lock around each job and an eye on dead colleagues."""

from __future__ import annotations

import logging
import threading
from types import FrameType
from typing import Any

from django.db import close_old_connections
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from forestgis.jobs import locks, reaper
from forestgis.jobs.execution import shutting_down

logger = logging.getLogger(__name__)
REAP_EVERY_S = 5.0


class JobWorker(Worker):
    """Does one job after the other."""

    def run(self) -> None:
        """Clear up after dead workers, then work until told to end."""
        reaper.reap()
        stop = threading.Event()
        watch = threading.Thread(target=_keep_reaping, args=(stop,), name="reaper", daemon=True)
        watch.start()
        try:
            super().run()
        finally:
            stop.set()
            watch.join(timeout=REAP_EVERY_S)

    def run_task(self, db_task_result: DBTaskResult[Any, Any]) -> None:
        """Do a job under its lock; leave it to whoever has the lock already."""
        with locks.held(reaper.job_of(db_task_result)) as mine:
            if mine:
                super().run_task(db_task_result)

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """End: at once when idle, else when the handler has noticed, and its job is put back."""
        shutting_down.set()
        super().shutdown(signum, frame)


def _keep_reaping(stop: threading.Event) -> None:
    while not stop.wait(REAP_EVERY_S):
        try:
            reaper.reap()
        except Exception:
            logger.exception("the reaper failed; it tries again in %.0f s", REAP_EVERY_S)
        finally:
            close_old_connections()
