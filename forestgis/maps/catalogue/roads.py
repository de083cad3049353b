"""The road ledger."""

from __future__ import annotations

from forestgis.maps.catalogue.common import HOKKAIDO, MUNICIPALITY_CODE, ROADS, number, text
from tiles.layer import Geometry, Layer, Sharing, Text, VectorSource
from tiles.style.colour import PURPLE, VERMILION
from tiles.style.model import Label, Line, OneOf, StyleClass, Symbol, VectorStyle


def _road(ja: str, en: str, value: str, colour: str, width_px: float) -> StyleClass:
    return StyleClass(Text(ja, en), Symbol(outline=Line(colour, width_px)), OneOf((value,)))


ROAD = Layer(
    name="road",
    title=Text("道路（種類別）", "Roads by class"),
    group=ROADS,
    source=VectorSource("map_road", Geometry.MULTILINESTRING),
    fields=(
        MUNICIPALITY_CODE,
        text("name", "路線名", "Name", 80),
        text("road_class", "区分", "Class", 20),
        text("surface", "路面", "Surface", 20),
        number("width_m", "幅員", "Width", "m"),
    ),
    style=VectorStyle(
        (
            _road("公道", "Public road", "public_road", "#4d4d4d", 2.4),
            _road("林道", "Forest road", "forest_road", VERMILION, 2.4),
            _road("林業専用道", "Forestry road", "forestry_road", PURPLE, 1.8),
            _road("森林作業道", "Strip road", "strip_road", "#a65e2e", 1.2),
        ),
        field="road_class",
        label=Label("name", minzoom=14, size_px=11),
    ),
    minzoom=9,
    maxzoom=16,
    sharing=Sharing.PUBLIC,
    attribution=Text("路網台帳", "Road ledger"),
    bounds=HOKKAIDO,
    writable=("municipality_code", "name", "road_class", "surface", "width_m"),
)
