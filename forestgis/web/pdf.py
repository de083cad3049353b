"""Documents to print: a Django template as PDF, with the Japanese fonts embedded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header

_STYLES = Path(__file__).parent / "print"


class OutsideAddressError(ValueError):
    """A document named a file or an address outside itself."""


def _refuse(url: str, *_args: object, **_options: object) -> dict[str, Any]:
    """Fetch nothing: what a document shows is in its template, data or style."""
    raise OutsideAddressError(url)


def render_pdf(
    template: str,
    context: Mapping[str, Any],
    *,
    style: str = "document",
    request: HttpRequest | None = None,
) -> bytes:
    """Return a template as a PDF document on A4.

    Parameters
    ----------
    template : str
        An HTML template; it may neither load a file nor an address.
    context : mapping
    style : str
        A style sheet of ``forestgis/web/print``, without its suffix. Fonts are the host's Noto CJK
        (Debian ``fonts-noto-cjk``), embedded as subsets: 髙, 﨑 and 𠮷 print as they are.
    request : HttpRequest, optional
        For the context processors.

    Raises
    ------
    OutsideAddressError
        Where the template names something outside itself.
    """
    # Takes half a second to load, and only printing needs it.
    from weasyprint import CSS, HTML

    page = HTML(
        string=render_to_string(template, dict(context), request=request),
        base_url="forestgis:",
        url_fetcher=_refuse,
    )
    sheet = CSS(filename=str(_STYLES / f"{style}.css"))
    document: bytes = page.write_pdf(stylesheets=[sheet])
    return document


def pdf_response(document: bytes, name: str, *, personal: bool = True) -> HttpResponse:
    """Answer a document, shown in the browser; kept by nobody where it is personal."""
    response = HttpResponse(document, content_type="application/pdf")
    header = content_disposition_header(as_attachment=False, filename=f"{name}.pdf")
    if header:
        response["Content-Disposition"] = header
    if personal:
        response["Cache-Control"] = "no-store"
    return response
