"""Extents of published surveys, and what they found against the register."""

from __future__ import annotations

from forestgis.maps.catalogue.common import (
    CAUTION,
    MUNICIPALITY_CODE,
    SURVEY,
    SURVEY_ATTRIBUTION,
    VOLUME_CAUTION,
    date,
    flag,
    number,
    text,
)
from tiles.layer import Geometry, Layer, Sharing, Text, VectorSource
from tiles.style.colour import BLUE, PURPLE_GREEN
from tiles.style.model import Label, Line, Symbol, VectorStyle, graduated, single

EXTENT = Layer(
    name="survey_extent",
    title=Text("航空レーザ計測の範囲", "Extent of airborne laser surveys"),
    group=SURVEY,
    source=VectorSource("map_survey", Geometry.POLYGON),
    fields=(
        MUNICIPALITY_CODE,
        text("name", "計測名", "Survey", 120),
        text("method", "方法", "Method", 40),
        date("scanned_on", "計測日", "Scanned on"),
        date("published_on", "公開日", "Published on"),
        flag("calibrated", "較正済み", "Calibrated"),
        flag("simulated", "架空データ", "Simulated"),
        text("run", "解析番号", "Run", 36),
        CAUTION,
    ),
    style=VectorStyle(
        single(Text("計測範囲", "Extent"), Symbol(outline=Line(BLUE, 2.0))),
        label=Label("name", minzoom=9, size_px=12),
    ),
    minzoom=5,
    maxzoom=14,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
    visible=False,
)

REGISTER_DIFFERENCE = Layer(
    name="register_difference",
    title=Text("森林簿との差（広葉樹）", "Survey minus register (hardwood)"),
    group=SURVEY,
    source=VectorSource("map_register_difference", Geometry.MULTIPOLYGON),
    fields=(
        MUNICIPALITY_CODE,
        text("keycode", "KEYCODE", "KEYCODE", 40),
        text("label", "林班-小班", "Compartment-subcompartment", 40),
        number("area_ha", "面積", "Area", "ha", 4),
        number("difference_m3ha", "計測 - 森林簿", "Survey minus register", "m3/ha"),
        number("hardwood_m3ha", "ha当たり広葉樹材積（計測）", "Hardwood volume per ha", "m3/ha"),
        number(
            "hardwood_se_m3ha",
            "ha当たり広葉樹材積の標準誤差",
            "Standard error of hardwood volume per ha",
            "m3/ha",
        ),
        number(
            "register_hardwood_m3ha", "森林簿 広葉樹蓄積", "Broadleaf stock (register)", "m3/ha"
        ),
        date("scanned_on", "計測日", "Scanned on"),
        CAUTION,
    ),
    style=VectorStyle(
        graduated((-100, -50, -20, 20, 50, 100), PURPLE_GREEN, "m3/ha", Line("#4d4d4d", 0.7)),
        field="difference_m3ha",
        opacity=0.8,
        label=Label("label", minzoom=14, size_px=11),
    ),
    unit="m3/ha",
    minzoom=9,
    maxzoom=16,
    attribution=SURVEY_ATTRIBUTION,
    caution=VOLUME_CAUTION,
    visible=False,
)
