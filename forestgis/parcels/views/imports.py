"""Bringing files into the ledger: upload, report, confirmation."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forestgis.accounts.access import handles_persons
from forestgis.parcels import selectors
from forestgis.parcels.errors import ParcelsError
from forestgis.parcels.forms import RelateForm, UploadForm
from forestgis.parcels.models import LedgerImport
from forestgis.parcels.services import uploads

_PAGE_SIZE = 25


@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest) -> HttpResponse:
    """List the imports, and take a new file."""
    form = UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                upload = uploads.receive(
                    form.cleaned_data["municipality"],
                    form.cleaned_data["kind"],
                    form.cleaned_data["file"],
                )
            except ParcelsError as error:
                form.add_error(None, str(error))
            else:
                return redirect("parcels:import_detail", upload.pk)
    page = Paginator(selectors.imports(), _PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "may_write": handles_persons(),
        "relate_form": RelateForm(),
    }
    return render(request, "parcels/import_list.html", context, status=status)


@require_POST
def relate(request: HttpRequest) -> HttpResponse:
    """Have the overlap of lots and 小班 computed anew, for a register that has changed."""
    form = RelateForm(request.POST)
    if form.is_valid():
        try:
            uploads.ask_to_relate(form.cleaned_data["municipality"])
        except ParcelsError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("筆と小班の重なりの計算を依頼しました。"))
    return redirect("parcels:import_list")


@require_safe
def import_detail(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Show how far an import is and what was found in its file."""
    upload = _import_or_404(import_id)
    context = {"upload": upload, "report": selectors.report_of(upload), "waiting": _waits(upload)}
    return render(request, "parcels/import_detail.html", context)


@require_safe
def import_status(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Answer the progress block; the page renews itself once the job has ended."""
    upload = _import_or_404(import_id)
    response = render(request, "parcels/import_progress.html", {"upload": upload})
    if not _waits(upload):
        response["HX-Refresh"] = "true"
    return response


@require_POST
def import_confirm(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Store what was checked."""
    _try(request, import_id, uploads.confirm)
    return redirect("parcels:import_detail", import_id)


@require_POST
def import_discard(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Forget an import and its file."""
    if _try(request, import_id, uploads.discard):
        messages.success(request, _("取込みをやめ、ファイルを消しました。"))
        return redirect("parcels:import_list")
    return redirect("parcels:import_detail", import_id)


def _try(request: HttpRequest, import_id: UUID, act: Callable[[LedgerImport], None]) -> bool:
    """Do something to an import, or say why not."""
    try:
        act(_import_or_404(import_id))
    except ParcelsError as error:
        messages.error(request, str(error))
        return False
    return True


def _waits(upload: LedgerImport) -> bool:
    return upload.job is not None and not upload.job.finished


def _import_or_404(import_id: UUID) -> LedgerImport:
    upload = selectors.import_by_id(import_id)
    if upload is None:
        raise Http404
    return upload
