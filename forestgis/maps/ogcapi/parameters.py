"""Query parameters of items, checked against the layer."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from shapely import segmentize
from shapely.geometry import box

from forestgis.maps.ogcapi import cursors
from forestgis.maps.ogcapi.problems import wrong_parameter
from tiles.features.cql2.fragment import Fragment, joined
from tiles.features.cql2.load import LANGUAGES, load
from tiles.features.cql2.spatial import spatial
from tiles.features.cql2.sql import where
from tiles.features.cql2.temporal import temporal
from tiles.features.cql2.values import Scope, placed, property_value
from tiles.features.query import FeatureQuery, Order
from tiles.features.rows import members_of
from tiles.layer import Field, FieldType, Layer
from tiles.ogc.crs import CRS84, Crs, named

DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000
FORMAT = "f"
_SELECTION = ("bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs", "sortby")
_PRESENTATION = ("crs", "properties", "skipGeometry", "limit", "cursor", FORMAT)
_EDGE_STEPS = 32


@dataclass(frozen=True, slots=True)
class ItemsRequest:
    """What of a collection is asked for.

    Attributes
    ----------
    members : sequence of str
        Fields, and the geometry's name unless it is skipped.
    """

    query: FeatureQuery
    members: Sequence[str]
    crs: Crs
    limit: int


def check_known(query: QueryDict, known: Sequence[str]) -> None:
    """Refuse parameters that the operation does not have, and any that is given twice.

    Raises
    ------
    ProblemError
        400, naming the parameter.
    """
    for name, values in query.lists():
        if name not in known:
            raise wrong_parameter(
                name, _("この操作に引数 %(name)s はありません。") % {"name": name[:60]}
            )
        if len(values) > 1:
            raise wrong_parameter(name, _("引数 %(name)s が二度あります。") % {"name": name})


def items_request(query: QueryDict, layer: Layer) -> ItemsRequest:
    """Return what the query parameters of items ask for.

    Raises
    ------
    ProblemError
        400, naming the parameter.
    FilterError
        If the filter is wrong.
    """
    fields = {field.name: field for field in layer.fields}
    # A field named like a parameter of ours can be asked for by `filter` only.
    equal = [name for name in fields if name not in (*_SELECTION, *_PRESENTATION)]
    check_known(query, (*_SELECTION, *_PRESENTATION, *equal))
    given = {name: str(value) for name, value in query.items()}
    conditions = [
        *_bbox(given, layer),
        *_datetime(given, layer),
        *_filter(given, layer),
        *(_equal(fields[name], given[name], layer) for name in equal if name in given),
    ]
    order = _order(given, fields)
    after = cursors.read(given["cursor"], layer, given) if "cursor" in given else None
    return ItemsRequest(
        FeatureQuery(layer, conditions, order, after),
        _members(given, layer),
        crs_parameter(given, "crs"),
        _limit(given),
    )


def crs_parameter(given: Mapping[str, str], name: str) -> Crs:
    """Return the coordinate system that a parameter names; CRS84 if it is not given."""
    if name not in given:
        return CRS84
    crs = named(given[name])
    if crs is None:
        raise wrong_parameter(
            name,
            _("座標参照系 %(crs)s はありません。collections の crs にある名前を使ってください。")
            % {"crs": given[name][:80]},
        )
    return crs


def _limit(given: Mapping[str, str]) -> int:
    text = given.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) == 0:
        raise wrong_parameter("limit", _("limit は 1 以上の整数です。"))
    return min(int(text), MAX_LIMIT)


def _members(given: Mapping[str, str], layer: Layer) -> list[str]:
    members = list(members_of(layer))
    skip = given.get("skipGeometry", "false")
    if skip not in ("true", "false"):
        raise wrong_parameter("skipGeometry", _("skipGeometry は true か false です。"))
    geometry = layer.vector[0].geom
    if "properties" in given:
        asked = [name for name in given["properties"].split(",") if name]
        if unknown := [name for name in asked if name not in members]:
            raise wrong_parameter(
                "properties", _("項目 %(name)s はありません。") % {"name": unknown[0][:60]}
            )
        members = [name for name in members if name in asked or name == geometry]
    return [name for name in members if name != geometry or skip == "false"]


def _order(given: Mapping[str, str], fields: Mapping[str, Field]) -> list[Order]:
    order = []
    for part in filter(None, given.get("sortby", "").split(",")):
        name = part.lstrip("+- ")  # a plus sign arrives as a space where it was not encoded
        if name not in fields:
            raise wrong_parameter("sortby", _("項目 %(name)s はありません。") % {"name": name[:60]})
        order.append(Order(fields[name], part.startswith("-")))
    return order


def _filter(given: Mapping[str, str], layer: Layer) -> list[Fragment]:
    language = given.get("filter-lang", LANGUAGES[0])
    if language not in LANGUAGES:
        raise wrong_parameter(
            "filter-lang", _("filter-lang は %(known)s です。") % {"known": ", ".join(LANGUAGES)}
        )
    crs = crs_parameter(given, "filter-crs")
    return [where(load(given["filter"], language), layer, crs)] if "filter" in given else []


def _equal(field: Field, text: str, layer: Layer) -> Fragment:
    """Return the condition of a field that is given like a parameter."""
    value: object = text
    try:
        if field.type in (FieldType.INTEGER, FieldType.DECIMAL):
            value = float(text)
        elif field.type is FieldType.BOOLEAN:
            value = {"true": True, "false": False}[text]
        elif field.type is FieldType.DATE:
            value = {"date": dt.date.fromisoformat(text).isoformat()}
    except (ValueError, KeyError) as error:
        raise wrong_parameter(
            field.name, _("%(text)s は項目の型に合いません。") % {"text": text[:60]}
        ) from error
    return where({"op": "=", "args": [{"property": field.name}, value]}, layer)


def _bbox(given: Mapping[str, str], layer: Layer) -> list[Fragment]:
    crs = crs_parameter(given, "bbox-crs")
    if "bbox" not in given:
        return []
    west, south, east, north = _corners(given["bbox"])
    boxes = [(west, south, east, north)]
    if west > east and crs is CRS84:  # across the antimeridian
        boxes = [(west, south, 180.0, north), (-180.0, south, east, north)]
    if any(left > right or bottom > top for left, bottom, right, top in boxes):
        raise wrong_parameter("bbox", _("bbox の下限が上限より大きくなっています。"))
    return [joined(" OR ", *(_inside(corners, Scope(layer, crs)) for corners in boxes))]


def _corners(text: str) -> tuple[float, float, float, float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise wrong_parameter("bbox", _("bbox はコンマで区切った 4 個か 6 個の数です。"))
    first, second, third, fourth = numbers
    return first, second, third, fourth


def _inside(corners: tuple[float, float, float, float], scope: Scope) -> Fragment:
    """Return the condition of features that share a point with a box.

    The box's edges are straight in its own system: they get points on the way before they are transformed.
    """
    left, bottom, right, top = corners
    if left == right or bottom == top:  # a point or a line is no polygon
        left, bottom, right, top = left - 1e-9, bottom - 1e-9, right + 1e-9, top + 1e-9
    edges = box(left, bottom, right, top)
    if scope.crs.srid != CRS84.srid:
        edges = segmentize(edges, max(right - left, top - bottom) / _EDGE_STEPS)
    geometry = property_value(scope.layer.vector[0].geom, scope)
    return spatial("s_intersects", geometry, placed(edges, scope), scope)


def _datetime(given: Mapping[str, str], layer: Layer) -> list[Fragment]:
    """Return the condition on the first date of the layer; a layer without dates has no time to compare."""
    if "datetime" not in given:
        return []
    ends = ["" if end == ".." else end for end in given["datetime"].split("/")]
    if len(ends) > 2 or not any(ends):
        raise wrong_parameter("datetime", _("datetime は時点、または 始/終 です。"))
    node = {"interval": [_moment(end) for end in (ends[0], ends[-1])]}
    dates = [field.name for field in layer.fields if field.type is FieldType.DATE]
    if not dates:
        return []
    scope = Scope(layer, CRS84)
    args = [{"property": dates[0]}, node]
    return [
        temporal("t_intersects", args, scope, lambda arg: property_value(arg["property"], scope))
    ]


def _moment(text: str) -> str:
    """Return a day: dates of layers are days, and any time of one meets it."""
    if not text:
        return ".."
    try:
        return dt.datetime.fromisoformat(text.upper()).date().isoformat()
    except ValueError as error:
        raise wrong_parameter(
            "datetime",
            _("%(text)s は日付でも時刻でもありません（例 2026-06-01、2026-06-01T12:00:00Z）。")
            % {"text": text[:40]},
        ) from error
