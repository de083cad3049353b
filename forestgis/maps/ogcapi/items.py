"""Features of a collection, and one feature."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from forestgis.maps.access import map_alias
from forestgis.maps.features import FeaturePage, feature_text
from forestgis.maps.language import spoken
from forestgis.maps.ogcapi import cursors, links
from forestgis.maps.ogcapi.negotiation import answer, media_of
from forestgis.maps.ogcapi.parameters import (
    FORMAT,
    ItemsRequest,
    check_known,
    crs_parameter,
    items_request,
)
from forestgis.maps.streaming import streamed
from tiles.features.documents import feature_collection
from tiles.features.rows import geojson_row, members_of
from tiles.layer import Layer
from tiles.ogc.crs import CRS84, Crs

_SHOWN_ON_A_PAGE = 50


def read_items(request: HttpRequest, layer: Layer) -> HttpResponseBase:
    """Answer with a page of features, as they are read.

    Raises
    ------
    ProblemError, FilterError
        If a parameter is wrong.
    """
    asked = items_request(request.GET, layer)
    media = media_of(request, links.GEOJSON)
    if media == links.HTML:
        return _as_html(request, layer, asked)
    page = FeaturePage(asked.query, asked.limit)
    texts = page.texts(geojson_row, list(asked.members), asked.crs)
    document = feature_collection({}, texts, lambda _n: _tail(request, layer, page, media))
    return streamed(document, media, _crs_header(asked.crs))


def _as_html(request: HttpRequest, layer: Layer, asked: ItemsRequest) -> HttpResponse:
    page = FeaturePage(asked.query, min(asked.limit, _SHOWN_ON_A_PAGE))
    fields = [field for field in layer.fields if field.name in asked.members]
    rows = [
        json.loads(text)
        for batch in page.texts(geojson_row, [field.name for field in fields], asked.crs)
        for text in batch
    ]
    content = {
        "title": spoken(layer.title),
        "fields": [(spoken(field.label), field.unit) for field in fields],
        "features": [[row["id"], map(_shown, row["properties"].values())] for row in rows],
        "collection": links.address(request, "collection", layer.name),
        **_tail(request, layer, page, links.HTML),
    }
    return answer(request, content, links.HTML, "items")


def _shown(value: object) -> object:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return _("はい") if value else _("いいえ")
    return "" if value is None else value


def _tail(
    request: HttpRequest, layer: Layer, page: FeaturePage, media: str
) -> dict[str, object | None]:
    """Return what is known of a page when all of it has been read."""
    found = [
        *links.here(request, media, links.GEOJSON),
        links.to(request, "collection", "collection", links.JSON, layer.title.ja, layer.name),
    ]
    if page.has_next:
        cursor = cursors.write(page.last, layer, request.GET.dict())
        found.append(links.link(links.changed(request, cursor=cursor), "next", media))
    return {
        "links": found,
        "timeStamp": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "numberReturned": page.returned,
        "numberMatched": page.matched(),
    }


def read_feature(request: HttpRequest, layer: Layer, key: int) -> HttpResponse:
    """Answer with one feature.

    Raises
    ------
    Http404
        If there is none that the reader may see.
    """
    check_known(request.GET, ("crs", FORMAT))
    crs, media = crs_parameter(request.GET, "crs"), media_of(request, links.GEOJSON)
    alias, members = map_alias(), list(members_of(layer))
    with transaction.atomic(using=alias):
        text = feature_text(layer, key, crs, members, using=alias)
        state = text if crs is CRS84 else feature_text(layer, key, CRS84, members, using=alias)
    if text is None:
        raise feature_not_found(key)
    content = json.loads(text) | {
        "links": [
            *links.here(request, media, links.GEOJSON),
            links.to(request, "collection", "collection", links.JSON, layer.title.ja, layer.name),
        ]
    }
    if media == links.HTML:
        values = content["properties"]
        rows = [
            (spoken(field.label), _shown(values[field.name]), field.unit) for field in layer.fields
        ]
        shown = {"title": spoken(layer.title), "rows": rows, **content}
        return answer(request, shown, media, "item")
    response = answer(request, content, media, "item")
    for name, value in _crs_header(crs).items():
        response[name] = value
    response["ETag"] = etag(state or text)
    return response


def feature_not_found(key: int) -> Http404:
    """Return the error of a feature that is not there, or that the reader may not see."""
    return Http404(_("地物 %(key)s はありません。") % {"key": key})


def etag(text: str) -> str:
    """Return the entity tag of a feature that reads so in CRS84, whichever system it is sent in."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _crs_header(crs: Crs) -> dict[str, str]:
    return {"Content-Crs": f"<{crs.uri}>"}
