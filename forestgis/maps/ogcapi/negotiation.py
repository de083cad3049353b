"""JSON for programs, HTML for people."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from forestgis.maps.ogcapi.links import HTML
from forestgis.maps.ogcapi.parameters import FORMAT
from forestgis.maps.ogcapi.problems import ProblemError, wrong_parameter


def media_of(request: HttpRequest, own: str) -> str:
    """Return the media type to answer with: what `f` asks for, else what Accept prefers, else the data.

    Raises
    ------
    ProblemError
        400 for an unknown `f`, 406 if neither data nor HTML is accepted.
    """
    asked = request.GET.get(FORMAT)
    if asked is not None:
        if asked not in ("json", "html"):
            raise wrong_parameter(FORMAT, _("f は json か html です。"))
        return HTML if asked == "html" else own
    offered = [own, own.partition(";")[0], "application/json", HTML]
    chosen = request.get_preferred_type(offered) if "Accept" in request.headers else own
    if chosen is None:
        raise ProblemError(406, _("この資源は JSON と HTML で提供しています。"))
    return HTML if chosen == HTML else own


def answer(
    request: HttpRequest, content: Mapping[str, object], media: str, template: str
) -> HttpResponse:
    """Answer with a document, in HTML through a template that knows its members."""
    if media == HTML:
        return render(request, f"maps/ogcapi/{template}.html", {"document": content})
    return HttpResponse(json.dumps(content, ensure_ascii=False), content_type=media)
