"""Papers about lots: applications for information, corrections, notices of owners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forestgis.accounts.access import handles_persons, may_write
from forestgis.parcels import case_selectors
from forestgis.parcels.case_forms import (
    CaseForm,
    CorrectionForm,
    ExpiryForm,
    OwnerNoticeForm,
    ProvisionForm,
    RefusalForm,
)
from forestgis.parcels.errors import ParcelsError
from forestgis.parcels.models import Case, Correction, OwnerNotice, Provision, ProvisionParcel
from forestgis.parcels.services import cases
from forestgis.web.pdf import pdf_response, render_pdf

_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of paper: what it is called, its form, and what receiving it means."""

    slug: str
    title: Any
    lead: Any
    model: type[Case]
    form: type[CaseForm]
    receive: Callable[[Any], Case]


KINDS = {
    kind.slug: kind
    for kind in (
        Kind(
            "provisions",
            gettext_lazy("情報提供の申出"),
            gettext_lazy(
                "所有者を含む全項目は、土地の所有者等、隣接地の所有者等、認定計画を持つ者、大臣・知事だけに、目的を記録して提供します。"
            ),
            Provision,
            ProvisionForm,
            lambda form: cases.receive_provision(form.instance, form.asked, form.own),
        ),
        Kind(
            "corrections",
            gettext_lazy("修正申出"),
            gettext_lazy(
                "台帳の記載が違うという申出です。認めると台帳が直り、前の記載は履歴に残ります。"
            ),
            Correction,
            CorrectionForm,
            lambda form: cases.receive_correction(form.instance),
        ),
        Kind(
            "owner-notices",
            gettext_lazy("森林の土地の所有者届出"),
            gettext_lazy(
                "新しく森林の土地の所有者となった人の届出です。記載すると台帳の所有者が替わります。"
            ),
            OwnerNotice,
            OwnerNoticeForm,
            lambda form: cases.receive_owner_notice(form.instance, form.parcels),
        ),
    )
}


@require_safe
def case_list(request: HttpRequest, kind: str) -> HttpResponse:
    """List the papers of a kind by number; persons are on the page of each."""
    about = _kind_or_404(kind)
    page = Paginator(case_selectors.cases(about.model), _PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "parcels/case_list.html",
        {"kind": about, "page": page, "may_write": handles_persons()},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def case_new(request: HttpRequest, kind: str) -> HttpResponse:
    """Receive a paper."""
    about = _kind_or_404(kind)
    if not handles_persons():
        raise Http404
    form = about.form(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                case = about.receive(form)
            except ParcelsError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("受け付けました。"))
                return redirect("parcels:case_detail", kind, case.pk)
    return render(request, "parcels/case_new.html", {"kind": about, "form": form}, status=status)


@never_cache
@require_safe
def case_detail(request: HttpRequest, kind: str, case_id: int) -> HttpResponse:
    """Show a paper with its persons; the reading is written down."""
    about, case = _case_or_404(kind, case_id)
    return _detail(request, about, case)


@require_POST
def case_accept(request: HttpRequest, kind: str, case_id: int) -> HttpResponse:
    """Do what the paper asks for."""
    about, case = _case_or_404(kind, case_id)
    try:
        if isinstance(case, Provision):
            form = ExpiryForm(request.POST)
            if not form.is_valid():
                return _detail(request, about, case, expiry=form, status=400)
            cases.provide(case, form.cleaned_data["expires_on"])
        elif isinstance(case, OwnerNotice):
            cases.enter_owner(case)
        elif isinstance(case, Correction):
            cases.accept_correction(case)
    except ParcelsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("処理しました。"))
    return redirect("parcels:case_detail", kind, case_id)


@require_POST
def case_refuse(request: HttpRequest, kind: str, case_id: int) -> HttpResponse:
    """Refuse a paper, with a reason."""
    about, case = _case_or_404(kind, case_id)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _detail(request, about, case, refusal=form, status=400)
    try:
        cases.refuse(case, form.cleaned_data["reason"])
    except ParcelsError as error:
        messages.error(request, str(error))
    return redirect("parcels:case_detail", kind, case_id)


@never_cache
@require_safe
def provision_slip(request: HttpRequest, case_id: int) -> HttpResponse:
    """Print what an application was given."""
    _about, case = _case_or_404("provisions", case_id)
    if not isinstance(case, Provision):
        raise Http404
    rows = case_selectors.provided(case)
    if not rows:
        raise Http404
    context = {"case": case, "rows": rows, "today": timezone.localdate()}
    document = render_pdf("parcels/provision_slip.html", context, request=request)
    return pdf_response(document, _("林地台帳情報_%(number)s") % {"number": case.number})


def _detail(
    request: HttpRequest,
    about: Kind,
    case: Case,
    *,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - what the page shows besides
) -> HttpResponse:
    context = {
        "kind": about,
        "case": case,
        "may_write": may_write(case.municipality_id),
        "expiry": ExpiryForm(),
        "refusal": RefusalForm(),
        **_subject(case),
    }
    return render(request, "parcels/case_detail.html", context | more, status=status)


def _subject(case: Case) -> dict[str, Any]:
    """Return what the paper is about."""
    if isinstance(case, Provision):
        return {
            "lots": case_selectors.lots_of(case, ProvisionParcel.Role.ASKED),
            "own_lots": case_selectors.lots_of(case, ProvisionParcel.Role.OWN),
        }
    if isinstance(case, OwnerNotice):
        due = case_selectors.owner_notice_due(case)
        lots = case_selectors.lots_of_notice(case)
        return {"lots": lots, "due": due, "late": case.received_on > due}
    if isinstance(case, Correction):
        return {"lots": case_selectors.named([case.parcel_id])}
    return {}


def _kind_or_404(kind: str) -> Kind:
    if kind not in KINDS:
        raise Http404
    return KINDS[kind]


def _case_or_404(kind: str, case_id: int) -> tuple[Kind, Case]:
    about = _kind_or_404(kind)
    case = case_selectors.opened(about.model, case_id)
    if case is None:
        raise Http404
    return about, case
