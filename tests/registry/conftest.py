"""Small register files in a place of 滝上町, zone XII."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import box

# South-west corner of the squares, EPSG:6680 metres.
WEST, SOUTH = 58_400.0, 13_200.0
_TO_DEGREES = Transformer.from_crs(6680, 6668, always_xy=True)


def square(column: int, row: int, side_m: float = 100.0):
    """A square of the checkerboard, EPSG:6680."""
    left, bottom = WEST + column * side_m, SOUTH + row * side_m
    return box(left, bottom, left + side_m, bottom + side_m)


def in_degrees(geom):
    """The geometry in EPSG:6668."""
    return shapely.transform(
        geom, lambda xy: np.column_stack(_TO_DEGREES.transform(xy[:, 0], xy[:, 1]))
    )


def write_polygons(path: Path, keycodes, geoms, *, epsg: int | None = 6680, **options) -> Path:
    """A layer of polygons with a KEYCODE column."""
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(geoms, dtype=object)),
        field_data=[np.array(keycodes, dtype=object)],
        fields=["KEYCODE"],
        geometry_type="Polygon",
        crs=None if epsg is None else f"EPSG:{epsg}",
        **options,
    )
    return path


@pytest.fixture
def boundary():
    """Area of the municipality: 4 km around the squares, EPSG:6668."""
    return in_degrees(box(WEST - 2000, SOUTH - 2000, WEST + 2000, SOUTH + 2000))
