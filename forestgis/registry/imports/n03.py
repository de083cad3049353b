"""Municipal areas from 国土数値情報 行政区域 (N03) as GeoJSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, shape
from shapely.geometry.base import BaseGeometry

from forestgis.registry.domain.zones import zone_of

_PREFECTURE = "01"
_SAPPORO = "01100"
#: Six villages of the northern territories have an area but no municipal office.
_WITHOUT_OFFICE = frozenset(f"0{code}" for code in range(1695, 1701))


@dataclass(frozen=True, slots=True)
class Area:
    """One municipality of the file, its wards dissolved; geometry in EPSG:6668."""

    code: str
    name: str
    bureau: str
    zone: int
    geom: MultiPolygon


def read(path: Path) -> list[Area]:
    """Read the 179 municipalities of Hokkaido.

    Parameters
    ----------
    path : Path
        GeoJSON with the properties N03_001..N03_004 and N03_007, longitude
        and latitude in JGD2011.

    Returns
    -------
    list of Area
        Ordered by code. Wards of Sapporo make one area; the villages of the
        northern territories are left out.

    Raises
    ------
    ValueError
        If the file is no GeoJSON or has none of these properties.
    """
    parts: dict[tuple[str, str, str], list[BaseGeometry]] = defaultdict(list)
    for properties, geometry in _features(path):
        if properties["N03_007"] not in _WITHOUT_OFFICE:
            parts[_identity(properties)].append(shape(geometry))
    return [
        Area(code, name, bureau, zone_of(bureau, name), _dissolved(geometries))
        for (code, name, bureau), geometries in sorted(parts.items())
    ]


def _features(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Properties and geometry of Hokkaido's features."""
    try:
        features = json.loads(path.read_text("utf-8"))["features"]
        for feature in features:
            code = feature["properties"]["N03_007"]
            if code and code.startswith(_PREFECTURE) and feature["geometry"]:
                yield feature["properties"], feature["geometry"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: not an N03 GeoJSON ({error!r}); give the 行政区域 file of 国土数値情報"
        ) from error


def _identity(properties: dict[str, Any]) -> tuple[str, str, str]:
    """Code, name and bureau; a ward of a designated city counts as the city."""
    code, bureau = properties["N03_007"], properties["N03_002"]
    if "01101" <= code <= "01199":
        return _SAPPORO, properties["N03_003"], bureau
    return code, properties["N03_004"], bureau


def _dissolved(geometries: list[BaseGeometry]) -> MultiPolygon:
    """One valid multipolygon of all parts."""
    union = shapely.union_all([shapely.make_valid(geometry) for geometry in geometries])
    polygons = [part for part in shapely.get_parts(union) if part.geom_type == "Polygon"]
    return MultiPolygon(polygons)
