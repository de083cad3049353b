"""For QGIS: the style of a layer as QML, and a project of all the reader's layers."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from forestgis.maps.access import layer_bounds, readable_layer, readable_layers
from forestgis.maps.mapserver import TITLE
from tiles import qgis
from tiles.style import qml

_AUTHCFG = re.compile(r"[A-Za-z0-9]{7}")


@require_safe
def style(request: HttpRequest, name: str) -> HttpResponse:
    """Give the style and form of a vector layer as QML."""
    layer = readable_layer(name, raster=False)
    return _file(qml.qml(layer), f"{layer.name}.qml", qml.CONTENT_TYPE)


@require_safe
def project(request: HttpRequest) -> HttpResponse:
    """Give the project. `authcfg` names an authentication configuration of the user's QGIS; without it QGIS asks."""
    authcfg = request.GET.get("authcfg", "")
    if authcfg and not _AUTHCFG.fullmatch(authcfg):
        return HttpResponse(
            _("authcfg は QGIS の認証設定の ID（英数字7文字）です。"),
            content_type="text/plain; charset=utf-8",
            status=400,
        )
    layers = list(reversed(readable_layers().values()))
    services = qgis.Services(
        TITLE,
        request.build_absolute_uri(reverse("maps:ogcapi-landing")).rstrip("/"),
        request.build_absolute_uri(reverse("maps:wms")),
        authcfg,
    )
    extents = layer_bounds({layer.name: layer for layer in layers})
    return _file(qgis.project(services, layers, extents), "forestgis.qgz", qgis.CONTENT_TYPE)


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
