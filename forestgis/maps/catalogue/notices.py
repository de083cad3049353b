"""Felling notices and the treatment history."""

from __future__ import annotations

from forestgis.maps.catalogue.common import (
    FOREST,
    HOKKAIDO,
    MUNICIPALITY_CODE,
    date,
    integer,
    number,
    text,
)
from tiles.layer import Geometry, Layer, Text, VectorSource
from tiles.style.colour import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from tiles.style.model import Label, Line, OneOf, StyleClass, Symbol, VectorStyle

_EDGE = Line("#333333", 1.0)


def _kinds(ja: str, en: str, colour: str, *values: str) -> StyleClass:
    return StyleClass(Text(ja, en), Symbol(colour, _EDGE), OneOf(values))


FELLING_NOTICE = Layer(
    name="felling_notice",
    title=Text("伐採造林届", "Felling notices"),
    group=FOREST,
    source=VectorSource("map_felling_notice", Geometry.MULTIPOLYGON),
    fields=(
        MUNICIPALITY_CODE,
        text("label", "受付番号", "Number", 40),
        date("received_on", "受付日", "Received on"),
        text("method", "伐採方法", "Method of felling", 10),
        text("state", "状態", "State", 10),
        number("area_ha", "伐採面積", "Area", "ha", 2),
        date("starts_on", "伐採の始期", "Felling from"),
        date("ends_on", "伐採の終期", "Felling until"),
    ),
    style=VectorStyle(
        (
            _kinds("主伐（皆伐）", "Clear felling", VERMILION, "clear"),
            _kinds("主伐（択伐）", "Selective felling", ORANGE, "selective"),
            _kinds("間伐", "Thinning", SKY, "thinning"),
        ),
        field="method",
        opacity=0.6,
        label=Label("label", minzoom=13, size_px=11),
    ),
    minzoom=9,
    maxzoom=16,
    attribution=Text("伐採及び伐採後の造林の届出書", "Felling notices"),
    bounds=HOKKAIDO,
    visible=False,
)

TREATMENT = Layer(
    name="treatment",
    title=Text("施業履歴", "Treatment history"),
    group=FOREST,
    source=VectorSource("map_treatment", Geometry.MULTIPOLYGON),
    fields=(
        MUNICIPALITY_CODE,
        text("label", "年度・施業", "Year and treatment", 40),
        text("kind", "施業", "Treatment", 12),
        integer("fiscal_year", "年度", "Fiscal year"),
        date("done_on", "完了日", "Done on"),
        number("area_ha", "面積", "Area", "ha", 2),
    ),
    style=VectorStyle(
        (
            _kinds("主伐", "Felling", VERMILION, "clear", "selective"),
            _kinds(
                "植栽・地拵え・更新",
                "Planting and regeneration",
                GREEN,
                "planting",
                "site",
                "natural",
            ),
            _kinds("下刈り・除伐・枝打ち", "Tending", YELLOW, "weeding", "cleaning", "pruning"),
            _kinds("間伐", "Thinning", SKY, "thinning"),
            _kinds("獣害・病虫害対策", "Protection", PURPLE, "protection"),
            _kinds("その他", "Other", BLUE, "other"),
        ),
        field="kind",
        opacity=0.6,
        label=Label("label", minzoom=14, size_px=11),
    ),
    minzoom=9,
    maxzoom=16,
    attribution=Text("施業履歴", "Treatment history"),
    bounds=HOKKAIDO,
    visible=False,
)
