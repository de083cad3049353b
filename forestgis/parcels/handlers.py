"""Background work of the ledger."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from forestgis import jobs
from forestgis.parcels.services import uploads


@jobs.handler(uploads.CHECK)
def check(job: jobs.JobContext) -> dict[str, object]:
    """Check a file that was brought."""
    job.progress(0, 1, "check")
    with transaction.atomic():
        upload = uploads.check(UUID(job.params["import"]))
    job.progress(1, 1, "check")
    return {"state": upload.state}


@jobs.handler(uploads.STORE)
def store(job: jobs.JobContext) -> dict[str, object]:
    """Store a file that was checked."""
    job.progress(0, 1, "store")
    with transaction.atomic():
        upload = uploads.store(UUID(job.params["import"]))
    job.progress(1, 1, "store")
    return {"state": upload.state}


@jobs.handler(uploads.RELATE)
def relate(job: jobs.JobContext) -> dict[str, object]:
    """Compute the overlap of lots and 小班 anew."""
    with transaction.atomic():
        return {"pairs": uploads.relate_current(job.params["municipality"])}
