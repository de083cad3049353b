"""The trail, for administrators: search and export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from forestgis.accounts.middleware import came_by_token
from forestgis.audit import selectors
from forestgis.audit.forms import SearchForm
from forestgis.tenancy.principal import current
from forestgis.web.exports import Row, table_response

_PAGE_SIZE = 100
#: Rows of a spreadsheet; whoever needs more asks for a shorter time.
_EXPORTED = 500_000


@never_cache
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Show what was found, newest first."""
    _administrators_only(request)
    form = SearchForm(request.GET)
    shown: list[selectors.Line] = []
    following = ""
    if form.is_valid():
        found = selectors.search(form.criteria(), before=_before(request))
        shown = selectors.lines(found[: _PAGE_SIZE + 1])
        following = str(shown[_PAGE_SIZE - 1].entry.pk) if len(shown) > _PAGE_SIZE else ""
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "lines": shown[:_PAGE_SIZE],
        "following": following,
        "query": query.urlencode(),
    }
    return render(request, "audit/entries.html", context)


@never_cache
@require_safe
def export(request: HttpRequest) -> FileResponse:
    """Answer what was found as a table."""
    _administrators_only(request)
    form = SearchForm(request.GET)
    if not form.is_valid():
        raise BadRequest("export of a search that is not valid")
    headings = [
        _("日時"), _("利用者"), _("操作"), _("表"), _("行"), _("市町村"), _("件数"), _("目的"), _("変更前"), _("変更後"),
    ]  # fmt: skip
    kind = request.GET.get("format", "csv")
    return table_response("audit", headings, _rows(form.criteria()), kind)


def _rows(criteria: dict[str, Any]) -> Iterator[Row]:
    for line in selectors.lines_by_block(selectors.search(criteria)[:_EXPORTED]):
        entry = line.entry
        yield (
            entry.at,
            line.actor,
            entry.get_action_display(),
            entry.table_title,
            entry.row_key,
            entry.municipality_code,
            entry.row_count,
            entry.purpose,
            _text(entry.before),
            _text(entry.after),
        )


def _text(document: dict[str, Any] | None) -> str:
    return json.dumps(document, ensure_ascii=False) if document else ""


def _before(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("no entry of the trail")
    return int(text) if text else None


def _administrators_only(request: HttpRequest) -> None:
    if came_by_token(request) or not current().is_administrator:
        raise PermissionDenied(_("管理者だけが見られます。"))
