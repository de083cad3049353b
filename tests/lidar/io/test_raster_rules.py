"""Rasters that break one rule of the standard each, and one that keeps them all."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS

from lidar.core.grid import Grid
from lidar.io import cog
from lidar.io.cog import RasterKind
from lidar.io.raster_rules import check

GOOD = {
    "driver": "GTiff",
    "dtype": "float32",
    "count": 1,
    "nodata": -9999.0,
    "crs": "EPSG:6680",
    "transform": Affine(0.5, 0, 58_400, 0, -0.5, 13_500),
    "compress": "DEFLATE",
}
HEIGHTS = np.round(np.random.default_rng(2).uniform(100, 900, (120, 80)), 2)


def written(path, heights=HEIGHTS, **changes):
    profile = GOOD | changes
    count = profile["count"]
    with rasterio.open(path, "w", height=120, width=80, **profile) as dataset:
        dataset.write(np.repeat(heights[None], count, axis=0).astype(profile["dtype"]))
    return path


def codes(path):
    return [fault.code for fault in check(path)]


def test_a_raster_that_keeps_the_rules(tmp_path):
    assert check(written(tmp_path / "dem.tif")) == []


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("nodata", {"nodata": -32768.0}),
        ("nodata", {"nodata": None}),
        ("not_square", {"transform": Affine(0.5, 0, 58_400, 0, -1.0, 13_500)}),
        ("coarse", {"transform": Affine(2.0, 0, 58_400, 0, -2.0, 13_500)}),
        ("coarse_for_open_data", {"transform": Affine(1.0, 0, 58_400, 0, -1.0, 13_500)}),
        ("off_grid", {"transform": Affine(0.5, 0, 58_400.25, 0, -0.5, 13_500.25)}),
        ("not_plane_rectangular", {"crs": "EPSG:32654"}),
        ("not_plane_rectangular", {"crs": None}),
        ("bands", {"count": 2}),
        ("not_float32", {"dtype": "float64"}),
    ],
)
def test_a_rule_broken_is_named(tmp_path, code, changes):
    assert code in codes(written(tmp_path / "dem.tif", **changes))


def test_half_a_cell_off_is_told_as_such(tmp_path):
    path = written(tmp_path / "dem.tif", transform=Affine(0.5, 0, 58_400.25, 0, -0.5, 13_500.25))
    (fault,) = check(path)
    assert "half a cell" in fault.message


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_world_file_is_no_georeference(tmp_path):
    path = written(tmp_path / "dem.tif", transform=None, crs=None)
    path.with_suffix(".tfw").write_text("0.5\n0\n0\n-0.5\n58400.25\n13499.75\n")
    with rasterio.open(path) as dataset:
        assert dataset.transform.a == 0.5  # GDAL takes the world file unless told not to
    assert "no_georeference" in codes(path)


def test_values_between_steps_missing_cells_and_infinities(tmp_path):
    fine = HEIGHTS + 0.004
    assert codes(written(tmp_path / "fine.tif", fine)) == ["not_rounded"]
    gaps = np.where(np.arange(80) < 10, -9999.0, HEIGHTS)
    assert codes(written(tmp_path / "gaps.tif", gaps)) == ["missing"]
    assert codes(written(tmp_path / "inf.tif", np.where(HEIGHTS > 800, np.inf, HEIGHTS))) == [
        "not_finite"
    ]


def test_what_is_no_raster(tmp_path):
    (tmp_path / "dem.tif").write_text("no raster")
    assert codes(tmp_path / "dem.tif") == ["unreadable"]


def test_rasters_of_the_engine_keep_the_rules(tmp_path):
    grid = Grid.covering((58_400.0, 13_380.0, 58_480.0, 13_500.0), 0.5, CRS(6680))
    heights = np.random.default_rng(5).uniform(0, 30, grid.shape).astype(np.float32)
    cog.write(tmp_path / "chm.tif", grid, RasterKind("chm", "m", "CHM", 2), [(grid, heights)])
    assert check(tmp_path / "chm.tif") == []
