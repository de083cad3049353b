"""Limits that XML from clients keeps before anything makes objects of it."""

from __future__ import annotations

from io import BytesIO

from lxml import etree

from tiles.errors import OgcError

MAX_DEPTH = 50
MAX_OPERATORS = 500
_FES = "{http://www.opengis.net/fes/2.0}"


def check(document: bytes) -> None:
    """Refuse document types, deep nesting, and filters of many parts.

    Raises
    ------
    OgcError
        Saying which limit it is. What is not XML passes: its parser says so better.
    """
    upper = document.upper()
    if b"<!DOCTYPE" in upper or b"<!ENTITY" in upper:
        raise _refused("document types are not accepted")
    depth = operators = 0
    events = etree.iterparse(
        BytesIO(document), events=("start", "end"), resolve_entities=False, no_network=True
    )
    try:
        for event, element in events:
            depth += 1 if event == "start" else -1
            operators += event == "start" and str(element.tag).startswith(_FES)
            if depth > MAX_DEPTH:
                raise _refused(f"elements are nested more than {MAX_DEPTH} deep")
            if operators > MAX_OPERATORS:
                raise _refused(f"the filter has more than {MAX_OPERATORS} parts")
    except etree.XMLSyntaxError:
        return


def _refused(why: str) -> OgcError:
    return OgcError(why, ogc_code="OperationParsingFailed", locator="filter")
