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
from tiles.layer import Geometry, Layer, Level, Text, VectorSource
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
_SUMMARY = (
    "municipality_code",
    "edition",
    "area_ha",
    "species_group",
    "stock_broadleaf_m3ha",
    "stock_conifer_m3ha",
)
# 小班 of a few hectares can be told apart from zoom 12 on (19 m a pixel), 林班 from zoom 9 on; below that the forest
# of a municipality is one area.
_LEVELS = (
    Level(12, "map_compartment", "geom_z11", (*_SUMMARY, "label")),
    # A thousand 林班 a tile: what colours them, and no figures.
    Level(10, "map_compartment", "geom_z9", ("municipality_code", "edition", "species_group")),
    Level(9, "map_forest", "geom_z8", _SUMMARY),
    Level(7, "map_forest", "geom_z6", _SUMMARY),
)

COMPARTMENT = Layer(
    name="compartment",
    title=Text("林班", "Forest compartments"),
    group=FOREST,
    source=VectorSource("map_compartment", Geometry.MULTIPOLYGON, levels=_LEVELS),
    fields=(
        MUNICIPALITY_CODE,
        integer("edition", "年度", "Edition"),
        integer("number", "林班番号", "Compartment number"),
        text("label", "林班", "Compartment", 20),
        number("area_ha", "図上面積", "Area on the map", "ha", 4),
        text("species_group", "樹種区分", "Species group", 10),
        number("stock_broadleaf_m3ha", "森林簿 広葉樹蓄積", "Broadleaf stock (register)", "m3/ha"),
        number("stock_conifer_m3ha", "森林簿 針葉樹蓄積", "Conifer stock (register)", "m3/ha"),
    ),
    style=VectorStyle(
        single(Text("林班界", "Compartment boundary"), Symbol(outline=Line("#1a1a1a", 1.8))),
        label=Label("label", minzoom=12, size_px=14),
    ),
    minzoom=5,
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
    source=VectorSource("map_subcompartment", Geometry.MULTIPOLYGON, levels=_LEVELS),
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
        text("protection", "森林の種類", "Legal kind of forest", 60),
        integer("age", "林齢", "Age", "年"),
        integer("age_class", "齢級", "Age class (five years)"),
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
    minzoom=5,
    maxzoom=16,
    attribution=REGISTER_ATTRIBUTION,
    bounds=HOKKAIDO,
    visible=False,
)
