"""Point clouds made from plain lists, and real ones read with laspy alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import laspy
import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

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


def write_las(
    path, x, y, z, *, version="1.4", point_format=6, crs=ZONE_12, scale=0.01, **dimensions
):
    """Write points to a LAS or LAZ file with laspy and return the path."""
    header = laspy.LasHeader(version=version, point_format=point_format)
    header.scales = np.broadcast_to(scale, 3)
    header.offsets = np.floor([np.min(x), np.min(y), np.min(z)])
    if crs is not None:
        header.add_crs(crs)
    las = laspy.LasData(header)
    las.x, las.y, las.z = x, y, z
    for name, value in ({"return_number": 1, "number_of_returns": 1} | dimensions).items():
        las[name] = np.broadcast_to(value, np.shape(x))
    las.write(path)
    return path


@pytest.fixture(scope="session")
def las_writer() -> Callable[..., Path]:
    return write_las


GROVE = (58_400.0, 13_300.0, 58_640.0, 13_500.0)
CROWN_M = 2.4
GPS_2024_05_20 = 1_400_241_618.0 - 1e9  # adjusted standard time of 2024-05-20 12:00 UTC


def grove_ground_m(x, y):
    """A slope of 10 % with a wave: the true terrain of the grove."""
    return 300.0 + 0.1 * (x - GROVE[0]) + 1.5 * np.sin(y / 25.0)


def grove_height_m(x, y):
    """Canopy height above ground: trees 5 m apart, taller to the east, none in the last quarter."""
    column, row = np.round(x / 5.0), np.round(y / 5.0)
    tree = 8.0 + 14.0 * (column * 5.0 - GROVE[0]) / 240.0
    distance = np.hypot(x - 5.0 * column, y - 5.0 * row)
    inside = (distance < CROWN_M) & (x < GROVE[0] + 180.0)
    return np.where(inside, tree * (1 - 0.5 * distance / CROWN_M), 0.0)


@pytest.fixture(scope="session")
def grove_truth() -> dict[str, object]:
    """What the grove is made of: bounds, ground and canopy as functions of x and y."""
    return {"bounds": GROVE, "ground_m": grove_ground_m, "height_m": grove_height_m}


@pytest.fixture(scope="session")
def grove(tmp_path_factory) -> Path:
    """Two overlapping flight lines over a made-up grove of zone XII, with plots and areas.

    Files line_1.laz, line_2.laz (not classified), plots.csv, areas.geojson.
    """
    folder = tmp_path_factory.mktemp("grove")
    rng = np.random.default_rng(7)
    for line, (west, east) in enumerate(((0.0, 140.0), (110.0, 240.0)), start=1):
        n = round((east - west) * 200 * 3)
        x = GROVE[0] + rng.uniform(west, east, n)
        y = rng.uniform(GROVE[1], GROVE[3], n)
        canopy = grove_height_m(x, y)
        two = (canopy > 2) & (rng.random(n) < 0.4)
        ground = grove_ground_m(x, y)
        through = rng.random(n) < 0.15
        first_z = ground + np.where(through, 0.0, canopy)
        two &= ~through
        write_las(
            folder / f"line_{line}.laz",
            np.concatenate([x, x[two]]),
            np.concatenate([y, y[two]]),
            np.concatenate([first_z, ground[two]]) + rng.normal(0, 0.02, n + two.sum()),
            return_number=np.concatenate([np.ones(n), np.full(two.sum(), 2)]).astype(np.uint8),
            number_of_returns=np.concatenate([1 + two, np.full(two.sum(), 2)]).astype(np.uint8),
            intensity=rng.integers(80, 120, n + two.sum()),
            point_source_id=line,
            gps_time=GPS_2024_05_20,
        )
        with (folder / f"line_{line}.laz").open("r+b") as file:
            file.seek(6)
            encoding = int.from_bytes(file.read(2), "little") | 1
            file.seek(6)
            file.write(encoding.to_bytes(2, "little"))
    _write_plots(folder / "plots.csv", rng)
    _write_areas(folder / "areas.geojson")
    return folder


def _write_plots(path: Path, rng) -> None:
    """Write plots whose volume follows from the canopy: 12 m3/ha a metre, hardwood in the north."""
    rows = ["plot_id,x,y,radius_m,hardwood_m3ha,conifer_m3ha"]
    for i in range(30):
        x, y = GROVE[0] + rng.uniform(15, 225), rng.uniform(GROVE[1] + 15, GROVE[3] - 15)
        tree = 8.0 + 14.0 * (x - GROVE[0]) / 240.0 if x < GROVE[0] + 180.0 else 0.0
        hardwood = 0.8 if y > 13_400 else 0.3
        rows.append(
            f"P{i},{x:.2f},{y:.2f},11.28,{12 * tree * hardwood:.1f},{12 * tree * (1 - hardwood):.1f}"
        )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _write_areas(path: Path) -> None:
    """Write two compartments, and one far away, in longitude and latitude."""
    to_degrees = Transformer.from_crs(ZONE_12, CRS(6668), always_xy=True)
    boxes = {
        "01010010010001": (58_410, 13_310, 58_505, 13_490),
        "01010010010002": (58_505, 13_310, 58_630, 13_490),
        "01010010019999": (70_000, 13_310, 70_100, 13_490),
    }
    features = [
        {
            "type": "Feature",
            "properties": {"KEYCODE": key},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [to_degrees.transform(*corner) for corner in shapely.box(*box).exterior.coords]
                ],
            },
        }
        for key, box in boxes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
