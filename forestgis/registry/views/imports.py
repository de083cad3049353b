"""Bringing a register in: upload, report, mapping of columns, confirmation."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forestgis.registry import import_selectors
from forestgis.registry.import_forms import MappingForm, UploadForm
from forestgis.registry.models import RegisterImport
from forestgis.registry.services import uploads
from forestgis.tenancy.principal import current

_PAGE_SIZE = 25


@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest) -> HttpResponse:
    """List the imports, and take new files."""
    form = UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                upload = uploads.receive(
                    form.upload(), form.cleaned_data["file"], form.cleaned_data["rows"]
                )
            except uploads.UploadError as error:
                form.add_error(None, str(error))
            else:
                return redirect("registry:import_detail", upload.pk)
    page = Paginator(import_selectors.imports(), _PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "may_write": current().can_write}
    return render(request, "registry/import_list.html", context, status=status)


@require_safe
def import_detail(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Show how far an import is and what was found in its files."""
    upload = _import_or_404(import_id)
    context = {
        "upload": upload,
        "report": import_selectors.report_of(upload),
        "waiting": _waits(upload),
        "stage": _stage(upload),
        "mapping_form": _mapping_form(upload),
        "may_write": current().may_write_for(upload.municipality_id),
    }
    return render(request, "registry/import_detail.html", context)


@require_safe
def import_status(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Answer the progress block; the page renews itself once the job has ended."""
    upload = _import_or_404(import_id)
    context = {"upload": upload, "stage": _stage(upload)}
    response = render(request, "registry/import_progress.html", context)
    if not _waits(upload):
        response["HX-Refresh"] = "true"
    return response


@require_POST
def import_remap(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Check the files again with other columns."""
    form = _mapping_form(_import_or_404(import_id), request)
    if form.is_valid():
        mapping, name = form.mapping(), form.cleaned_data["save_as"]
        _try(request, import_id, lambda upload: uploads.remap(upload, mapping, name))
    else:
        messages.error(request, _("列の対応を確かめてください。"))
    return redirect("registry:import_detail", import_id)


@require_POST
def import_confirm(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Store what was checked."""
    use = "use" in request.POST
    _try(request, import_id, lambda upload: uploads.confirm(upload, use=use))
    return redirect("registry:import_detail", import_id)


@require_POST
def import_discard(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Forget an import and its files."""
    if _try(request, import_id, uploads.discard):
        messages.success(request, _("取込みをやめ、ファイルを消しました。"))
        return redirect("registry:import_list")
    return redirect("registry:import_detail", import_id)


def _mapping_form(upload: RegisterImport, request: HttpRequest | None = None) -> MappingForm:
    headings = upload.report.get("headings", [])
    columns = upload.report.get("polygon_columns", [])
    posted = request.POST if request else None
    return MappingForm(headings, columns, posted, initial=upload.mapping)


def _try(request: HttpRequest, import_id: UUID, act: Callable[[RegisterImport], None]) -> bool:
    """Do something to an import, or say why not."""
    try:
        act(_import_or_404(import_id))
    except uploads.UploadError as error:
        messages.error(request, str(error))
        return False
    return True


def _stage(upload: RegisterImport) -> str:
    return str(import_selectors.STAGES.get(upload.job.stage, "")) if upload.job else ""


def _waits(upload: RegisterImport) -> bool:
    return upload.job is not None and not upload.job.finished


def _import_or_404(import_id: UUID) -> RegisterImport:
    upload = import_selectors.import_by_id(import_id)
    if upload is None:
        raise Http404
    return upload
