"""Taking out what a search found: at once, or by a job when it is much."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from forestgis.accounts.models import User
from forestgis.jobs import selectors as jobs
from forestgis.jobs.models import Job
from forestgis.registry import exports, search_selectors
from forestgis.registry.forms import SearchForm
from forestgis.registry.services import outputs

#: More 小班 than this are written by a job.
MOST_AT_ONCE = 20_000


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """Answer the file, or ask for it to be written and show how far that is."""
    form = SearchForm(request.GET)
    kind = request.GET.get("format", "")
    if kind not in exports.KINDS or not form.is_valid():
        raise BadRequest("no such format, or no valid search")
    found = search_selectors.found(form.criteria()).order_by("pk")
    if found[MOST_AT_ONCE : MOST_AT_ONCE + 1].exists():
        return render(
            request, "registry/export_ask.html", {"query": request.GET.urlencode(), "kind": kind}
        )
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"export.{exports.KINDS[kind][0]}"
        exports.write(path, form.criteria(), form.cleaned_data["sort"], kind)
        content = path.open("rb")  # stays readable when the folder has gone
    return _file(content, kind)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Have a large file written by a job."""
    form = SearchForm(request.POST)
    kind = request.POST.get("format", "")
    if kind not in exports.KINDS or not form.is_valid() or not isinstance(request.user, User):
        raise BadRequest("no such format, or no valid search")
    job = outputs.ask(
        form.criteria(), form.cleaned_data["sort"], kind, request.user, request.LANGUAGE_CODE
    )
    return redirect("registry:export_job", job.pk)


@require_safe
def show(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show how far a job is, and its file when it is there."""
    job = _job(job_id)
    part = "HX-Request" in request.headers and not job.finished
    template = "registry/export_progress.html" if part else "registry/export_job.html"
    response = render(request, template, {"job": job})
    if "HX-Request" in request.headers and job.finished:
        response["HX-Refresh"] = "true"
    return response


@require_safe
def download(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Answer the file that a job has written."""
    job = _job(job_id)
    path = outputs.file_of(job)
    if path is None:
        raise Http404
    return _file(path.open("rb"), job.params["kind"])


def _job(job_id: UUID) -> Job:
    """Return an export that the reader may see, or answer 404."""
    job = jobs.job(job_id)
    if job is None or job.kind != outputs.EXPORT:
        raise Http404
    return job


def _file(content: object, kind: str) -> FileResponse:
    suffix, media_type = exports.KINDS[kind]
    name = f"{_('森林簿')}_{localdate():%Y%m%d}.{suffix}"
    response = FileResponse(content, as_attachment=True, filename=name, content_type=media_type)
    response["Cache-Control"] = "no-store"
    return response
