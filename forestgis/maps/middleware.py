"""The short way of tiles: a map asks for a hundred of them within a second, all by one reader."""

from __future__ import annotations

from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch

from forestgis.accounts.middleware import kept_by_nobody_else
from forestgis.accounts.proven import ProvenReaders, credential_of, look
from forestgis.maps.access import map_alias
from forestgis.maps.revisions import remember_revisions
from forestgis.maps.urls import TILE_PATTERNS
from forestgis.tenancy.principal import acting_as

_PREFIX = "/maps/"
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
        match = _tile_in(request)
        credential = credential_of(request) if match else None
        if match is None or credential is None:
            return self._get_response(request)
        try:
            ground = look(credential)
        except (OperationalError, InterfaceError):
            # The database was started anew: the ordinary way connects again.
            connections.close_all()
            return self._get_response(request)
        remember_revisions(request, ground.revisions)
        principal = self._readers.principal(credential, ground)
        if principal is None:
            response = self._get_response(request)
            if response.status_code in _SENT:
                self._readers.learn(credential, ground, request)
            return response
        with acting_as(principal):
            connections[map_alias()].health_check_done = True  # type: ignore[attr-defined]  # unknown to the stubs
            response = match.func(request, *match.args, **match.kwargs)
        return kept_by_nobody_else(response, by_program=credential.is_program)


def _tile_in(request: HttpRequest) -> ResolverMatch | None:
    """Return the view of a tile that the request asks for, if it does."""
    path = request.path_info
    if request.method != "GET" or not path.startswith(_PREFIX):
        return None
    found = (pattern.resolve(path[1:]) for pattern in TILE_PATTERNS)
    return next((match for match in found if match is not None), None)
