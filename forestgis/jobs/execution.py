"""One attempt at a job, from queued to its end. Called by the worker, which holds the job's lock."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Event
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from forestgis.accounts.models import User
from forestgis.accounts.principals import principal_of
from forestgis.jobs.context import JobContext
from forestgis.jobs.errors import JobError, JobLostError, RequesterGoneError
from forestgis.jobs.models import Job
from forestgis.jobs.registry import handler_for
from forestgis.logs import request_id
from forestgis.tenancy.principal import LOGIN, Principal, acting_as, transaction_as

logger = logging.getLogger(__name__)
State = Job.State
# Set when the worker process was told to end.
shutting_down = Event()


def run(job_id: UUID) -> None:
    """Do a job that waits; nothing if it was cancelled, done, or is unknown."""
    job = _start(job_id)
    if job is None:
        return
    with request_id(job.request_id or job_id.hex):
        logger.info("job %s (%s): attempt %d", job.pk, job.kind, job.attempts)
        try:
            _attempt(job)
        except JobLostError:
            logger.warning("job %s was taken over by another worker", job.pk)


def _start(job_id: UUID) -> Job | None:
    """Set the job running; None if there is nothing to do."""
    jobs = Job.objects.using("worker").filter(pk=job_id)
    waiting = jobs.filter(state=State.QUEUED)
    now = timezone.now()
    if waiting.filter(cancel_requested=True).update(state=State.CANCELLED, finished_at=now):
        return None
    started = waiting.update(
        state=State.RUNNING, started_at=now, attempts=F("attempts") + 1, message="", error=""
    )
    return jobs.get() if started else None


def _attempt(job: Job) -> None:
    context: JobContext | None = None
    try:
        context = _context(job)
        with acting_as(context.principal):
            result = handler_for(job.kind)(context)
    except JobLostError:
        raise
    except BaseException as error:
        _end_with(job, context, error)
        if not isinstance(error, Exception):
            raise
    else:
        _finish(job, State.SUCCEEDED, result=_plain(result))


def _plain(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if result is None else dict(result)


def _context(job: Job) -> JobContext:
    return JobContext(
        job_id=job.pk,
        municipality_code=job.municipality_code,
        params=job.params,
        principal=_principal(job),
        attempt=job.attempts,
        stopping=shutting_down.is_set,
    )


def _principal(job: Job) -> Principal:
    """Return the requester's principal; a job that nobody asked for comes from a command of the host."""
    if job.requested_by_id is None:
        return Principal("prefecture", can_write=True)
    with transaction_as(LOGIN):
        people = User.objects.select_related("organisation")
        user = people.filter(pk=job.requested_by_id, is_active=True).first()
    if user is None:
        raise RequesterGoneError(_("依頼した利用者は現在利用できません。"))
    return principal_of(user)


def _end_with(job: Job, context: JobContext | None, error: BaseException) -> None:
    """Store how a job ended that did not come to its end."""
    stopped = context is not None and (context.told_to_stop or not isinstance(error, Exception))
    if context is not None and stopped and context.cancel_requested:
        _finish(job, State.CANCELLED)
    elif stopped:
        requeue(job)
    else:
        logger.error("job %s (%s) failed", job.pk, job.kind, exc_info=error)
        _finish(job, State.FAILED, error=reason_of(error, job))


def reason_of(error: BaseException, job: Job) -> str:
    """Return what the requester is told.

    The project's own errors say what is wrong and what to do; anything else is a fault of
    ours, named by its kind and the number under which the log tells more.
    """
    if isinstance(error, ValidationError):
        return "\n".join(error.messages)
    if isinstance(error, JobError) or hasattr(error, "code"):
        return str(error)
    return _(
        "内部の問題で失敗しました（%(kind)s、番号 %(number)s）。管理者に連絡してください。"
    ) % {
        "kind": type(error).__name__,
        "number": job.request_id or job.pk,
    }


def _mine(job: Job) -> QuerySet[Job]:
    return Job.objects.using("worker").filter(pk=job.pk, state=State.RUNNING, attempts=job.attempts)


def _finish(job: Job, state: str, **values: object) -> None:
    ended = _mine(job).update(state=state, finished_at=timezone.now(), **values)
    if not ended:
        raise JobLostError(str(job.pk))
    logger.info("job %s (%s): %s", job.pk, job.kind, state)


def requeue(job: Job) -> None:
    """Put a job that was interrupted back, as if the attempt had not been made."""
    from forestgis.jobs.tasks import run_job

    with transaction.atomic(using="worker"):
        if _mine(job).update(state=State.QUEUED, attempts=F("attempts") - 1):
            run_job.enqueue(str(job.pk))
            logger.info("job %s (%s): put back", job.pk, job.kind)
