"""What of a WMS request reaches the map server: known parameters with sane values, nothing else.

MapServer knows many more parameters (SLD fetches any address, SLD_BODY and `map.*` reach into SQL and the map
file). The gate writes the query anew from what it knows; parameters that it does not know are ignored, as the
standard wants.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from tiles.errors import OgcError
from tiles.ogc.crs import WMS_CODES

MAX_PIXELS = 4096
MAX_FEATURES = 50
MAX_LAYERS = 12
IMAGE_FORMATS = ("image/png", "image/jpeg")
INFO_FORMATS = ("text/html", "application/json", "text/plain")
REQUESTS = {
    "getcapabilities": "GetCapabilities",
    "capabilities": "GetCapabilities",
    "getmap": "GetMap",
    "map": "GetMap",
    "getfeatureinfo": "GetFeatureInfo",
    "feature_info": "GetFeatureInfo",
    "getlegendgraphic": "GetLegendGraphic",
}


@dataclass(frozen=True, slots=True)
class WmsRequest:
    """A request that passed the gate.

    Attributes
    ----------
    params : dict
        Upper-case names and checked values, in the order of the whitelist.
    """

    request: str
    version: str
    params: dict[str, str]

    def query(self, **replaced: str) -> str:
        """Return the query string for the map server, some values replaced."""
        return urlencode({**self.params, **replaced})


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


# Parameters of any request besides LAYERS and its kin, with the check of each.
_CHECKS: dict[str, Callable[[str], str]] = {
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
_LAYER_LISTS = ("LAYERS", "QUERY_LAYERS", "LAYER")
_COMMON = ("FORMAT", "EXCEPTIONS")
_MAP = (
    *_COMMON,
    "LAYERS",
    "STYLES",
    "CRS",
    "SRS",
    "BBOX",
    "WIDTH",
    "HEIGHT",
    "TRANSPARENT",
    "BGCOLOR",
    "MAP_RESOLUTION",
)
_USED = {
    "GetCapabilities": ("UPDATESEQUENCE",),
    "GetMap": _MAP,
    "GetFeatureInfo": (*_MAP, "QUERY_LAYERS", "INFO_FORMAT", "FEATURE_COUNT", "I", "J", "X", "Y"),
    "GetLegendGraphic": (*_COMMON, "LAYER", "STYLE", "SCALE", "WIDTH", "HEIGHT"),
}


def admit(
    pairs: Iterable[tuple[str, str]],
    layers: Collection[str],
    queryable: Collection[str] | None = None,
) -> WmsRequest:
    """Check the parameters of a WMS request and return those that may be passed on.

    Parameters
    ----------
    pairs : name and value of each parameter as sent, names in any case
    layers : names of the layers that this reader may use
    queryable : those of them that answer GetFeatureInfo; None for all

    Raises
    ------
    OgcError
        With the code of the standard, if a parameter is wrong, sent twice, or names an unknown layer, coordinate
        system or format.
    """
    given = _collect(pairs)
    service = given.get("SERVICE", "WMS")
    if service.upper() != "WMS":
        raise OgcError(
            f"SERVICE={service[:40]}: this address serves WMS",
            ogc_code="InvalidParameterValue",
            locator="SERVICE",
        )
    asked = given.get("REQUEST", "")
    request = REQUESTS.get(asked.lower())
    if request is None:
        raise OgcError(
            f"REQUEST={asked[:60]}: not offered",
            ogc_code="OperationNotSupported",
            locator="REQUEST",
        )
    version = _version(given, request)
    params = {"SERVICE": "WMS", "REQUEST": request, **({"VERSION": version} if version else {})}
    for name in _USED[request]:
        if name in given:
            value = given[name]
            params[name] = (
                _layers(name, value, layers) if name in _LAYER_LISTS else _CHECKS[name](value)
            )
    if request == "GetFeatureInfo":
        _check_query(params, layers if queryable is None else queryable)
    if request == "GetLegendGraphic":
        params["SLD_VERSION"] = "1.1.0"  # required by MapServer, the only value there is
    return WmsRequest(request, version, params)


def _check_query(params: dict[str, str], queryable: Collection[str]) -> None:
    drawn = params.get("LAYERS", "").split(",")
    for name in params.get("QUERY_LAYERS", "").split(","):
        if name not in drawn:
            raise OgcError(
                f"QUERY_LAYERS={name[:60]}: not one of LAYERS",
                ogc_code="LayerNotDefined",
                locator="QUERY_LAYERS",
            )
        if name not in queryable:
            raise OgcError(
                f"layer {name!r} holds no features to ask for",
                ogc_code="LayerNotQueryable",
                locator="QUERY_LAYERS",
            )


def _collect(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in pairs:
        key = name.upper()
        if key in given and given[key] != value and key in _KNOWN:
            raise OgcError(f"{key} is given twice", ogc_code="InvalidParameterValue", locator=key)
        if "\0" not in value:
            given[key] = value
    return given


_KNOWN = {"SERVICE", "REQUEST", "VERSION", *_CHECKS, *_LAYER_LISTS}


def _version(given: dict[str, str], request: str) -> str:
    version = given.get("VERSION", given.get("WMTVER", ""))
    if not version and request != "GetCapabilities":
        raise OgcError("VERSION is missing", ogc_code="MissingParameterValue", locator="VERSION")
    if version and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){0,2}", version):
        raise OgcError(
            "VERSION is not of the form 1.3.0", ogc_code="InvalidParameterValue", locator="VERSION"
        )
    return version


def _layers(name: str, value: str, allowed: Collection[str]) -> str:
    names = value.split(",")
    if len(names) > MAX_LAYERS:
        raise OgcError(
            f"more than {MAX_LAYERS} layers", ogc_code="OperationNotSupported", locator=name
        )
    for entry in names:
        if entry not in allowed:
            raise OgcError(
                f"layer {entry[:60]!r} is not defined", ogc_code="LayerNotDefined", locator=name
            )
    return ",".join(names)
