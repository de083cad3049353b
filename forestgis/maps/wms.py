"""WMS 1.3.0 and 1.1.1: a gate in front of the map server.

Only checked parameters pass; the map server reads the database as the reader's role and principal, so rows, rasters
and feature info are the reader's own without a filter of ours.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from forestgis.maps import mapserver
from forestgis.maps.access import readable_layers
from tiles.errors import MapServerError, OgcError
from tiles.layer import Layer
from tiles.ogc import capabilities
from tiles.ogc.exceptions import service_exception
from tiles.ogc.fcgi import Response
from tiles.ogc.gate import WmsRequest, admit

_LOG = logging.getLogger(__name__)
_JSON = "application/json"


@csrf_exempt
@require_safe
def wms(request: HttpRequest) -> HttpResponse:
    """Answer a WMS request; errors are service exceptions of the version asked for."""
    layers = readable_layers()
    try:
        admitted = admit(_pairs(request), layers)
        answer = mapserver.ask(request, _query(admitted))
    except OgcError as error:
        return _exception(error, request)
    except MapServerError:
        _LOG.exception("the map server failed")
        failed = OgcError("The map server does not answer; try again later.", ogc_code="")
        response = _exception(failed, request)
        response.status_code = 503
        return response
    return _answer(request, admitted, answer, layers)


def _pairs(request: HttpRequest) -> Iterator[tuple[str, str]]:
    for name, values in request.GET.lists():
        for value in values:
            yield name, str(value)


def _query(admitted: WmsRequest) -> str:
    if admitted.params.get("INFO_FORMAT") == "text/html":
        # The page is made here from the same answer, with labels and units.
        return admitted.query(INFO_FORMAT=_JSON)
    return admitted.query()


def _answer(
    request: HttpRequest, admitted: WmsRequest, answer: Response, layers: Mapping[str, Layer]
) -> HttpResponse:
    body, media = answer.body, answer.headers.get("content-type", "application/octet-stream")
    if admitted.request == "GetCapabilities" and capabilities.is_capabilities(body):
        body = capabilities.for_reader(body, layers)
    if admitted.request == "GetFeatureInfo" and media.startswith(_JSON):
        found = json.loads(body)
        if admitted.params.get("INFO_FORMAT") == "text/html":
            response = render(request, "maps/feature_info.html", {"rows": _labelled(found, layers)})
            return _private(response)
        media = _JSON
    response = HttpResponse(body, content_type=media, status=answer.status)
    return _private(response)


def _labelled(found: dict[str, object], layers: Mapping[str, Layer]) -> list[dict[str, object]]:
    """Return title and labelled values of each feature of a GeoJSON answer."""
    layer = layers.get(str(found.get("name")))
    features = found.get("features")
    if layer is None or not isinstance(features, list):
        return []
    return [
        {
            "title": layer.title.ja,
            "shown": [
                (field.label.ja, feature["properties"].get(field.name), field.unit)
                for field in layer.fields
            ],
        }
        for feature in features
    ]


def _exception(error: OgcError, request: HttpRequest) -> HttpResponse:
    version = next((value for name, value in _pairs(request) if name.upper() == "VERSION"), "")
    media, body = service_exception(error, version)
    # The standard's exceptions travel with status 200, and clients read them only so.
    return _private(HttpResponse(body, content_type=media))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Authorization, Cookie"
    return response
