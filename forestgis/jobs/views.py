"""How far a job is, for pages that ask again and again."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from forestgis.jobs import selectors, services


@require_safe
@never_cache
def job_json(request: HttpRequest, job_id: UUID) -> JsonResponse:
    """Answer the job's state and progress; 404 where there is none for this reader."""
    job = selectors.job(job_id)
    if job is None:
        raise Http404
    return JsonResponse(selectors.as_json(job))


@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> JsonResponse:
    """Ask a job to end; 404 where it is not this reader's to end, or has ended."""
    if not services.request_cancel(job_id):
        raise Http404
    return JsonResponse({"cancel_requested": True})
