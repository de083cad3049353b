"""Features of a register: WFS and OGC API - Features against MapServer's FastCGI and django-gisserver as it comes.

All read the same view under the same role and principal. A hundred thousand 小班 are asked for, the engines in turn,
so that what disturbs one disturbs all; figures are medians of ratios of features a second.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlencode

import requests

from bench.map_services.processes import Product, Reader, make_reader, product

LAYER = "subcompartment"
ROUNDS = 5
_PAGE = 10_000
_WFS = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "TYPENAMES": LAYER}
_FORMATS = {"gml": "text/xml; subtype=gml/3.2.1", "geojson": "geojson"}


def measure(database: str, count: int) -> dict[str, object]:
    """Return the figures of `count` features an answer; the names are the keys."""
    from bench.map_services import feature_peers
    from forestgis.maps.catalogue import BY_NAME

    reader = make_reader("prefecture")
    variables = dict(feature_peers.database_variables("map_prefecture"))
    with (
        feature_peers.map_server(BY_NAME[LAYER]) as socket,
        product(database, application="bench.map_services.feature_peers") as running,
    ):
        _ask(running, reader, _query("gml", 100))
        rounds = [_round(running, reader, socket, variables, count) for _ in range(ROUNDS)]
        first_byte_ms = median(_first_byte_ms(running, reader, count) for _ in range(ROUNDS))
    return {
        "wfs_gml_vs_mapserver": _ratio(rounds, "gml", "mapserver_gml"),
        "wfs_geojson_vs_mapserver": _ratio(rounds, "geojson", "mapserver_geojson"),
        "wfs_vs_gisserver": round(
            min(
                _ratio(rounds, "gml", "gisserver_gml"),
                _ratio(rounds, "geojson", "gisserver_geojson"),
            ),
            2,
        ),
        "ogcapi_geojson_vs_mapserver": _ratio(rounds, "ogcapi", "mapserver_geojson"),
        "wfs_gml_per_s": round(count / median(each["gml"] for each in rounds)),
        "wfs_geojson_per_s": round(count / median(each["geojson"] for each in rounds)),
        "wfs_growth_mb": round(_growth_mb(database, reader, count), 1),
        "wfs_first_byte_ms": round(first_byte_ms),
    }


def _query(form: str, features: int) -> str:
    return "/wfs?" + urlencode({**_WFS, "COUNT": features, "OUTPUTFORMAT": _FORMATS[form]})


def _round(
    running: Product, reader: Reader, socket: str, variables: dict[str, str], features: int
) -> dict[str, float]:
    """Return the seconds that each engine needs for so many features."""
    peer = {form: _query(form, features).replace("/wfs", "/peer") for form in _FORMATS}
    seconds = {form: _ask(running, reader, _query(form, features)) for form in _FORMATS}
    seconds["ogcapi"] = _walk(running, reader, features)
    seconds |= {f"gisserver_{form}": _ask(running, reader, peer[form]) for form in _FORMATS}
    return seconds | {
        f"mapserver_{form}": _ask_mapserver(socket, variables, form, features) for form in _FORMATS
    }


def _ask(running: Product, reader: Reader, address: str) -> float:
    began = perf_counter()
    with requests.get(
        _url(running, address), headers=_headers(reader), timeout=600, stream=True
    ) as got:
        got.raise_for_status()
        size = sum(len(chunk) for chunk in got.iter_content(1 << 20))
    if size < 10_000:
        raise SystemExit(f"{address} answered {size} bytes")
    return perf_counter() - began


def _walk(running: Product, reader: Reader, features: int) -> float:
    """Return the seconds of all pages of OGC API - Features, each of the largest size."""
    began, read = perf_counter(), 0
    address: str | None = _url(running, f"/ogc/collections/{LAYER}/items?limit={_PAGE}")
    while address and read < features:
        page = requests.get(address, headers=_headers(reader), timeout=600).content
        read += _PAGE
        # Links stand at the end: what a client makes of the features is not measured.
        links = json.loads(b"{" + page[page.rindex(b"\n], ") + 4 :])["links"]
        address = next((link["href"] for link in links if link["rel"] == "next"), None)
    return perf_counter() - began


def _ask_mapserver(socket: str, variables: dict[str, str], form: str, features: int) -> float:
    from tiles.ogc import fcgi

    output = {"gml": "application/gml+xml; version=3.2", "geojson": "geojson"}[form]
    query = urlencode({**_WFS, "COUNT": features, "OUTPUTFORMAT": output})
    began = perf_counter()
    answer = fcgi.call(
        socket,
        {
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SCRIPT_NAME": "/peer",
            **variables,
        },
        timeout_s=600,
    )
    if len(answer.body) < 100 * features:
        raise SystemExit(f"MapServer: {answer.body[:500]!r}")
    return perf_counter() - began


def _ratio(rounds: list[dict[str, float]], ours: str, theirs: str) -> float:
    """Return how many features of ours come while one of theirs does."""
    return round(median(each[theirs] / each[ours] for each in rounds), 2)


def _first_byte_ms(running: Product, reader: Reader, features: int) -> float:
    began = perf_counter()
    address = _url(running, _query("gml", features))
    with requests.get(address, headers=_headers(reader), timeout=600, stream=True) as got:
        next(got.iter_content(1))
        return (perf_counter() - began) * 1000


def _growth_mb(database: str, reader: Reader, features: int) -> float:
    """Return how much a fresh process grows at its peak while it sends so many features."""
    with product(database) as running:
        pid = running.pids[-1]
        _ask(running, reader, _query("gml", 100))
        _ask(running, reader, _query("geojson", 100))
        before = _resident_mb(pid, "VmRSS")
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
        _ask(running, reader, _query("gml", features))
        _ask(running, reader, _query("geojson", features))
        return _resident_mb(pid, "VmHWM") - before


def _resident_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def _url(running: Product, path: str) -> str:
    return f"http://127.0.0.1:{running.port}{path}"


def _headers(reader: Reader) -> dict[str, str]:
    name, _, value = reader.header.strip().partition(": ")
    return {name: value}
