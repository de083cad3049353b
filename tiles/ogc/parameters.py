"""The parameters of WMS that the gate knows, each with the check that its value must pass."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection

from tiles.errors import OgcError
from tiles.ogc.crs import WMS_CODES

MAX_PIXELS = 4096
MAX_FEATURES = 50
IMAGE_FORMATS = ("image/png", "image/jpeg")
INFO_FORMATS = ("text/html", "application/json", "text/plain")


def _integer(
    name: str, low: int, high: int, code: str = "InvalidParameterValue"
) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(r"[+-]?\d{1,9}", value.strip()) or not low <= int(value) <= high:
            raise OgcError(
                f"{name}={value[:40]}: a whole number from {low} to {high} is needed",
                ogc_code=code,
                locator=name,
            )
        return str(int(value))

    return check


def _choice(name: str, allowed: Collection[str], code: str) -> Callable[[str], str]:
    known = {entry.lower(): entry for entry in allowed}

    def check(value: str) -> str:
        # A plus sign of a media type arrives as a space where the client did not encode it.
        found = known.get(value.strip().replace(" ", "+").lower()) or known.get(
            value.strip().lower()
        )
        if found is None:
            raise OgcError(
                f"{name}={value[:80]}: not offered; choose {', '.join(allowed)}",
                ogc_code=code,
                locator=name,
            )
        return found

    return check


def _pattern(name: str, pattern: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise OgcError(
                f"{name}={value[:80]}: not understood",
                ogc_code="InvalidParameterValue",
                locator=name,
            )
        return value

    return check


def _bbox(value: str) -> str:
    try:
        left, bottom, right, top = (float(part) for part in value.split(","))
    except ValueError:
        left = bottom = right = top = math.nan
    numbers = (left, bottom, right, top)
    if not all(map(math.isfinite, numbers)) or left >= right or bottom >= top:
        raise OgcError(
            f"BBOX={value[:120]}: four numbers are needed, the first two less than the last two",
            ogc_code="InvalidParameterValue",
            locator="BBOX",
        )
    return ",".join(repr(number) for number in numbers)


CHECKS: dict[str, Callable[[str], str]] = {
    "STYLES": _pattern("STYLES", r"[A-Za-z0-9_,]{0,400}"),
    "STYLE": _pattern("STYLE", r"[A-Za-z0-9_]{0,80}"),
    "CRS": _choice("CRS", WMS_CODES, "InvalidCRS"),
    "SRS": _choice("SRS", WMS_CODES, "InvalidSRS"),
    "BBOX": _bbox,
    "WIDTH": _integer("WIDTH", 1, MAX_PIXELS),
    "HEIGHT": _integer("HEIGHT", 1, MAX_PIXELS),
    "FORMAT": _choice("FORMAT", IMAGE_FORMATS, "InvalidFormat"),
    "TRANSPARENT": _choice("TRANSPARENT", ("TRUE", "FALSE"), "InvalidParameterValue"),
    "BGCOLOR": _pattern("BGCOLOR", r"0x[0-9A-Fa-f]{6}"),
    "EXCEPTIONS": _choice(
        "EXCEPTIONS",
        (
            "XML",
            "INIMAGE",
            "BLANK",
            "application/vnd.ogc.se_xml",
            "application/vnd.ogc.se_inimage",
            "application/vnd.ogc.se_blank",
        ),
        "InvalidParameterValue",
    ),
    "INFO_FORMAT": _choice("INFO_FORMAT", INFO_FORMATS, "InvalidFormat"),
    "FEATURE_COUNT": _integer("FEATURE_COUNT", 1, MAX_FEATURES),
    "I": _integer("I", 0, MAX_PIXELS - 1, "InvalidPoint"),
    "J": _integer("J", 0, MAX_PIXELS - 1, "InvalidPoint"),
    "X": _integer("X", 0, MAX_PIXELS - 1, "InvalidPoint"),
    "Y": _integer("Y", 0, MAX_PIXELS - 1, "InvalidPoint"),
    "MAP_RESOLUTION": _integer("MAP_RESOLUTION", 30, 600),
    "SCALE": _pattern("SCALE", r"\d{1,12}(\.\d{1,6})?"),
    "UPDATESEQUENCE": _pattern("UPDATESEQUENCE", r"[A-Za-z0-9:.+-]{0,40}"),
}
"""Parameters of any request besides LAYERS and its kin; a check returns the value to pass on or raises OgcError."""
