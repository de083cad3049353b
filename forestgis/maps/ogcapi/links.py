"""Addresses and links of the API."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from tiles.layer import Layer

Link = dict[str, str]
JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA = "application/schema+json"
CODES = {JSON: "json", GEOJSON: "json", OPENAPI: "json", SCHEMA: "json", HTML: "html"}
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
CONFORMANCE = "http://www.opengis.net/def/rel/ogc/1.0/conformance"


def address(request: HttpRequest, name: str, *args: object) -> str:
    """Return the absolute address of a resource of the API."""
    return request.build_absolute_uri(reverse(f"maps:ogcapi-{name}", args=args))


def link(href: str, rel: str, media: str, title: str = "") -> Link:
    """Return a link."""
    return {"href": href, "rel": rel, "type": media, **({"title": title} if title else {})}


def to(request: HttpRequest, name: str, rel: str, media: str, title: str, *args: object) -> Link:
    """Return a link to a resource of the API."""
    return link(address(request, name, *args), rel, media, title)


def here(request: HttpRequest, media: str, own: str) -> list[Link]:
    """Return links to this document and to it in the other encoding.

    Parameters
    ----------
    media : what is being sent
    own : the media type of the resource as data
    """
    other = HTML if media == own else own
    return [
        link(_in_format(request, media), "self", media),
        link(_in_format(request, other), "alternate", other),
    ]


def _in_format(request: HttpRequest, media: str) -> str:
    return changed(request, f=CODES[media])


def changed(request: HttpRequest, **parameters: str | None) -> str:
    """Return this address with parameters replaced; None leaves one out."""
    given = {**request.GET.dict(), **parameters}
    query = urlencode({name: value for name, value in given.items() if value is not None})
    path = request.build_absolute_uri(request.path)
    return f"{path}?{query}" if query else path


def of_collection(request: HttpRequest, layer: Layer) -> list[Link]:
    """Return the links of a collection to what belongs to it."""
    name, title = layer.name, layer.title.ja
    return [
        to(request, "items", "items", GEOJSON, title, name),
        to(request, "queryables", QUERYABLES, SCHEMA, "Queryables", name),
        link(
            request.build_absolute_uri(reverse("maps:sld", args=(name,))),
            "describedby",
            "application/vnd.ogc.sld+xml",
            "SLD",
        ),
    ]
