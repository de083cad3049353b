import hashlib

import numpy as np
import pytest
import rasterio
from pyproj import CRS
from rio_tiler.io import Reader

from lidar.core.grid import Grid
from lidar.io import cog
from lidar.io.cog import RasterKind

KIND = RasterKind("chm", "m", "Canopy height", decimals=2)


@pytest.fixture
def grid():
    return Grid.covering((58_400, 13_000, 59_500, 13_900), 1.0, CRS(6680))


def halves(grid, values):
    left, bottom, right, top = grid.bounds
    middle = left + 500
    for west, east in ((left, middle), (middle, right)):
        part = Grid.covering((west, bottom, east, top), grid.cell_m, grid.crs)
        yield part, values[grid.window_of(part)]


def test_a_raster_in_parts_is_a_valid_cog(tmp_path, grid):
    values = np.random.default_rng(3).uniform(0, 30, grid.shape).astype(np.float32)
    values[:100, :100] = np.nan
    path = tmp_path / "chm.tif"
    cog.write(path, grid, KIND, halves(grid, values), {"RUN": "7"})
    with rasterio.open(path) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.nodata == -9999
        assert dataset.crs.to_epsg() == 6680
        assert dataset.transform == grid.transform
        assert dataset.overviews(1) == [2, 4]
        assert dataset.units == ("m",)
        assert dataset.descriptions == ("Canopy height",)
        assert dataset.tags()["RUN"] == "7"
        stored = dataset.read(1)
    assert (stored[:100, :100] == -9999).all()
    known = ~np.isnan(values)
    np.testing.assert_allclose(stored[known], values[known], atol=0.00501, rtol=0)
    np.testing.assert_array_equal(cog.read(path)[known], stored[known])
    with Reader(str(path)) as reader:
        assert reader.info().nodata_type == "Nodata"


def test_the_same_raster_has_the_same_bytes_whatever_its_parts(tmp_path, grid):
    values = np.random.default_rng(4).uniform(0, 30, grid.shape).astype(np.float32)
    digests = []
    for name, parts in (("a", [(grid, values)]), ("b", halves(grid, values))):
        path = tmp_path / f"{name}.tif"
        cog.write(path, grid, KIND, parts)
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_overviews_leave_nodata_out_of_means(tmp_path, grid):
    values = np.full(grid.shape, np.nan, np.float32)
    values[::2, ::2] = 10.0
    path = tmp_path / "a.tif"
    cog.write(path, grid, KIND, [(grid, values)])
    with rasterio.open(path, overview_level=0) as overview:
        assert set(np.unique(overview.read(1))) <= {10.0, -9999.0}


def test_shades_are_bytes_with_nodata_zero(tmp_path, grid):
    kind = RasterKind("hillshade", "1", "Shade", dtype="uint8")
    values = np.full(grid.shape, 180, np.uint8)
    values[0, 0] = 0
    cog.write(tmp_path / "h.tif", grid, kind, [(grid, values)])
    with rasterio.open(tmp_path / "h.tif") as dataset:
        assert (dataset.dtypes[0], dataset.nodata) == ("uint8", 0)
    assert np.isnan(cog.read(tmp_path / "h.tif")[0, 0])
