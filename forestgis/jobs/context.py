"""What a handler is given: its job, and the way to say how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connections

from forestgis.jobs.errors import JobCancelledError, JobLostError
from forestgis.tenancy.principal import Principal

PROGRESS_EVERY_S = 0.5
# Only the attempt that holds the job may speak for it.
_REPORT = """
    UPDATE jobs_job SET progress_done = %s, progress_total = %s, stage = %s, message = %s
    WHERE id = %s AND state = 'running' AND attempts = %s
    RETURNING cancel_requested
"""
_ASK = "SELECT cancel_requested FROM jobs_job WHERE id = %s AND state = 'running' AND attempts = %s"


@dataclass(slots=True)
class JobContext:
    """One attempt at a job.

    Attributes
    ----------
    job_id : UUID
    municipality_code : str
        Whose job it is.
    params : mapping
        As given to `enqueue`.
    principal : Principal
        On whose behalf it runs.
    attempt : int
        1 the first time.
    stopping : callable () -> bool
        Whether the worker process shuts down.
    """

    job_id: UUID
    municipality_code: str
    params: Mapping[str, Any]
    principal: Principal
    attempt: int
    stopping: Callable[[], bool] = lambda: False
    cancel_requested: bool = False
    told_to_stop: bool = False
    _last: tuple[float, str] = (float("-inf"), "")
    _asked: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def progress(self, done: int, total: int, stage: str = "", message: str = "") -> None:
        """Say how far the job is; seen at once by others, whatever transaction is open here.

        Calls more often than twice a second are left out, except for a new stage and the end.

        Raises
        ------
        JobLostError
            If another worker has taken the job over.
        """
        with self._lock:
            now = time.monotonic()
            at, last_stage = self._last
            if stage == last_stage and done < total and now - at < PROGRESS_EVERY_S:
                return
            self._last = (now, stage)
        self._note(_REPORT, done, total, stage[:80], message[:500])

    def should_stop(self) -> bool:
        """Whether to end now: somebody cancelled the job, or the worker shuts down.

        Cheap enough to be called in every turn of a loop.
        """
        now = time.monotonic()
        if not self.cancel_requested and now - self._asked >= PROGRESS_EVERY_S:
            self._note(_ASK)
        stop = self.cancel_requested or self.stopping()
        self.told_to_stop = self.told_to_stop or stop
        return stop

    def check(self) -> None:
        """Raise if the job is to end now.

        Raises
        ------
        JobCancelledError
            Let it pass through the handler.
        """
        if self.should_stop():
            raise JobCancelledError

    def _note(self, statement: str, *values: int | str) -> None:
        # The worker's own connection: the handler's may be in the middle of a transaction.
        with connections["worker"].cursor() as cursor:
            cursor.execute(statement, [*values, self.job_id, self.attempt])
            row = cursor.fetchone()
        if row is None:
            raise JobLostError(str(self.job_id))
        self._asked = time.monotonic()
        self.cancel_requested = row[0]
