"""Response headers that keep a page to what this server sends."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

GSI_TILES = "https://cyberjapandata.gsi.go.jp"


def content_security_policy() -> str:
    """Return the policy: everything from this server, nothing inline.

    The map draws into a canvas with images it makes itself (data:, blob:) and
    computes in a worker of its own file. The background of the Geospatial
    Information Authority is the one outside address, and only where the
    setting FORESTGIS_GSI_BACKGROUND allows it.
    """
    outside = f" {GSI_TILES}" if settings.FORESTGIS_GSI_BACKGROUND else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob:{outside}",
            f"connect-src 'self'{outside}",
            "worker-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class SecurityHeadersMiddleware:
    """Add the content security policy and switch off browser features that no page uses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request and add what the view did not set itself."""
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(self), microphone=(), payment=()"
        )
        return response
