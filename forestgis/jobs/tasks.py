"""The one task of the queue: do a job."""

from __future__ import annotations

from uuid import UUID

from django_tasks import task

from forestgis.jobs import execution


@task()
def run_job(job_id: str) -> None:
    """Do the job with this id, if it still waits."""
    execution.run(UUID(job_id))
