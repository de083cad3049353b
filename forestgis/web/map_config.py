"""What the map page is told: addresses, first view, and its words in the user's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import get_language, gettext

from forestgis.web.selectors import Bounds

GSI_PALE = "https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png"
GSI_TERMS = "https://maps.gsi.go.jp/development/ichiran.html"
KEY_PLACE = "__key__"


def map_config(bounds: Bounds, points: Sequence[tuple[float, float]] = ()) -> dict[str, Any]:
    """Return the configuration of the map page, JSON-able.

    Parameters
    ----------
    bounds : west, south, east, north of the first view, degrees
    points : sequence of (longitude, latitude)
        Places to mark: what a search found.
    """
    return {
        "language": "ja" if (get_language() or "ja").startswith("ja") else "en",
        "layersUrl": reverse("maps:layers"),
        "styleUrl": reverse("maps:style"),
        "cardUrl": reverse("web:card", args=[KEY_PLACE]),
        "loginUrl": f"{resolve_url(settings.LOGIN_URL)}?next={reverse('web:map')}",
        "bounds": bounds,
        "points": [(round(x, 6), round(y, 6)) for x, y in points],
        "gsiTiles": GSI_PALE if settings.FORESTGIS_GSI_BACKGROUND else None,
        "text": _text(),
    }


def draw_config(bounds: Bounds) -> dict[str, Any]:
    """Return the configuration of a map under a form, on which an area is drawn.

    Parameters
    ----------
    bounds : west, south, east, north of the first view, degrees
    """
    return {
        "styleUrl": reverse("maps:style"),
        "bounds": bounds,
        "text": {
            "hint": gettext("地図をクリックして区域の角を順に置きます。3点以上で面になります。"),
            "undo": gettext("1点戻す"),
            "clear": gettext("描き直す"),
            "label": gettext("区域を描く地図"),
            "failed": gettext("このブラウザーでは地図を表示できません。小班で指定してください。"),
        },
    }


def _text() -> dict[str, Any]:
    return {
        "background": gettext("背景"),
        "backgroundNone": gettext("なし"),
        "backgroundHillshade": gettext("陰影起伏（計測した地形）"),
        "backgroundGsi": gettext("地理院タイル（淡色地図）"),
        "gsiAttribution": f'<a href="{GSI_TERMS}" rel="noopener">{gettext("地理院タイル")}</a>',
        "unit": gettext("単位"),
        "opacity": gettext("濃さ"),
        "zoomIn": gettext("拡大すると表示されます"),
        "noLayers": gettext("表示できるレイヤーがありません。"),
        "cardLoading": gettext("読み込んでいます…"),
        "cardFailed": gettext("情報を読み込めませんでした。もう一度クリックしてください。"),
        "cardMissing": gettext("この小班の材積はまだ公開されていません。"),
        "closeCard": gettext("閉じる"),
        "nothingHere": gettext(
            "ここには小班の情報がありません。小班のレイヤーを表示して、区域の中をクリックしてください。"
        ),
        "loginAgain": gettext(
            "ログインの期限が切れました。ページを読み込み直してログインしてください。"
        ),
        "layersFailed": gettext("地図を読み込めませんでした。ページを読み込み直してください。"),
        "tilesFailed": gettext("地図の一部を読み込めませんでした。"),
        "webglMissing": gettext(
            "このブラウザーでは地図を表示できません。Edge、Chrome、Firefoxの新しい版をお使いください。"
        ),
        "controls": _controls(),
    }


def _controls() -> dict[str, str]:
    """Return MapLibre's own words by its names of them."""
    return {
        "AttributionControl.ToggleAttribution": gettext("出典を表示"),
        "Map.Title": gettext(
            "地図。矢印キーで移動、+と-で拡大と縮小、Enterで中央の小班の情報を開きます。"
        ),
        "NavigationControl.ZoomIn": gettext("拡大"),
        "NavigationControl.ZoomOut": gettext("縮小"),
        "ScaleControl.Meters": "m",
        "ScaleControl.Kilometers": "km",
    }
