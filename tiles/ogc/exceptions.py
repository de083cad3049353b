"""Exception documents of WMS, in the form of each version."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from tiles.errors import OgcError


def service_exception(error: OgcError, version: str) -> tuple[str, bytes]:
    """Return the media type and the document of a WMS service exception.

    Parameters
    ----------
    version : str
        1.1.1 gives the older form; everything else that of 1.3.0 (06-042, 6.11).
    """
    old = version.startswith("1.1")
    attributes = f" code={quoteattr(error.ogc_code)}" if error.ogc_code else ""
    if error.locator and not old:
        attributes += f" locator={quoteattr(error.locator)}"
    body = f"<ServiceException{attributes}>{escape(str(error))}</ServiceException>"
    if old:
        head = '<ServiceExceptionReport version="1.1.1">'
        media = "application/vnd.ogc.se_xml"
    else:
        head = '<ServiceExceptionReport version="1.3.0" xmlns="http://www.opengis.net/ogc">'
        media = "text/xml"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{body}</ServiceExceptionReport>\n'
    return media, text.encode()
