"""Which view answers a method of items and of one feature."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from forestgis.maps.ogcapi.items import read_feature, read_items
from forestgis.maps.ogcapi.problems import ProblemError, document, with_problems
from forestgis.maps.ogcapi.views import vector_layer


@with_problems
def items(request: HttpRequest, name: str) -> HttpResponseBase:
    """Answer for the features of a collection."""
    layer = vector_layer(name)
    if request.method in ("GET", "HEAD"):
        return read_items(request, layer)
    return _other(request, ("GET", "HEAD", "OPTIONS"))


@with_problems
def item(request: HttpRequest, name: str, key: int) -> HttpResponseBase:
    """Answer for one feature."""
    layer = vector_layer(name)
    if request.method in ("GET", "HEAD"):
        return read_feature(request, layer, key)
    return _other(request, ("GET", "HEAD", "OPTIONS"))


def _other(request: HttpRequest, allowed: tuple[str, ...]) -> HttpResponse:
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
    else:
        response = document(ProblemError(405, f"{request.method}"))
    response["Allow"] = ", ".join(allowed)
    return response
