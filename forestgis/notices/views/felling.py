"""Felling notices: list, what is due, one notice with its checks, steps, letters and papers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forestgis.accounts.access import handles_persons, may_write
from forestgis.audit.selectors import history_of
from forestgis.errors import ProductError
from forestgis.notices import exports, selectors
from forestgis.notices.domain.periods import felling_report_due, planting_report_due
from forestgis.notices.forms import (
    AttachmentForm,
    ExamineForm,
    LetterForm,
    NoticeForm,
    ReportForm,
    SearchForm,
)
from forestgis.notices.models import FellingNotice
from forestgis.notices.services import felling
from forestgis.notices.views.drawing import drawing
from forestgis.web.history import described
from forestgis.web.pdf import pdf_response, render_pdf

_PAGE_SIZE = 50


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """List notices, and above them what is due this week."""
    form = SearchForm(request.GET)
    page = Paginator(_found(form), _PAGE_SIZE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "query": asked.urlencode(),
        "due": selectors.due_notices(),
        "may_write": handles_persons(),
    }
    return render(request, "notices/notice_list.html", context)


@require_safe
def notice_export(request: HttpRequest) -> HttpResponseBase:
    """Answer the list as a file, without persons."""
    return exports.notices(_found(SearchForm(request.GET)), request.GET.get("format", "csv"))


@require_http_methods(["GET", "HEAD", "POST"])
def notice_new(request: HttpRequest) -> HttpResponse:
    """Receive a notice."""
    if not handles_persons():
        raise Http404
    form = NoticeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                notice = felling.receive(form.instance, form.parties(), form.outline)
            except ProductError as error:
                form.add_error(None, str(error))
            else:
                messages.success(
                    request, _("受け付けました。添付書類を登録し、検査の結果を確かめてください。")
                )
                return redirect("notices:notice_detail", notice.pk)
    return render(request, "notices/notice_new.html", drawing(form), status=status)


@never_cache
@require_safe
def notice_detail(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Show a notice, what its checks found, and the next steps."""
    return _detail(request, _notice_or_404(notice_id))


@require_POST
def notice_attach(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Take a paper of a notice."""
    form = AttachmentForm(request.POST, request.FILES)
    return _act(
        request, notice_id, form, "attachment_form",
        lambda notice, given: felling.attach(notice, given["kind"], given["file"]),
    )  # fmt: skip


@require_POST
def notice_examine(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Note the outcome of the examination."""
    return _act(
        request, notice_id, ExamineForm(request.POST), "examine_form",
        lambda notice, given: felling.examine(notice, conforms=given["conforms"], note=given["note"]),
    )  # fmt: skip


@require_POST
def notice_letter(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Note the letter that goes out."""
    return _act(
        request, notice_id, LetterForm(request.POST), "letter_form",
        lambda notice, given: felling.write_letter(notice, given["letter"], given["number"], given["on"]),
    )  # fmt: skip


@require_POST
def notice_felled(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Note the report on the felling."""
    return _act(
        request, notice_id, ReportForm(request.POST), "report_form",
        lambda notice, given: felling.report_felling(notice, given["done_on"], given["reported_on"]),
    )  # fmt: skip


@require_POST
def notice_planted(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Note the report on the regeneration."""
    return _act(
        request, notice_id, ReportForm(request.POST), "report_form",
        lambda notice, given: felling.report_planting(notice, given["done_on"], given["reported_on"]),
    )  # fmt: skip


@require_POST
def notice_withdraw(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Note that the notice was taken back."""
    return _act(
        request,
        notice_id,
        forms.Form(request.POST),
        "form",
        lambda notice, _given: felling.withdraw(notice),
    )


@never_cache
@require_safe
def letter_pdf(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Print the letter that was noted."""
    notice = _notice_or_404(notice_id)
    if notice.letter_on is None or not handles_persons():
        raise Http404
    parties = selectors.parties_of(notice)
    context = {"notice": notice, "notifier": parties[0] if parties else None}
    document = render_pdf("notices/letter.html", context, request=request)
    return pdf_response(document, f"{notice.get_letter_display()}_{notice.number}")


@never_cache
@require_safe
def attachment_file(request: HttpRequest, attachment_id: int) -> FileResponse:
    """Answer a paper as a file to keep; never shown inside a page of ours."""
    attachment = selectors.attachment(attachment_id)
    if attachment is None:
        raise Http404
    response = FileResponse(
        attachment.file.open(),
        as_attachment=True,
        filename=attachment.name,
        content_type=attachment.media_type,
    )
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def attachment_remove(request: HttpRequest, attachment_id: int) -> HttpResponse:
    """Remove a paper that was added by mistake."""
    attachment = selectors.attachment(attachment_id)
    if attachment is None:
        raise Http404
    felling.remove_attachment(attachment)
    return redirect("notices:notice_detail", attachment.notice_id)


def _found(form: SearchForm) -> Any:  # noqa: ANN401 - a query set
    asked = form.cleaned_data if form.is_valid() else {}
    place = asked.get("municipality")
    return selectors.notices(asked.get("q", ""), asked.get("state", ""), place.pk if place else "")


def _act(
    request: HttpRequest,
    notice_id: int,
    form: forms.Form,
    name: str,
    act: Callable[[FellingNotice, dict[str, Any]], object],
) -> HttpResponse:
    """Take a step with what the form says, or show the page with why not."""
    notice = _notice_or_404(notice_id)
    if not form.is_valid():
        return _detail(request, notice, status=400, **{name: form})
    try:
        act(notice, form.cleaned_data)
    except ProductError as error:
        form.add_error(None, str(error))
        return _detail(request, notice, status=409, **{name: form})
    messages.success(request, _("記録しました。"))
    return redirect("notices:notice_detail", notice_id)


def _notice_or_404(notice_id: int) -> FellingNotice:
    notice = selectors.notice(notice_id)
    if notice is None:
        raise Http404
    return notice


def _detail(
    request: HttpRequest,
    notice: FellingNotice,
    *,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - what the page shows besides
) -> HttpResponse:
    facts, findings = selectors.findings_of(notice)
    may_handle = may_write(notice.municipality_id) and handles_persons()
    context = {
        "notice": notice,
        "facts": facts,
        "findings": findings,
        "lots": selectors.lots_of(notice),
        "middle": notice.geom.centroid if notice.geom else None,
        "parties": selectors.parties_of(notice) if may_handle else [],
        "attachments": selectors.attachments_of(notice) if may_handle else [],
        "may_handle": may_handle,
        "history": described(history_of(FellingNotice._meta.db_table, notice.pk), FellingNotice),
        "attachment_form": AttachmentForm(),
        "examine_form": ExamineForm(),
        "letter_form": LetterForm(initial={"letter": notice.letter}),
        "report_form": ReportForm(),
        "today": timezone.localdate(),
        **_dues(notice),
    }
    return render(request, "notices/notice_detail.html", context | more, status=status)


def _dues(notice: FellingNotice) -> dict[str, Any]:
    """Return the days by which the reports are due, counted from what was done, else from the plan."""
    felled, planted = (
        notice.felled_on or notice.ends_on,
        notice.planted_on or notice.regeneration_ends_on,
    )
    return {
        "felling_due": felling_report_due(felled),
        "planting_due": planting_report_due(planted)
        if planted and notice.regeneration_ha
        else None,
    }
