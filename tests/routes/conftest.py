"""Roads and terrain made for tests, and a real mountain network."""

from __future__ import annotations

import re

import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import CRS, Transformer
from scipy.ndimage import gaussian_filter

from routes.core.roads import Roads
from routes.core.terrain import Terrain

ZONE_12 = CRS(6680)


def roads_of(*lines, level=None, crs=ZONE_12) -> Roads:
    """Return forest roads along lists of coordinates."""
    geometry = np.array([shapely.LineString(line) for line in lines], object)
    roads = Roads.of_class(geometry, np.full(len(lines), "forest_road"), crs)
    if level is not None:
        roads.level[:] = level
    return roads


def rough_terrain(
    seed: int, *, slope: float = 0.35, cells: int = 120, cell_m: float = 10.0
) -> Terrain:
    """Return hills whose mean slope is as asked."""
    height = gaussian_filter(np.random.default_rng(seed).normal(0, 1, (cells, cells)), 12)
    height *= slope / np.hypot(*np.gradient(height, cell_m)).mean()
    return Terrain(height.astype(np.float32), 0.0, cells * cell_m, cell_m, ZONE_12)


@pytest.fixture(scope="session")
def andorra(shared_data) -> Roads:
    """The roads of a mountain country, in UTM zone 31; levels from bridges and tunnels."""
    query = "SELECT highway, other_tags FROM lines WHERE highway IS NOT NULL"
    _, _, wkb, (highway, tags) = pyogrio.raw.read(shared_data / "roads/andorra.osm.pbf", sql=query)
    to_utm = Transformer.from_crs(4326, 32631, always_xy=True)
    lines = shapely.transform(
        shapely.from_wkb(wkb), lambda xy: np.column_stack(to_utm.transform(*xy.T))
    )
    roads = Roads.of_class(lines, highway.astype(str), CRS(32631))
    roads.level[:] = [_level(text or "") for text in tags]
    return roads


def _level(tags: str) -> int:
    if stated := re.search(r'"layer"=>"(-?\d+)"', tags):
        return int(stated[1])
    return int('"bridge"=>"yes"' in tags) - int('"tunnel"=>"yes"' in tags)
