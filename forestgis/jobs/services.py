"""Asking for background work, and asking for its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from forestgis.accounts.models import User
from forestgis.jobs.models import Job
from forestgis.jobs.registry import handler_for
from forestgis.jobs.router import queue_on
from forestgis.jobs.tasks import run_job
from forestgis.logs import current_request_id


def enqueue(
    kind: str,
    *,
    municipality_code: str,
    params: Mapping[str, Any] | None = None,
    requested_by: User | None = None,
) -> Job:
    """Ask for a job, as part of the transaction that is open.

    If that transaction is rolled back, nobody has asked; once it is committed, the job will
    be done even if every process dies in between.

    Parameters
    ----------
    kind : str
        As registered with `forestgis.jobs.handler`.
    municipality_code : str
        Whose job it is: five digits.
    params : mapping
        What the handler needs, as JSON.
    requested_by : User, optional
        The acting person, in whose name the job runs; None for commands of the host.

    Raises
    ------
    UnknownJobError
        If no handler is registered for the kind.
    """
    handler_for(kind)
    with transaction.atomic(), queue_on("default"):
        job = Job.objects.create(
            kind=kind,
            municipality_code=municipality_code,
            params=dict(params or {}),
            requested_by=requested_by,
            request_id=current_request_id().replace("-", ""),
        )
        run_job.enqueue(str(job.pk))
    return job


def request_cancel(job_id: UUID) -> bool:
    """Ask a job to end; return whether the acting principal may and the job has not ended yet."""
    with transaction.atomic():
        unfinished = Job.objects.filter(pk=job_id).exclude(state__in=Job.FINAL)
        return bool(unfinished.update(cancel_requested=True))
