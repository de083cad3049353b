"""Point clouds made from plain lists, and real ones read with laspy alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import laspy
import numpy as np
import pytest
from pyproj import CRS

from lidar.core.points import Points

ZONE_12 = CRS(6680)


def points_from_metres(x, y, z, origin_m=(0, 0, 0), crs=ZONE_12, **dimensions) -> Points:
    """Single first returns of class 1, unless other dimensions are given."""
    x, y, z = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, np.float64)) for v in (x, y, z)))
    n = x.size
    values = {
        "intensity": 100,
        "return_number": 1,
        "return_count": 1,
        "classification": 1,
        "scan_angle_deg": 0.0,
        "line_id": 1,
    } | dimensions
    types = {"intensity": np.uint16, "scan_angle_deg": np.float32, "line_id": np.uint16}
    arrays = {
        name: np.broadcast_to(np.asarray(value, types.get(name, np.uint8)), n).copy()
        for name, value in values.items()
    }
    xyz = {
        f"{axis}_mm": np.round((v.ravel() - origin) * 1000).astype(np.int32)
        for axis, v, origin in zip("xyz", (x, y, z), origin_m, strict=True)
    }
    return Points(**xyz, **arrays, gps_time=None, origin_m=origin_m, crs=crs)


@pytest.fixture(scope="session")
def make_points() -> Callable[..., Points]:
    return points_from_metres


@pytest.fixture(scope="session")
def real_points(shared_data: Path) -> Callable[[str], Points]:
    """Read a file of the shared LiDAR data, such as "forest/fm_class.laz"."""

    def read(name: str) -> Points:
        las = laspy.read(shared_data / "lidar" / name)
        return points_from_metres(
            las.x,
            las.y,
            las.z,
            origin_m=tuple(int(v) for v in np.floor(las.header.mins)),
            intensity=las.intensity,
            return_number=las.return_number,
            return_count=las.number_of_returns,
            classification=las.classification,
            line_id=las.point_source_id,
        )

    return read
