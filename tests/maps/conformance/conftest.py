"""The services that conformance is asked of, in the words of the standards' own test suites."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from lxml import etree

NAMESPACES = {
    "wfs": "http://www.opengis.net/wfs/2.0",
    "fes": "http://www.opengis.net/fes/2.0",
    "gml": "http://www.opengis.net/gml/3.2",
    "ows": "http://www.opengis.net/ows/1.1",
    "forest": "urn:forestgis:layers",
    "xs": "http://www.w3.org/2001/XMLSchema",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


@pytest.fixture
def kvp(get) -> Callable[..., requests.Response]:
    """Return `kvp(request, **parameters)`: WFS by GET, as the prefecture."""

    def send(request: str, **parameters: str) -> requests.Response:
        return get(
            "/wfs", "prefecture", SERVICE="WFS", VERSION="2.0.0", REQUEST=request, **parameters
        )

    return send


@pytest.fixture
def post(address, world) -> Callable[[str], requests.Response]:
    """Return `post(element)`: WFS by POST, as the prefecture; the prefixes above are declared."""

    def send(element: str) -> requests.Response:
        name, rest = element[1:].split(maxsplit=1) if " " in element else (element[1:-2], "/>")
        declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
        body = f"<{name} {declared} {rest}"
        return requests.post(
            f"{address}/wfs",
            data=body.encode(),
            auth=world.prefecture,
            headers={"Content-Type": "text/xml"},
            timeout=60,
        )

    return send


@pytest.fixture
def select() -> Callable[..., list]:
    """Return `select(answer, xpath)`: what an XPath finds in an answer."""

    def find(answer: requests.Response, xpath: str) -> list:
        return etree.fromstring(answer.content).xpath(xpath, namespaces=NAMESPACES)

    return find


@pytest.fixture
def exception(select) -> Callable[[requests.Response], tuple[int, str, str | None]]:
    """Return `exception(answer)`: status, code and locator of its exception report."""

    def read(answer: requests.Response) -> tuple[int, str, str | None]:
        [found] = select(answer, "/ows:ExceptionReport/ows:Exception")
        return answer.status_code, found.get("exceptionCode"), found.get("locator")

    return read


@pytest.fixture
def found(post, select) -> Callable[..., set[str]]:
    """Return `found(filter, by)`: volumes of the zones that a filter finds, by POST and by GET alike."""

    def ask(inner: str, kvp: Callable[..., requests.Response] | None = None) -> set[str]:
        query = (
            f'<wfs:Query typeNames="forest:hardwood"><fes:Filter>{inner}</fes:Filter></wfs:Query>'
        )
        answer = post(f'<wfs:GetFeature service="WFS" version="2.0.0">{query}</wfs:GetFeature>')
        assert answer.status_code == 200, answer.text
        volumes = set(select(answer, "//forest:hardwood/forest:hardwood_m3ha/text()"))
        if kvp is not None:
            declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
            again = kvp(
                "GetFeature",
                TYPENAMES="hardwood",
                FILTER=f"<fes:Filter {declared}>{inner}</fes:Filter>",
            )
            assert set(select(again, "//forest:hardwood/forest:hardwood_m3ha/text()")) == volumes
        return volumes

    return ask


@pytest.fixture
def api(get) -> Callable[..., requests.Response]:
    """Return `api(path, **query)`: OGC API - Features, as the prefecture."""

    def send(path: str = "/", **query: str) -> requests.Response:
        return get(f"/ogc{path}", "prefecture", **query)

    return send
