"""The ledger: list, one lot, its owners for a stated purpose, publication, export."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forestgis.accounts.access import handles_persons, may_write
from forestgis.audit.selectors import history_of
from forestgis.parcels import exports, selectors
from forestgis.parcels.errors import NotYoursError
from forestgis.parcels.forms import OwnerSearchForm, PublishForm, PurposeForm, SearchForm
from forestgis.parcels.models import Parcel
from forestgis.parcels.services.publication import publish
from forestgis.web.history import described
from forestgis.web.pdf import pdf_response, render_pdf

_PAGE_SIZE = 50


@require_safe
def parcel_list(request: HttpRequest) -> HttpResponse:
    """List lots by place, number and state."""
    form = SearchForm(request.GET)
    page = Paginator(_found(form), _PAGE_SIZE).get_page(request.GET.get("page"))
    own = selectors.own_municipalities()
    context = {
        "form": form,
        "page": page,
        "query": _without_page(request),
        "own": own[:2],
        "may_see_owners": handles_persons(),
    }
    return render(request, "parcels/parcel_list.html", context)


@require_safe
def parcel_export(request: HttpRequest) -> HttpResponseBase:
    """Answer the list as a file: the published part, never an owner."""
    return exports.parcels(_found(SearchForm(request.GET)), request.GET.get("format", "csv"))


@require_safe
def parcel_detail(request: HttpRequest, parcel_id: int) -> HttpResponse:
    """Show a lot: what the ledger says, where it lies, what changed."""
    return _detail(request, _parcel_or_404(parcel_id))


@never_cache
@require_POST
def parcel_owners(request: HttpRequest, parcel_id: int) -> HttpResponse:
    """Show a lot with its owners, after writing down what for."""
    parcel = _parcel_or_404(parcel_id)
    form = PurposeForm(request.POST)
    if not may_write(parcel.municipality_id) or not handles_persons():
        raise Http404
    if not form.is_valid():
        return _detail(request, parcel, purpose=form, status=400)
    owners = selectors.owners_of(parcel, form.words())
    return _detail(request, parcel, owners=owners, purpose=form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def owner_search(request: HttpRequest) -> HttpResponse:
    """Find lots by their owner, after writing down what for."""
    if not handles_persons():
        raise Http404
    form = OwnerSearchForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        context["owners"] = selectors.lots_of_owner(form.cleaned_data["name"], form.words())
        context["limit"] = selectors.OWNERS_FOUND
    status = 400 if form.is_bound and not form.is_valid() else 200
    return render(request, "parcels/owner_search.html", context, status=status)


@require_safe
def parcel_slip(request: HttpRequest, parcel_id: int) -> HttpResponse:
    """Print what anybody may read of a lot (閲覧)."""
    parcel = _parcel_or_404(parcel_id)
    context = {
        "parcel": parcel,
        "shares": selectors.shares_of(parcel),
        "today": timezone.localdate(),
    }
    document = render_pdf("parcels/parcel_slip.html", context, request=request)
    return pdf_response(document, _("林地台帳_%(lot)s") % {"lot": parcel}, personal=False)


@require_http_methods(["GET", "HEAD", "POST"])
def publication(request: HttpRequest) -> HttpResponse:
    """Say who else may read the ledger."""
    form = PublishForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                publish(form.cleaned_data["municipality"], form.cleaned_data["sharing"],
                        [place.pk for place in form.cleaned_data["shared_with"]])  # fmt: skip
            except NotYoursError as error:
                form.add_error(None, str(error))
            else:
                messages.success(
                    request, _("公開範囲を変えました。所有者の氏名と住所は公開されません。")
                )
                return redirect("parcels:publication")
    own = list(selectors.own_municipalities()[:2])
    ledger = selectors.ledger_of(own[0].pk) if len(own) == 1 else None
    return render(
        request, "parcels/publication.html", {"form": form, "ledger": ledger}, status=status
    )


def _found(form: SearchForm) -> Any:  # noqa: ANN401 - a query set
    asked = form.cleaned_data if form.is_valid() else {}
    place = asked.get("municipality")
    return selectors.search(asked.get("q", ""), place.pk if place else "", asked.get("state", ""))


def _without_page(request: HttpRequest) -> str:
    asked = request.GET.copy()
    asked.pop("page", None)
    return asked.urlencode()


def _parcel_or_404(parcel_id: int) -> Parcel:
    parcel = selectors.parcel(parcel_id)
    if parcel is None:
        raise Http404
    return parcel


def _detail(
    request: HttpRequest,
    parcel: Parcel,
    *,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - what the page shows besides
) -> HttpResponse:
    context = {
        "parcel": parcel,
        "shares": selectors.shares_of(parcel),
        "history": described(history_of(Parcel._meta.db_table, parcel.pk), Parcel),
        "may_see_owners": may_write(parcel.municipality_id) and handles_persons(),
        "purpose": PurposeForm(),
    }
    return render(request, "parcels/parcel_detail.html", context | more, status=status)
