"""What of a WMS request reaches the map server: known parameters with sane values, nothing else.

MapServer knows many more parameters (SLD fetches any address, SLD_BODY and `map.*` reach into SQL and the map
file). The gate writes the query anew from what it knows; parameters that it does not know are ignored, as the
standard wants.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from tiles.errors import OgcError
from tiles.ogc.parameters import CHECKS

MAX_LAYERS = 12
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


_LAYER_LISTS = ("LAYERS", "QUERY_LAYERS", "LAYER")
_PICTURE = ("WIDTH", "HEIGHT", "FORMAT", "TRANSPARENT", "BGCOLOR", "EXCEPTIONS")
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
    given = _one_resolution(given)
    version = _version(given, request)
    params = {"SERVICE": "WMS", "REQUEST": request, **({"VERSION": version} if version else {})}
    for name in _USED[request]:
        if name in given:
            value = given[name]
            params[name] = (
                _layers(name, value, layers) if name in _LAYER_LISTS else CHECKS[name](value)
            )
    _check_styles(params)
    if request == "GetFeatureInfo":
        _check_query(params, layers if queryable is None else queryable)
    if request == "GetLegendGraphic":
        params["SLD_VERSION"] = "1.1.0"  # required by MapServer, the only value there is
    return WmsRequest(request, version, params)


def drawn_by_parts(params: Mapping[str, str], parts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return LAYERS, STYLES and QUERY_LAYERS with each layer replaced by the map file's layers that draw it.

    Parameters
    ----------
    params : mapping
        Checked parameters of GetMap or GetFeatureInfo.
    parts : mapping
        Names of the map file's layers by the name that readers know.
    """
    names = params.get("LAYERS", "").split(",")
    styles = params.get("STYLES", "")
    replaced = {
        name: ",".join(
            part for layer in params[name].split(",") for part in parts.get(layer, [layer])
        )
        for name in ("LAYERS", "QUERY_LAYERS")
        if name in params
    }
    if styles:
        by_layer = zip(names, styles.split(","), strict=True)
        replaced["STYLES"] = ",".join(
            style for name, style in by_layer for _ in parts.get(name, [name])
        )
    return replaced


def picture_of_error(pairs: Iterable[tuple[str, str]], error: OgcError) -> str | None:
    """Return the query that makes the map server draw an error, if the client wants errors as pictures.

    The query is wrong on purpose, in the same way; nothing of the refused value is in it.

    Parameters
    ----------
    pairs : name and value of each parameter as sent
    error : OgcError
        What `admit` raised for them.

    Returns
    -------
    str or None
        None where EXCEPTIONS asks for XML, or size or format of the picture are wrong themselves.
    """
    try:
        given = _collect(pairs)
        if not given.get("EXCEPTIONS", "").lower().endswith(("inimage", "blank")):
            return None
        kept = {name: CHECKS[name](given[name]) for name in _PICTURE if name in given}
    except OgcError:
        return None
    system = "SRS" if given.get("VERSION", "").startswith("1.1") else "CRS"
    wrong_system = error.ogc_code in ("InvalidCRS", "InvalidSRS")
    asked = {
        "SERVICE": "WMS",
        "VERSION": "1.1.1" if system == "SRS" else "1.3.0",
        "REQUEST": "GetMap",
        "LAYERS": "undefined",
        "STYLES": "",
        system: "EPSG:0" if wrong_system else "EPSG:3857",
        "BBOX": "0,0,1,1",
    }
    return urlencode(asked | kept)


def _one_resolution(given: dict[str, str]) -> dict[str, str]:
    """Say the resolution of a print in the map server's word, whichever of the clients' words it came in.

    QGIS sends all three: DPI, MAP_RESOLUTION and FORMAT_OPTIONS=dpi:300, the words of QGIS Server, MapServer and
    GeoServer.
    """
    option = re.search(r"(?:^|;)dpi:(\d{1,4})(?:;|$)", given.get("FORMAT_OPTIONS", "").lower())
    dpi = given.get("MAP_RESOLUTION") or given.get("DPI") or (option.group(1) if option else "")
    return {**given, "MAP_RESOLUTION": dpi} if dpi else given


def _check_styles(params: Mapping[str, str]) -> None:
    styles = params.get("STYLES", "")
    if styles and styles.count(",") != params.get("LAYERS", "").count(","):
        raise OgcError(
            "STYLES names another number of styles than LAYERS layers",
            ogc_code="StyleNotDefined",
            locator="STYLES",
        )


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


_KNOWN = {"SERVICE", "REQUEST", "VERSION", *CHECKS, *_LAYER_LISTS}


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
