"""Jobs whose worker died: put back, or given up after the third time."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from forestgis.jobs import locks
from forestgis.jobs.models import Job
from forestgis.jobs.tasks import run_job

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 3


def reap() -> int:
    """Look at every task that is said to run; return how many had lost their worker."""
    running = DBTaskResult.objects.using("worker").filter(status=TaskResultStatus.RUNNING)
    return sum(_reap(row.pk, job_of(row)) for row in running)


def job_of(row: DBTaskResult[Any, Any]) -> UUID:
    """Return the id of the job that a task of the queue is about."""
    return UUID(row.args_kwargs["args"][0])


def _reap(row_id: UUID, job_id: UUID) -> bool:
    """Clear up after one task if nobody holds its job's lock."""
    with transaction.atomic(using="worker"):
        if not _lock_is_free(job_id):
            return False
        # Between our list and our lock the worker may have ended it properly.
        ended = (
            DBTaskResult.objects.using("worker")
            .filter(pk=row_id, status=TaskResultStatus.RUNNING)
            .update(status=TaskResultStatus.FAILED, finished_at=timezone.now())
        )
        if ended:
            _put_back(job_id)
    return bool(ended)


def _lock_is_free(job_id: UUID) -> bool:
    with connections["worker"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [locks.key_of(job_id)])
        return bool(cursor.fetchone()[0])


def _put_back(job_id: UUID) -> None:
    job = Job.objects.using("worker").select_for_update().filter(pk=job_id).first()
    if job is None or job.finished:
        return
    if job.state == Job.State.RUNNING and job.attempts >= MAX_ATTEMPTS:
        logger.error(
            "job %s (%s): given up, its worker died %d times", job.pk, job.kind, job.attempts
        )
        job.state = Job.State.FAILED
        job.finished_at = timezone.now()
        job.error = _("処理を行うプログラムが%(count)d回途中で止まったため、取りやめました。") % {
            "count": job.attempts
        }
        job.save(using="worker", update_fields=["state", "finished_at", "error"])
        return
    logger.warning("job %s (%s): its worker died, put back", job.pk, job.kind)
    job.state = Job.State.QUEUED
    job.save(using="worker", update_fields=["state"])
    run_job.enqueue(str(job_id))
