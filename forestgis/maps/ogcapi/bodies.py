"""Features that clients send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.http import HttpRequest
from django.utils.translation import gettext as _
from pyproj import Transformer
from shapely.geometry import shape

from forestgis.maps.ogcapi.problems import ProblemError
from tiles.layer import Layer
from tiles.ogc.crs import CRS84, DEGREES, Crs, named

MAX_BYTES = 2_000_000
MEDIA = ("application/geo+json", "application/json", "application/merge-patch+json")


@dataclass(frozen=True, slots=True)
class SentFeature:
    """What of a feature was sent.

    Attributes
    ----------
    geometry : GEOSGeometry or None
        In the layer's own system; None if none was sent.
    """

    properties: Mapping[str, object]
    geometry: GEOSGeometry | None


def sent_feature(request: HttpRequest, layer: Layer) -> SentFeature:
    """Read the feature in the body of a request, its coordinates in the order of Content-Crs.

    Raises
    ------
    ProblemError
        413, 415 or 400, saying what is wrong.
    """
    document = _document(request)
    properties = document.get("properties", {})
    if document.get("type", "Feature") != "Feature" or not isinstance(properties, dict):
        raise ProblemError(400, _("本文は GeoJSON の Feature 1 件です。"))
    known = {field.name for field in layer.fields}
    for name in properties:
        if name not in known:
            raise ProblemError(
                400, _("項目 %(name)s はありません。") % {"name": name[:60]}, field=name
            )
    geometry = document.get("geometry")
    placed = None if geometry is None else _placed(geometry, _content_crs(request), layer)
    return SentFeature(properties, placed)


def _document(request: HttpRequest) -> dict[str, Any]:
    if int(request.headers.get("Content-Length") or 0) > MAX_BYTES:
        raise ProblemError(413, _("本文は %(size)s バイトまでです。") % {"size": MAX_BYTES})
    if (request.content_type or "") not in MEDIA:
        raise ProblemError(415, _("本文の形式は %(media)s です。") % {"media": ", ".join(MEDIA)})
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, _("本文を JSON として読めません。")) from error
    if not isinstance(document, dict):
        raise ProblemError(400, _("本文は GeoJSON の Feature 1 件です。"))
    return document


def _content_crs(request: HttpRequest) -> Crs:
    header = request.headers.get("Content-Crs")
    crs = CRS84 if header is None else named(header)
    if crs is None:
        raise ProblemError(
            400,
            _("Content-Crs の座標参照系 %(crs)s はありません。") % {"crs": str(header)[:80]},
            header="Content-Crs",
        )
    return crs


def _placed(geometry: Any, crs: Crs, layer: Layer) -> GEOSGeometry:  # noqa: ANN401 (any JSON)
    source, _style = layer.vector
    try:
        found = shapely.force_2d(shape(geometry))
        points = shapely.get_coordinates(found)
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise _wrong_geometry(str(error)) from error
    if not points.size or not np.isfinite(points).all():
        raise _wrong_geometry(_("座標がありません。"))
    if not found.is_valid:
        raise _wrong_geometry(shapely.is_valid_reason(found))
    if crs.north_first:
        found = shapely.transform(found, lambda points: points[:, ::-1])
    if not {crs.srid, source.srid} <= DEGREES:
        change = Transformer.from_crs(crs.srid, source.srid, always_xy=True)
        found = shapely.transform(
            found, lambda points: np.column_stack(change.transform(*points.T))
        )
    return GEOSGeometry(memoryview(shapely.to_wkb(found)), srid=source.srid)


def _wrong_geometry(reason: str) -> ProblemError:
    return ProblemError(400, _("位置が正しくありません: %(why)s") % {"why": reason}, field="geom")
