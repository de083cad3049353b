"""Rasters of published surveys."""

from __future__ import annotations

from forestgis.maps.catalogue.common import SURVEY, SURVEY_ATTRIBUTION, VOLUME_CAUTION
from forestgis.maps.catalogue.volume import VOLUME_LIMITS
from tiles.layer import Layer, RasterSource, Sharing, Text
from tiles.style.colour import HEIGHT, PURPLE_BLUE, YELLOW_BROWN, YELLOW_GREEN
from tiles.style.model import RasterStyle, graduated

HARDWOOD = Layer(
    name="raster_hardwood",
    title=Text("広葉樹材積ラスタ", "Hardwood volume raster"),
    group=SURVEY,
    source=RasterSource("hardwood_m3ha", (0, 2000)),
    style=RasterStyle(graduated(VOLUME_LIMITS, YELLOW_GREEN, "m3/ha"), opacity=0.8),
    unit="m3/ha",
    minzoom=8,
    maxzoom=17,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
    caution=VOLUME_CAUTION,
    visible=False,
)

CONIFER = Layer(
    name="raster_conifer",
    title=Text("針葉樹材積ラスタ", "Conifer volume raster"),
    group=SURVEY,
    source=RasterSource("conifer_m3ha", (0, 2000)),
    style=RasterStyle(graduated(VOLUME_LIMITS, PURPLE_BLUE, "m3/ha"), opacity=0.8),
    unit="m3/ha",
    minzoom=8,
    maxzoom=17,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
    caution=VOLUME_CAUTION,
    visible=False,
)

CANOPY_HEIGHT = Layer(
    name="raster_canopy_height",
    title=Text("樹冠高", "Canopy height"),
    group=SURVEY,
    source=RasterSource("chm", (0, 80)),
    style=RasterStyle(graduated((2, 5, 10, 15, 20, 25, 30), HEIGHT, "m"), opacity=0.9),
    unit="m",
    minzoom=8,
    maxzoom=19,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
    visible=False,
)

HILLSHADE = Layer(
    name="hillshade",
    title=Text("陰影起伏", "Hillshade"),
    group=SURVEY,
    source=RasterSource("hillshade", (0, 255)),
    style=RasterStyle(opacity=0.8),
    minzoom=8,
    maxzoom=19,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
)

SLOPE = Layer(
    name="slope",
    title=Text("傾斜区分", "Slope classes"),
    group=SURVEY,
    source=RasterSource("slope", (0, 90)),
    style=RasterStyle(graduated((15, 25, 35, 45), YELLOW_BROWN, "度"), opacity=0.7),
    unit="度",
    minzoom=8,
    maxzoom=18,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
    visible=False,
)

CS_MAP = Layer(
    name="cs_map",
    title=Text("CS立体図", "CS map (curvature and slope)"),
    group=SURVEY,
    source=RasterSource("cs_map", (0, 255)),
    style=RasterStyle(bands=3, opacity=0.9),
    minzoom=8,
    maxzoom=19,
    sharing=Sharing.PUBLIC,
    attribution=SURVEY_ATTRIBUTION,
    visible=False,
)
