"""Volumes from airborne laser surveys: by 小班 and by cell of the national 20 m mesh."""

from __future__ import annotations

from forestgis.maps.catalogue.common import (
    CAUTION,
    MUNICIPALITY_CODE,
    SURVEY,
    SURVEY_ATTRIBUTION,
    VOLUME_CAUTION,
    date,
    flag,
    integer,
    number,
    text,
)
from tiles.layer import Field, Geometry, Layer, Sharing, Text, VectorSource
from tiles.style.colour import PURPLE_BLUE, YELLOW_GREEN
from tiles.style.model import Label, Line, VectorStyle, graduated

VOLUME_LIMITS = (20, 50, 100, 150, 200, 300)
"""Class limits of every volume layer, m3/ha, so that their colours can be compared."""

_ZONES = VectorSource("map_hardwood", Geometry.MULTIPOLYGON)
_EDGE = Line("#4d4d4d", 0.7)

ZONE_FIELDS: tuple[Field, ...] = (
    MUNICIPALITY_CODE,
    text("keycode", "KEYCODE", "KEYCODE", 40),
    text("label", "林班-小班", "Compartment-subcompartment", 40),
    number("area_ha", "面積", "Area", "ha", 4),
    number("scanned_ha", "計測された面積", "Area scanned", "ha", 4),
    number("hardwood_m3", "広葉樹材積", "Hardwood volume", "m3"),
    number("hardwood_se_m3", "広葉樹材積の標準誤差", "Standard error of hardwood volume", "m3"),
    number("hardwood_m3ha", "ha当たり広葉樹材積", "Hardwood volume per ha", "m3/ha"),
    number(
        "hardwood_se_m3ha",
        "ha当たり広葉樹材積の標準誤差",
        "Standard error of hardwood volume per ha",
        "m3/ha",
    ),
    number("conifer_m3", "針葉樹材積", "Conifer volume", "m3"),
    number("conifer_se_m3", "針葉樹材積の標準誤差", "Standard error of conifer volume", "m3"),
    number("conifer_m3ha", "ha当たり針葉樹材積", "Conifer volume per ha", "m3/ha"),
    number(
        "conifer_se_m3ha",
        "ha当たり針葉樹材積の標準誤差",
        "Standard error of conifer volume per ha",
        "m3/ha",
    ),
    number("mean_height_m", "平均樹高", "Mean height", "m"),
    number("cover_pct", "樹冠被覆率", "Canopy cover", "%"),
    number("extrapolated_pct", "外挿の割合", "Share extrapolated", "%"),
    flag("calibrated", "較正済み", "Calibrated"),
    flag("simulated", "架空データ", "Simulated"),
    date("scanned_on", "計測日", "Scanned on"),
    number("register_hardwood_m3ha", "森林簿 広葉樹蓄積", "Broadleaf stock (register)", "m3/ha"),
    number("register_conifer_m3ha", "森林簿 針葉樹蓄積", "Conifer stock (register)", "m3/ha"),
    text("run", "解析番号", "Run", 36),
    CAUTION,
)

HARDWOOD = Layer(
    name="hardwood",
    title=Text("小班別 広葉樹材積", "Hardwood volume by subcompartment"),
    group=SURVEY,
    source=_ZONES,
    fields=ZONE_FIELDS,
    style=VectorStyle(
        graduated(VOLUME_LIMITS, YELLOW_GREEN, "m3/ha", _EDGE),
        field="hardwood_m3ha",
        opacity=0.75,
        label=Label("label", minzoom=14, size_px=11),
    ),
    unit="m3/ha",
    minzoom=9,
    maxzoom=16,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
    caution=VOLUME_CAUTION,
)

CONIFER = Layer(
    name="conifer",
    title=Text("小班別 針葉樹材積", "Conifer volume by subcompartment"),
    group=SURVEY,
    source=_ZONES,
    fields=ZONE_FIELDS,
    style=VectorStyle(
        graduated(VOLUME_LIMITS, PURPLE_BLUE, "m3/ha", _EDGE),
        field="conifer_m3ha",
        opacity=0.75,
        label=Label("label", minzoom=14, size_px=11),
    ),
    unit="m3/ha",
    minzoom=9,
    maxzoom=16,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
    caution=VOLUME_CAUTION,
    visible=False,
)

MESH = Layer(
    name="mesh20m",
    title=Text("20mメッシュ 広葉樹材積", "Hardwood volume, 20 m mesh"),
    group=SURVEY,
    source=VectorSource("map_mesh20m", Geometry.POLYGON),
    fields=(
        MUNICIPALITY_CODE,
        text("jf20mid", "JF20mID", "JF20mID", 12),
        number("hardwood_m3ha", "ha当たり広葉樹材積", "Hardwood volume per ha", "m3/ha"),
        number(
            "hardwood_se_m3ha",
            "ha当たり広葉樹材積の標準誤差",
            "Standard error of hardwood volume per ha",
            "m3/ha",
        ),
        number("conifer_m3ha", "ha当たり針葉樹材積", "Conifer volume per ha", "m3/ha"),
        text("stratum", "林相", "Forest stratum", 10),
        number("mean_height_m", "平均樹高", "Mean height", "m"),
        number("cover_pct", "樹冠被覆率", "Canopy cover", "%"),
        integer("stems", "立木本数", "Stems"),
        number("mean_dbh_cm", "平均直径", "Mean diameter", "cm"),
        text("run", "解析番号", "Run", 36),
        CAUTION,
    ),
    style=VectorStyle(
        graduated(VOLUME_LIMITS, YELLOW_GREEN, "m3/ha"), field="hardwood_m3ha", opacity=0.8
    ),
    unit="m3/ha",
    minzoom=14,
    maxzoom=16,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
    caution=VOLUME_CAUTION,
    visible=False,
)
