"""Tiles as answers: not made again while nothing has changed, and never given to another reader."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connections
from django.http import HttpRequest, HttpResponse

from forestgis.maps.access import map_alias, reader
from forestgis.maps.revisions import revisions_for, state_of
from forestgis.maps.tile_store import TileStore
from tiles.layer import Layer

STATE = "v"
"""Query parameter in which an address names the state that it shows."""
_STORE = TileStore(128 * 2**20)
_FOR_GOOD = "private, max-age=31536000, immutable"


def kept_tile(
    request: HttpRequest,
    layer: Layer,
    address: tuple[object, ...],
    make: Callable[[], bytes],
    content_type: str,
) -> HttpResponse:
    """Answer with a tile that was made before, or is made now; 304 if the client has it.

    The state of the layer for this reader (`state_of`) is its ETag and part of the key under which it is kept. It is
    read before the rows are: a tile may be newer than its state says, never older. An address that names the state
    may be kept by a browser for good, for after a change the page asks for another one.

    Parameters
    ----------
    address : tuple
        What besides the layer makes the tile: zoom, column, row, format.
    make : callable
        Makes the content.
    """
    state = state_of(layer, reader(), revisions_for(request))
    etag = f'W/"{state}"'
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    else:
        # Databases have numbers of their own.
        key = (connections[map_alias()].settings_dict["NAME"], layer.name, state, *address)
        content = _STORE.get(key)
        if content is None:
            content = make()
            _STORE.put(key, content)
        response = HttpResponse(content, content_type=content_type)
        # The short way passes by Django's middleware that would say so, and the server would send chunks.
        response.headers["Content-Length"] = str(len(content))
    response.headers["ETag"] = etag
    if request.GET.get(STATE) == state:
        response.headers["Cache-Control"] = _FOR_GOOD
    return response
