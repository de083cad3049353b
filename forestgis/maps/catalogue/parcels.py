"""Lots of the forest land ledger as they may be published."""

from __future__ import annotations

from forestgis.maps.catalogue.common import (
    FOREST,
    HOKKAIDO,
    MUNICIPALITY_CODE,
    flag,
    number,
    text,
)
from tiles.layer import Geometry, Layer, Sharing, Text, VectorSource
from tiles.style.colour import VERMILION
from tiles.style.model import Label, Line, Symbol, VectorStyle, single

PARCEL = Layer(
    name="parcel",
    title=Text("林地台帳の地番", "Lots of the forest land ledger"),
    group=FOREST,
    source=VectorSource("map_parcel", Geometry.MULTIPOLYGON),
    fields=(
        MUNICIPALITY_CODE,
        text("oaza", "大字", "Oaza", 60),
        text("aza", "字", "Aza", 60),
        text("lot", "地番", "Lot", 40),
        text("label", "所在・地番", "Place and lot", 160),
        text("land_category", "地目", "Land category", 40),
        number("registered_area_m2", "登記地積", "Registered area", "m2", 2),
        number("map_area_m2", "図上面積", "Area on the map", "m2", 2),
        flag("in_ledger", "林地台帳に記載", "In the ledger"),
    ),
    style=VectorStyle(
        single(Text("筆界", "Lot boundary"), Symbol(outline=Line(VERMILION, 1.0))),
        label=Label("lot", minzoom=16, size_px=10),
    ),
    minzoom=13,
    maxzoom=17,
    sharing=Sharing.PUBLIC,
    attribution=Text(
        "林地台帳（登記所備付地図）", "Forest land ledger (maps of the land registry)"
    ),
    caution=Text(
        "筆界は登記所備付地図により、現地の境界を示すものではありません。",
        "Boundaries are those of the land registry's maps and not the ones on the ground.",
    ),
    bounds=HOKKAIDO,
    visible=False,
)
