"""林班 and 小班 as the register has them."""

from __future__ import annotations

from forestgis.maps.catalogue.common import (
    FOREST,
    HOKKAIDO,
    MUNICIPALITY_CODE,
    REGISTER_ATTRIBUTION,
    integer,
    number,
    text,
)
from tiles.layer import Geometry, Layer, Text, VectorSource
from tiles.style.colour import BLUE, GREEN, ORANGE
from tiles.style.model import (
    Label,
    Line,
    OneOf,
    StyleClass,
    Symbol,
    VectorStyle,
    single,
)

_EDGE = Line("#666666", 0.6)

COMPARTMENT = Layer(
    name="compartment",
    title=Text("林班", "Forest compartments"),
    group=FOREST,
    source=VectorSource("map_compartment", Geometry.MULTIPOLYGON),
    fields=(
        MUNICIPALITY_CODE,
        integer("edition", "年度", "Edition"),
        integer("number", "林班番号", "Compartment number"),
        text("label", "林班", "Compartment", 20),
    ),
    style=VectorStyle(
        single(Text("林班界", "Compartment boundary"), Symbol(outline=Line("#1a1a1a", 1.8))),
        label=Label("label", minzoom=12, size_px=14),
    ),
    minzoom=10,
    maxzoom=15,
    attribution=REGISTER_ATTRIBUTION,
    bounds=HOKKAIDO,
)


def _group(ja: str, en: str, value: str, colour: str) -> StyleClass:
    return StyleClass(Text(ja, en), Symbol(colour, _EDGE), OneOf((value,)))


SUBCOMPARTMENT = Layer(
    name="subcompartment",
    title=Text("小班（森林簿の樹種区分）", "Subcompartments by species group (register)"),
    group=FOREST,
    source=VectorSource("map_subcompartment", Geometry.MULTIPOLYGON),
    fields=(
        MUNICIPALITY_CODE,
        integer("edition", "年度", "Edition"),
        text("keycode", "KEYCODE", "KEYCODE", 14),
        text("label", "林班-小班", "Compartment-subcompartment", 20),
        number("area_ha", "図上面積", "Area on the map", "ha", 4),
        number("register_area_ha", "森林簿面積", "Area in the register", "ha", 4),
        text("species_group", "樹種区分", "Species group", 10),
        text("species", "主な樹種", "Main species", 60),
        text("forest_type", "林種", "Forest type", 60),
        integer("age", "林齢", "Age", "年"),
        number("stock_broadleaf_m3ha", "森林簿 広葉樹蓄積", "Broadleaf stock (register)", "m3/ha"),
        number("stock_conifer_m3ha", "森林簿 針葉樹蓄積", "Conifer stock (register)", "m3/ha"),
    ),
    style=VectorStyle(
        (
            _group("広葉樹", "Broadleaf", "broadleaf", ORANGE),
            _group("針広混交", "Mixed", "mixed", GREEN),
            _group("針葉樹", "Conifer", "conifer", BLUE),
            _group("蓄積なし・不明", "No stock or unknown", "none", "#cccccc"),
        ),
        field="species_group",
        opacity=0.6,
        label=Label("label", minzoom=14, size_px=11),
    ),
    minzoom=11,
    maxzoom=16,
    attribution=REGISTER_ATTRIBUTION,
    bounds=HOKKAIDO,
    visible=False,
)
