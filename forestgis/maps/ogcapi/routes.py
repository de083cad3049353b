"""Which view answers a method of items and of one feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from forestgis.maps.ogcapi import edits
from forestgis.maps.ogcapi.items import read_feature, read_items
from forestgis.maps.ogcapi.problems import ProblemError, document, with_problems
from forestgis.maps.ogcapi.views import vector_layer

Methods = Mapping[str, Callable[..., HttpResponseBase]]
_ITEMS: Methods = {"GET": read_items, "HEAD": read_items, "POST": edits.create}
_ITEM: Methods = {
    "GET": read_feature,
    "HEAD": read_feature,
    "PUT": edits.replace,
    "PATCH": edits.update,
    "DELETE": edits.delete,
}
_READS = ("GET", "HEAD")


@with_problems
def items(request: HttpRequest, name: str) -> HttpResponseBase:
    """Answer for the features of a collection."""
    return _answer(request, _ITEMS, name)


@with_problems
def item(request: HttpRequest, name: str, key: int) -> HttpResponseBase:
    """Answer for one feature."""
    return _answer(request, _ITEM, name, key)


def _answer(request: HttpRequest, methods: Methods, name: str, *key: int) -> HttpResponseBase:
    layer = vector_layer(name)
    if (method := request.method or "") in methods:
        return methods[method](request, layer, *key)
    writes = edits.editor_of(layer) is not None
    offered = [name for name in methods if name in _READS or writes]
    if method == "OPTIONS":
        response = HttpResponse(status=204)
    else:
        response = document(ProblemError(405, f"{method}: {', '.join(offered)}"))
    response["Allow"] = ", ".join([*offered, "OPTIONS"])
    return response
