"""WFS 1.1.0 for old programs: the map server behind a gate, under the reader's role and principal."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from forestgis.maps import mapserver
from forestgis.maps.access import layer_bounds, readable_layers
from tiles.errors import MapServerError, OgcError
from tiles.ogc import wfs11
from tiles.style.wfsmap import NAME

_LOG = logging.getLogger(__name__)


def answer(request: HttpRequest, given: Mapping[str, str]) -> HttpResponse:
    """Answer a request, its parameters by names in upper case."""
    layers = {name: layer for name, layer in readable_layers().items() if not layer.is_raster}
    try:
        query = wfs11.admit(given, layers)
        reply = mapserver.ask(request, f"map={NAME}&{query}")
    except OgcError as error:
        return HttpResponse(wfs11.exception_report(error), content_type="text/xml", status=400)
    except MapServerError:
        _LOG.exception("the map server failed")
        failure = OgcError(
            "The map server does not answer; try again later.", ogc_code="NoApplicableCode"
        )
        return HttpResponse(wfs11.exception_report(failure), content_type="text/xml", status=503)
    # The short name leaves open which axis is first; the numbers are in the authority's order.
    body = reply.body.replace(b'srsName="EPSG:', b'srsName="urn:ogc:def:crs:EPSG::')
    if b"<wfs:WFS_Capabilities" in body[:2000]:
        body = wfs11.for_reader(body, layer_bounds(layers))
    media = reply.headers.get("content-type", "text/xml")
    return HttpResponse(body, content_type=media, status=reply.status)
