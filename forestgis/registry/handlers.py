"""Background work of the register."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from forestgis import jobs
from forestgis.registry.services import uploads
from forestgis.registry.services.staging import Progress


@jobs.handler(uploads.CHECK)
def check(job: jobs.JobContext) -> dict[str, object]:
    """Check a register that was brought."""
    with transaction.atomic():
        upload = uploads.check(UUID(job.params["import"]), _progress(job))
    return {"state": upload.state}


@jobs.handler(uploads.STORE)
def store(job: jobs.JobContext) -> dict[str, object]:
    """Store a register that was checked."""
    with transaction.atomic():
        upload = uploads.store(UUID(job.params["import"]), _progress(job))
    return {"state": upload.state}


def _progress(job: jobs.JobContext) -> Progress:
    def note(done: int, total: int, stage: str) -> None:
        job.check()
        job.progress(done, total, stage)

    return note
