"""Reads of jobs; the acting principal's policies decide which there are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from forestgis.jobs.models import Job


def job(job_id: UUID) -> Job | None:
    """Return one job, or None when there is none for the acting principal."""
    return Job.objects.filter(pk=job_id).first()


def as_json(job: Job) -> dict[str, Any]:
    """Return what a page needs to show how far a job is."""
    return {
        "id": str(job.pk),
        "kind": job.kind,
        "state": job.state,
        "state_label": job.get_state_display(),
        "finished": job.finished,
        "progress_done": job.progress_done,
        "progress_total": job.progress_total,
        "stage": job.stage,
        "message": job.message,
        "result": job.result,
        "error": job.error,
        "cancel_requested": job.cancel_requested,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
