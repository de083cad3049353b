"""Every real forest file runs to its end with sensible products."""

import laspy
import numpy as np
import pytest
from pyproj import CRS

from lidar.io import cog
from lidar.run import execute

# r-lidar packages, tutorials and pycrown: see SOURCES.md of the shared data
FILES = {
    "MixedConifer": "normalised",
    "Megaplot": "normalised",
    "pycrown_POINTS": "normalised",
    "Topography": "delivered",
    "MixedEucaNat": "delivered",
    "bcts_1": "delivered",
    "bcts_2": "delivered",
    "bcts_3": "delivered",
    "bcts_4": "delivered",
    "fm_class": "delivered",
}


def in_cells(source, bounds):
    """Count the points that are not withheld, and not on the outer south or east line."""
    left, bottom, right, top = bounds
    x, y = np.asarray(source.x), np.asarray(source.y)
    inside = (x >= left) & (x < right) & (y > bottom) & (y <= top)
    return int((inside & (np.asarray(source.withheld) == 0)).sum())


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_runs_to_its_end(shared_data, tmp_path, name):
    path = shared_data / "lidar" / "forest" / f"{name}.laz"
    result = execute([path], tmp_path, workers=0)
    source = laspy.read(path)
    assert result.quality["ground_source"] == FILES[name]
    assert result.quality["points"] == in_cells(source, result.manifest["bounds_m"])
    assert not result.calibrated
    height = cog.read(result.rasters["chm"])
    assert 10 < np.nanmax(height) < 60
    assert np.nanmin(height) >= 0
    terrain = cog.read(result.rasters["dtm"])
    ground = np.asarray(source.z)[np.asarray(source.classification) == 2]
    if FILES[name] == "normalised":
        assert set(np.unique(terrain[~np.isnan(terrain)])) == {0.0}
        assert "heights_normalised" in {n["code"] for n in result.quality["notes"]}
    else:
        assert np.nanmedian(terrain) == pytest.approx(np.median(ground), abs=8)
    volume = cog.read(result.rasters["hardwood_m3ha"])
    assert np.nanmin(volume) >= 0
    assert np.nanmax(volume) < 2000
    assert sum(z.totals["scanned_ha"] for z in result.zones) > 0
    assert result.crs == CRS(source.header.parse_crs().to_epsg())


def test_four_neighbouring_files_join_as_one(shared_data, tmp_path):
    files = [shared_data / "lidar" / "forest" / f"bcts_{i}.laz" for i in (1, 2, 3, 4)]
    result = execute(files, tmp_path, workers=2)
    bounds = result.manifest["bounds_m"]
    assert result.quality["points"] == sum(in_cells(laspy.read(f), bounds) for f in files)
    assert result.quality["terrain_void_share"] < 0.25
    assert result.quality["trees"] > 3000
    terrain = cog.read(result.rasters["dtm"])
    north_edges = sorted(laspy.open(f).header.maxs[1] for f in files)[:-1]
    for north in north_edges:
        # no step along the line where two deliveries meet
        border = round(bounds[3] - north)
        across = np.abs(terrain[border - 2 : border] - terrain[border : border + 2])
        elsewhere = np.abs(np.diff(terrain, axis=0))
        assert np.nanmedian(across) < 3 * np.nanmedian(elsewhere) + 0.05


def test_feet_give_metres(shared_data, tmp_path):
    path = shared_data / "lidar" / "formats" / "pdal_autzen_trim_7.las"
    result = execute([path], tmp_path, workers=0)
    with laspy.open(path) as reader:
        width_ft = reader.header.maxs[0] - reader.header.mins[0]
    left, _, right, _ = result.manifest["bounds_m"]
    assert right - left == pytest.approx(width_ft * 0.3048, abs=40)
    terrain = cog.read(result.rasters["dtm"])
    assert 120 < np.nanmedian(terrain) < 140  # Eugene, Oregon, lies at 130 m
    assert result.crs.axis_info[0].unit_name == "metre"
