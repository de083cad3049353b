"""Error pages. They read nothing from the database: it may be what failed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from forestgis.logs import current_request_id


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400: the address or form could not be understood."""
    return _page(request, "400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403: the user may not do this."""
    return _page(request, "403.html", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: there is no such page, or none that this user may see."""
    return _page(request, "404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 with the number under which the fault is in the log."""
    return _page(request, "500.html", 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 for a form that was open too long or came from another site."""
    return _page(request, "403_csrf.html", 403)


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    return render(request, template, {"request_number": current_request_id()}, status=status)
