"""WMS 1.3.0 and 1.1.1: a gate in front of the map server.

Only checked parameters pass; the map server reads the database as the reader's role and principal, so rows, rasters
and feature info are the reader's own without a filter of ours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from forestgis.maps import feature_info, mapserver
from forestgis.maps.access import layer_bounds, readable_layers
from tiles.errors import MapServerError, OgcError
from tiles.layer import Layer
from tiles.ogc import capabilities
from tiles.ogc.exceptions import service_exception
from tiles.ogc.gate import WmsRequest, admit, picture_of_error

_LOG = logging.getLogger(__name__)


@csrf_exempt
@require_safe
def wms(request: HttpRequest) -> HttpResponse:
    """Answer a WMS request; errors are service exceptions of the version asked for."""
    layers = readable_layers()
    queryable = [name for name, layer in layers.items() if not layer.is_raster]
    try:
        admitted = admit(_pairs(request), layers, queryable)
        return _answer(request, admitted, layers)
    except OgcError as error:
        return _drawn(error, request) or _exception(error, request)
    except MapServerError:
        _LOG.exception("the map server failed")
        failure = OgcError("The map server does not answer; try again later.", ogc_code="")
        response = _exception(failure, request)
        response.status_code = 503
        return response


def _pairs(request: HttpRequest) -> Iterator[tuple[str, str]]:
    for name, values in request.GET.lists():
        for value in values:
            yield name, str(value)


def _answer(
    request: HttpRequest, admitted: WmsRequest, layers: Mapping[str, Layer]
) -> HttpResponse:
    if admitted.params.get("INFO_FORMAT") in feature_info.STRUCTURED:
        return feature_info.answer(request, admitted, layers)
    answer = mapserver.draw(request, admitted)
    body = answer.body
    if admitted.request == "GetCapabilities" and capabilities.is_capabilities(body):
        generalised = [name for name in layers if len(mapserver.PARTS[name]) > 1]
        body = capabilities.for_reader(body, layer_bounds(layers), generalised)
    media = answer.headers.get("content-type", "application/octet-stream")
    return HttpResponse(body, content_type=media, status=answer.status)


def _drawn(error: OgcError, request: HttpRequest) -> HttpResponse | None:
    """Return the error as a picture, if that is what the client asked for and it can be drawn."""
    query = picture_of_error(_pairs(request), error)
    if query is None:
        return None
    try:
        answer = mapserver.ask(request, query)
    except MapServerError:
        _LOG.exception("the map server failed to draw an error")
        return None
    return HttpResponse(answer.body, content_type=answer.headers.get("content-type"))


def _exception(error: OgcError, request: HttpRequest) -> HttpResponse:
    version = next((value for name, value in _pairs(request) if name.upper() == "VERSION"), "")
    media, body = service_exception(error, version)
    # The standard's exceptions travel with status 200, and clients read them only so.
    return HttpResponse(body, content_type=media)
