"""Background work of the register."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.db import transaction

from forestgis import jobs
from forestgis.registry import exports
from forestgis.registry.domain.search import Criteria, Sort
from forestgis.registry.services import outputs, uploads
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


@jobs.handler(outputs.EXPORT)
def export(job: jobs.JobContext) -> dict[str, object]:
    """Write what a search found to a file."""

    def note(count: int) -> None:
        job.check()
        job.progress(count, 0)

    def writer(path: Path, criteria: Criteria, sort: Sort, kind: str) -> int:
        return exports.write(path, criteria, sort, kind, note)

    return {"count": outputs.write(str(job.job_id), dict(job.params), writer)}


def _progress(job: jobs.JobContext) -> Progress:
    def note(done: int, total: int, stage: str) -> None:
        job.check()
        job.progress(done, total, stage)

    return note
