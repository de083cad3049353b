"""Every malformed or odd file is answered by name with its fault; a batch goes on by choice."""

import laspy
import numpy as np
import pytest
import shapely

from lidar.errors import DecodeError, LidarError
from lidar.run import RunParams, execute, inspect, tiles

REFUSED = {
    "malformed/laszip_broken_coder.laz": "unknown_compression",
    "malformed/laszip_broken_compressor.laz": "unknown_compression",
    "malformed/laszip_broken_type.laz": "unknown_compression",
    "malformed/lidRbook_corrupted_duplicates.laz": "no_crs",
    "malformed/pdal_bad-geotiff-keys.las": "no_crs",
    "malformed/pdal_garbage_nVariableLength.las": "bad_header",
    "malformed/pdal_simple-laszip-compressor-version-1.2r0.laz": "no_crs",
    "malformed/pdal_spurious.las": "geographic_crs",
    "formats/laspy_autzen_geo_proj.las": "too_sparse",
    "formats/laspy_extra.laz": "no_crs",
    "formats/laspy_simple1_1.las": "no_crs",
    "formats/laspy_simple1_3.las": "bad_scale",
    "formats/laspy_unregistered_extra_bytes.las": "no_crs",
    "formats/laspy_vegetation_1_3.las": "no_crs",
    "formats/pdal_1.0_0.las": "too_few_points",
    "formats/pdal_1.0_1.las": "too_few_points",
    "formats/pdal_1.1_0.las": "too_few_points",
    "formats/pdal_1.1_1.las": "too_few_points",
    "formats/pdal_1.2-no-points.las": "truncated",
    "formats/pdal_1.2-with-color.las": "no_crs",
    "formats/pdal_1.2_0.las": "too_few_points",
    "formats/pdal_1.2_1.las": "too_few_points",
    "formats/pdal_1.2_2.las": "too_few_points",
    "formats/pdal_1.2_3.las": "too_few_points",
    "formats/pdal_epsg_4326.las": "geographic_crs",
    "formats/pdal_extrabytes.las": "no_crs",
    "formats/pdal_gps-time-nan.las": "no_crs",
    "formats/pdal_interesting.las": "too_sparse",
    "formats/pdal_no-points.las": "no_points",
    "formats/pdal_noise-dirty.las": "no_crs",
    "formats/pdal_synthetic_test.las": "no_crs",
}
TOLD = {
    "malformed/laspy_append-bug.laz": "very_low_density",
    "formats/laspy_1_4_w_evlr.laz": "feet",
    "formats/laspy_file_with_both_wkt_and_geotiff_vlrs.las": "feet",
    "formats/laspy_fullwave.laz": "no_ground_class",
    "formats/laspy_plane.laz": "no_ground_class",
    "formats/pdal_autzen_trim_7.las": "feet",
    "formats/pdal_test1_4.las": "feet",
}


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_a_file_is_refused_for_its_fault(shared_data, name, code):
    report = inspect([shared_data / "lidar" / name])
    (file,) = report.files
    assert code in {f.code for f in file.faults if f.severity == "refuse"}
    assert not report.used
    for fault in file.faults:
        assert file.name in fault.message
        assert len(fault.message) > 40


@pytest.mark.parametrize(("name", "code"), TOLD.items())
def test_an_odd_file_is_used_and_its_oddity_told(shared_data, name, code):
    (file,) = inspect([shared_data / "lidar" / name]).files
    assert code in {f.code for f in file.faults if f.severity == "warn"}
    assert file.used


def test_every_file_of_the_collections_has_its_answer(shared_data):
    folders = (shared_data / "lidar" / name for name in ("malformed", "formats"))
    names = {f"{folder.name}/{path.name}" for folder in folders for path in folder.iterdir()}
    assert names == REFUSED.keys() | TOLD.keys()


N = 20_000
PLACE = (58_400.0, 13_300.0, 58_500.0, 13_400.0)


def square(rng, n=N):
    left, bottom, right, top = PLACE
    return rng.uniform(left, right, n), rng.uniform(bottom, top, n)


@pytest.fixture
def odd(tmp_path, las_writer):
    """Write a hectare of points with an oddity, return its report."""

    def write(name, *, n=N, z=None, change=None, **dimensions):
        rng = np.random.default_rng(9)
        x, y = square(rng, n)
        height = 100 + rng.normal(0, 0.02, n) if z is None else z(rng, n)
        path = las_writer(tmp_path / f"{name}.las", x, y, height, **dimensions)
        if change is not None:
            las = laspy.read(path)
            change(las)
            las.write(path)
        return path

    return write


def codes(path):
    return {f.code for f in inspect([path]).files[0].faults}


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("mostly_water", {"classification": 9}),
        ("much_noise", {"classification": np.where(np.arange(N) % 5 == 0, 7, 2)}),
        ("much_noise", {"classification": np.where(np.arange(N) % 5 == 0, 18, 2)}),
        ("very_low_density", {"n": 5000}),
        ("no_scan_date", {"gps_time": np.nan}),
        ("no_ground_class", {"classification": 5}),
    ],
)
def test_odd_points_are_told(odd, code, settings):
    assert code in codes(odd("odd", **settings))


def test_a_tile_of_water_only_runs_and_has_no_trees(odd, tmp_path):
    result = execute([odd("water", classification=9)], tmp_path / "out", workers=0)
    assert result.quality["trees"] == 0
    assert sum(zone.totals["hardwood_m3"] for zone in result.zones) == 0


def test_a_tile_without_ground_is_told_and_has_no_volume(odd, tmp_path, las_writer):
    ground = odd("a_ground", classification=2)
    rng = np.random.default_rng(3)
    x, y = square(rng)
    crowns = las_writer(
        tmp_path / "b_crowns.las", x + 400, y, 112 + rng.uniform(0, 4, N), classification=5
    )
    params = RunParams(ground="delivered", tile_m=200)
    result = execute([ground, crowns], tmp_path / "out", params=params, workers=0)
    (note,) = [n for n in result.quality["notes"] if n["code"] == "no_terrain"]
    assert note["fields"]["cells"] >= 16
    far = [z for z in result.zones if z.geometry.bounds[0] >= 58_800]
    assert all(not z.totals["hardwood_m3"] for z in far)


BAD = (58_480.0, 13_400.0, 58_560.0, 13_500.0)  # the second of six tiles of the grove


@pytest.fixture
def one_tile_fails(monkeypatch):
    """Let the computing of one tile fail as a damaged file or too little memory does."""
    compute = tiles.compute

    def sometimes(job):
        if job.tile.core == BAD:
            raise DecodeError("no memory for this tile")
        compute(job)

    monkeypatch.setattr(tiles, "compute", sometimes)


@pytest.mark.usefixtures("one_tile_fails")
def test_a_tile_that_fails_ends_the_run_or_is_left_empty_by_choice(grove, tmp_path):
    files = sorted(grove.glob("*.laz"))
    with pytest.raises(LidarError, match="no memory"):
        execute(files, tmp_path / "out", params=RunParams(tile_m=100), workers=0)
    assert [p.name for p in (tmp_path / "out").iterdir()] == [".work"]
    params = RunParams(tile_m=100, skip_failed_tiles=True)
    result = execute(files, tmp_path / "out", params=params, workers=0)
    name = "58480_13400"
    assert result.quality["failed_tiles"] == {name: "no memory for this tile"}
    (note,) = [n for n in result.quality["notes"] if n["code"] == "tiles_failed"]
    assert name in note["message"]
    squares = result.mesh().geometries
    assert not shapely.intersects(shapely.box(*BAD).buffer(-1), squares).any()
    assert len(squares) == 120 - 20
