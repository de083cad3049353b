"""Municipal boundaries."""

from __future__ import annotations

from forestgis.maps.catalogue.common import BASE, HOKKAIDO, text
from tiles.layer import Geometry, Layer, Level, Sharing, Text, VectorSource
from tiles.style.model import Label, Line, Symbol, VectorStyle, single

_FIELDS = ("code", "name", "name_en")

MUNICIPALITY = Layer(
    name="municipality",
    title=Text("市町村界", "Municipalities"),
    group=BASE,
    source=VectorSource(
        "map_municipality",
        Geometry.MULTIPOLYGON,
        levels=(
            Level(10, "map_municipality", "geom_z9", _FIELDS),
            Level(7, "map_municipality", "geom_z6", _FIELDS),
        ),
    ),
    fields=(
        text("code", "市町村コード", "Municipality code", 5),
        text("name", "市町村名", "Name", 40),
        text("name_en", "英語名", "Name in English", 60),
    ),
    style=VectorStyle(
        single(Text("市町村界", "Municipality"), Symbol(outline=Line("#7a3f98", 1.6))),
        label=Label("name", minzoom=8, maxzoom=12, size_px=13, colour="#5b2c75"),
    ),
    minzoom=4,
    maxzoom=12,
    sharing=Sharing.PUBLIC,
    attribution=Text("国土数値情報（行政区域データ）", "National Land Numerical Information"),
    bounds=HOKKAIDO,
)
