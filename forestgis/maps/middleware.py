"""The short way of tiles: a map asks for a hundred of them within a second, all by one reader."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import resolve

from forestgis.accounts.middleware import kept_by_nobody_else
from forestgis.accounts.proven import ProvenReaders, credential_of, look
from forestgis.maps.revisions import remember_revisions
from forestgis.tenancy.principal import acting_as

_PREFIXES = ("/maps/tiles/", "/maps/raster/")
_SENT = (200, 304)


class TileMiddleware:
    """Call the view of a tile at once if its reader has proven a moment ago who they are.

    Everybody else, and everything that is not a tile, goes the ordinary way through session, account and token, which
    ends at the same view.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._readers = ProvenReaders()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        credential = credential_of(request) if request.path_info.startswith(_PREFIXES) else None
        if credential is None or request.method != "GET":
            return self._get_response(request)
        ground = look(credential)
        remember_revisions(request, ground.revisions)
        principal = self._readers.principal(credential, ground)
        if principal is None:
            response = self._get_response(request)
            if response.status_code in _SENT:
                self._readers.learn(credential, ground, request)
            return response
        view, args, kwargs = resolve(request.path_info)
        with acting_as(principal):
            response = view(request, *args, **kwargs)
        return kept_by_nobody_else(response, by_program=credential.is_program)
