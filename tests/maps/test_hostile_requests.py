"""Requests that are built to hurt: each is refused in the form of its standard, in bounded time and without trace."""

from __future__ import annotations

import json

import pytest
import requests

FES = 'xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"'
EQUAL = (
    "<fes:PropertyIsEqualTo><fes:ValueReference>label</fes:ValueReference>"
    "<fes:Literal>x</fes:Literal></fes:PropertyIsEqualTo>"
)
WFS = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "TYPENAMES": "hardwood"}
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def nested(depth: int) -> str:
    return f"<fes:Filter {FES}>{'<fes:Not>' * depth}{EQUAL}{'</fes:Not>' * depth}</fes:Filter>"


@pytest.mark.parametrize(
    "filter_",
    [
        nested(1000),
        nested(60),
        f"{BOMB}<fes:Filter {FES}>&c;</fes:Filter>",
        f"<fes:Filter {FES}><fes:And>{EQUAL * 600}</fes:And></fes:Filter>",
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        "<fes:Filter",
        f"<fes:Filter {FES}><fes:PropertyIsEqualTo/></fes:Filter>",
        f"<fes:Filter {FES}><fes:BBOX><gml:Envelope><gml:lowerCorner>x y</gml:lowerCorner></gml:Envelope></fes:BBOX></fes:Filter>",
    ],
    ids=["deep", "fairly deep", "bomb", "many", "file", "cut off", "empty", "no box"],
)
def test_filters_of_wfs(address, world, filter_):
    url = f"{address}/wfs"
    body = (
        '<wfs:GetFeature xmlns:wfs="http://www.opengis.net/wfs/2.0" service="WFS" version="2.0.0">'
        f'<wfs:Query typeNames="hardwood">{filter_}</wfs:Query></wfs:GetFeature>'
    )
    by_post = requests.post(url, data=body.encode(), auth=world.here, timeout=30)
    by_form = None
    if len(filter_) < 30_000:
        by_form = requests.get(url, params={**WFS, "FILTER": filter_}, auth=world.here, timeout=30)
    for answer in filter(None.__ne__, (by_post, by_form)):
        assert answer.status_code == 400, answer.text[:500]
        assert b"ExceptionReport" in answer.content


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/ogc/collections/road/items", b"[" * 1_000_000, (400, 403)),
        ("POST", "/ogc/collections/road/items", b"x" * 3_000_000, (403, 413)),
        ("GET", "/ogc/collections/hardwood/items?filter=" + "(" * 3000, None, (400,)),
        ("GET", "/ogc/collections/hardwood/items?filter=label+LIKE+'%00'", None, (400,)),
        ("GET", "/ogc/collections/hardwood/items?label=%00", None, (400,)),
        ("GET", "/ogc/collections/hardwood/items?filter=hardwood_m3ha=1e999", None, (400,)),
        ("GET", "/ogc/collections/hardwood/items?hardwood_m3ha=nan", None, (400,)),
        ("GET", "/ogc/collections/hardwood/items?bbox=1e400,0,1,1", None, (400,)),
        ("GET", "/ogc/collections/hardwood/items/99999999999999999999", None, (400, 404)),
        ("GET", "/ogc/collections/..%2f..%2fetc/items", None, (404,)),
        ("GET", "/ogc/collections/hardwood/items?sortby=" + "label," * 500, None, (200, 400)),
    ],
)
def test_requests_of_ogc_api(address, world, method, path, body, status):
    answer = requests.request(
        method,
        address + path,
        data=body,
        auth=world.here,
        headers={"Content-Type": "application/geo+json"} if body else {},
        timeout=30,
    )
    assert answer.status_code in status, answer.text[:500]
    if answer.status_code in (400, 413):
        assert json.loads(answer.content)["status"] == answer.status_code
