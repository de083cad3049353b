"""The treatment history: list with totals by year, a new entry, export."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from forestgis.errors import ProductError
from forestgis.notices import exports, selectors
from forestgis.notices.forms import TreatmentForm, TreatmentSearchForm
from forestgis.notices.services.felling import add_treatment
from forestgis.notices.views.drawing import drawing
from forestgis.tenancy.principal import current

_PAGE_SIZE = 50


@require_safe
def treatment_list(request: HttpRequest) -> HttpResponse:
    """List treatments, with areas by year and kind."""
    form = TreatmentSearchForm(request.GET)
    found = _found(form)
    kinds, years = selectors.treatment_totals(found)
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "form": form,
        "page": Paginator(found, _PAGE_SIZE).get_page(request.GET.get("page")),
        "query": asked.urlencode(),
        "kinds": kinds,
        "years": years,
        "may_write": current().can_write,
    }
    return render(request, "notices/treatment_list.html", context)


@require_safe
def treatment_export(request: HttpRequest) -> HttpResponseBase:
    """Answer the list as a file."""
    found = _found(TreatmentSearchForm(request.GET))
    return exports.treatments(found, request.GET.get("format", "csv"))


@require_http_methods(["GET", "HEAD", "POST"])
def treatment_new(request: HttpRequest) -> HttpResponse:
    """Write a treatment into the history."""
    if not current().can_write:
        raise Http404
    form = TreatmentForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                add_treatment(form.instance, form.outline)
            except ProductError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("記録しました。"))
                return redirect("notices:treatment_list")
    return render(request, "notices/treatment_new.html", drawing(form), status=status)


def _found(form: TreatmentSearchForm) -> Any:  # noqa: ANN401 - a query set
    asked = form.cleaned_data if form.is_valid() else {}
    place = asked.get("municipality")
    return selectors.treatments(
        asked.get("year"),
        asked.get("kind", ""),
        place.pk if place else "",
        asked.get("keycode", ""),
    )
