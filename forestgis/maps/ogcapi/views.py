"""Landing page, conformance, API definition, collections and their queryables."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from forestgis.maps.access import layer_bounds, readable_layer, readable_layers
from forestgis.maps.mapserver import ABSTRACT, TITLE
from forestgis.maps.ogcapi import descriptions, links
from forestgis.maps.ogcapi.conformance import CONFORMS_TO
from forestgis.maps.ogcapi.negotiation import answer, media_of
from forestgis.maps.ogcapi.parameters import DEFAULT_LIMIT, FORMAT, MAX_LIMIT, check_known
from forestgis.maps.ogcapi.problems import with_problems
from tiles.features import openapi
from tiles.layer import Layer


def vector_layers() -> dict[str, Layer]:
    """Return the reader's layers of features, topmost first."""
    layers = reversed(list(readable_layers().values()))
    return {layer.name: layer for layer in layers if not layer.is_raster}


def vector_layer(name: str) -> Layer:
    """Return one of them.

    Raises
    ------
    Http404
        If there is none of that name for this reader.
    """
    try:
        return readable_layer(name, raster=False)
    except Http404 as error:
        raise Http404(_("コレクション %(name)s はありません。") % {"name": name[:60]}) from error


@require_safe
@with_problems
def landing(request: HttpRequest) -> HttpResponse:
    """Say what the API is and where its parts are (17-069r4, 7.2)."""
    check_known(request.GET, (FORMAT,))
    media = media_of(request, links.JSON)
    content = {
        "title": TITLE,
        "description": ABSTRACT,
        "links": [
            *links.here(request, media, links.JSON),
            links.to(request, "definition", "service-desc", links.OPENAPI, "API definition"),
            links.to(request, "definition", "service-doc", links.HTML, "API documentation")
            | {"href": links.address(request, "definition") + "?f=html"},
            links.to(request, "conformance", "conformance", links.JSON, "Conformance classes"),
            links.to(request, "conformance", links.CONFORMANCE, links.JSON, ""),
            links.to(request, "collections", "data", links.JSON, "Collections"),
        ],
    }
    return answer(request, content, media, "landing")


@require_safe
@with_problems
def conformance(request: HttpRequest) -> HttpResponse:
    """List the conformance classes (17-069r4, 7.4)."""
    check_known(request.GET, (FORMAT,))
    return answer(
        request, {"conformsTo": CONFORMS_TO}, media_of(request, links.JSON), "conformance"
    )


@require_safe
@with_problems
def definition(request: HttpRequest) -> HttpResponse:
    """Give the OpenAPI document of the reader's collections."""
    check_known(request.GET, (FORMAT,))
    service = openapi.Service(
        TITLE, ABSTRACT, links.address(request, "landing").rstrip("/"), DEFAULT_LIMIT, MAX_LIMIT
    )
    content = openapi.document(service, list(vector_layers().values()))
    return answer(request, content, media_of(request, links.OPENAPI), "definition")


@require_safe
@with_problems
def collections(request: HttpRequest) -> HttpResponse:
    """List the reader's collections (17-069r4, 7.13)."""
    check_known(request.GET, (FORMAT,))
    layers = vector_layers()
    bounds = layer_bounds(layers)
    listed = [
        descriptions.collection(request, layer, bounds[name], _own_links(request, layer))
        for name, layer in layers.items()
    ]
    media = media_of(request, links.JSON)
    content = {"links": links.here(request, media, links.JSON), "collections": listed}
    return answer(request, content, media, "collections")


def _own_links(request: HttpRequest, layer: Layer) -> list[links.Link]:
    return [links.to(request, "collection", "self", links.JSON, layer.title.ja, layer.name)]


@require_safe
@with_problems
def collection(request: HttpRequest, name: str) -> HttpResponse:
    """Describe a collection."""
    check_known(request.GET, (FORMAT,))
    layer = vector_layer(name)
    media = media_of(request, links.JSON)
    own = links.here(request, media, links.JSON)
    content = descriptions.collection(request, layer, layer_bounds({name: layer})[name], own)
    return answer(request, content, media, "collection")


@require_safe
@with_problems
def queryables(request: HttpRequest, name: str) -> HttpResponse:
    """Say what filters of a collection may name (19-079r2, 6.2)."""
    check_known(request.GET, (FORMAT,))
    content = descriptions.queryables_of(request, vector_layer(name))
    return answer(request, content, media_of(request, links.SCHEMA), "queryables")
