"""Years of a register: which one is used, going back, and what differs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from forestgis.registry import edition_selectors
from forestgis.registry.domain.field_names import field_name
from forestgis.registry.models import Edition
from forestgis.registry.selectors import municipality_by_code
from forestgis.registry.services.editions import EditionError, make_current, withdraw
from forestgis.tenancy.principal import current

_PAGE_SIZE = 100


@require_safe
def edition_list(request: HttpRequest) -> HttpResponse:
    """List the years of each municipality that the reader sees."""
    codes = edition_selectors.municipalities_with_editions()
    chosen = request.GET.get("municipality") or (codes[0].pk if codes else "")
    context = {
        "municipalities": codes,
        "chosen": chosen,
        "editions": edition_selectors.editions_of(chosen),
        "current_year": edition_selectors.current_year(chosen),
        "may_write": current().may_write_for(chosen),
    }
    return render(request, "registry/edition_list.html", context)


@require_POST
def edition_state(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Make a year the current one, or withdraw it."""
    try:
        if request.POST.get("state") == Edition.State.WITHDRAWN:
            withdraw(code, year)
            messages.success(request, _("%(year)s年度を取り下げました。") % {"year": year})
        else:
            make_current(code, year)
            text = _("地図と検索は%(year)s年度になりました。")
            messages.success(request, text % {"year": year})
    except Edition.DoesNotExist as error:
        raise Http404 from error
    except EditionError:
        messages.error(
            request, _("現行の年度は取り下げられません。先に別の年度を現行にしてください。")
        )
    return redirect(f"{reverse('registry:edition_list')}?municipality={code}")


@require_safe
def differences(request: HttpRequest, code: str, before: int, after: int) -> HttpResponse:
    """List what is new, changed and gone between two years."""
    place = municipality_by_code(code)
    if place is None:
        raise Http404
    found = edition_selectors.differences(
        code, before, after, past=request.GET.get("past", ""), limit=_PAGE_SIZE + 1
    )
    shown = found[:_PAGE_SIZE]
    context = {
        "place": place,
        "before": before,
        "after": after,
        "counts": edition_selectors.count_differences(code, before, after),
        "rows": [(row, _changes(row)) for row in shown],
        "next": shown[-1].keycode if len(found) > _PAGE_SIZE else "",
    }
    return render(request, "registry/differences.html", context)


@require_safe
def difference_map(request: HttpRequest, code: str, before: int, after: int) -> HttpResponse:
    """Draw what differs as a picture: green is new, amber changed, red gone."""
    picture = edition_selectors.difference_picture(code, before, after)
    response = render(
        request, "registry/difference_map.svg", {"picture": picture}, content_type="image/svg+xml"
    )
    response["Content-Disposition"] = "inline"
    return response


def _changes(row: edition_selectors.Difference) -> list[dict[str, Any]]:
    """Name of each changed field, and its value before and after."""
    before, after = row.before or {}, row.after or {}
    return [
        {"name": field_name(name), "before": before.get(name), "after": after.get(name)}
        for name in row.fields
    ]
