import laspy
import numpy as np
import pytest
from pyproj import CRS

from lidar.core.points import Points
from lidar.errors import DecodeError, HeaderError
from lidar.io import las


@pytest.mark.parametrize("name", ["forest/fm_class.laz", "formats/laspy_fullwave.laz"])
def test_points_are_those_laspy_reads(shared_data, name):
    path = shared_data / "lidar" / name
    mine, theirs = las.read(path), laspy.read(path)
    assert len(mine) == len(theirs.x)
    for axis in "xyz":
        ours = getattr(mine, f"{axis}_m")()
        np.testing.assert_allclose(ours, np.asarray(theirs[axis]), atol=0.00051, rtol=0)
    np.testing.assert_array_equal(mine.classification, theirs.classification)
    np.testing.assert_array_equal(mine.return_number, theirs.return_number)
    np.testing.assert_array_equal(mine.intensity, theirs.intensity)


WAVEFORMS = (4, 5, 9, 10)  # laspy writes these uncompressed only


@pytest.mark.parametrize(
    ("version", "point_format", "suffix"),
    [
        ("1.4" if f > 5 else "1.3", f, suffix)
        for f in range(11)
        for suffix in ("las", "laz")
        if suffix == "las" or f not in WAVEFORMS
    ],
)
def test_every_point_format(tmp_path, las_writer, version, point_format, suffix):
    rng = np.random.default_rng(1)
    x, y, z = rng.uniform(0, 100, (3, 200)).round(2)
    path = las_writer(
        tmp_path / f"a.{suffix}",
        x + 58_000,
        y,
        z,
        version=version,
        point_format=point_format,
        classification=rng.integers(1, 8, 200).astype(np.uint8),
        return_number=2,
        number_of_returns=3,
        point_source_id=9,
    )
    points = las.read(path)
    np.testing.assert_array_equal(points.x_mm, np.round(x * 1000))
    np.testing.assert_array_equal(points.classification, laspy.read(path).classification)
    assert set(points.return_number) == {2}
    assert set(points.return_count) == {3}
    assert set(points.line_id) == {9}
    assert (points.gps_time is None) == (point_format in (0, 2))


def test_withheld_points_are_left_out(tmp_path, las_writer):
    x = np.arange(10.0)
    path = las_writer(tmp_path / "a.las", x, x, x, withheld=(x % 2 == 0).astype(np.uint8))
    assert las.read(path).x_m().tolist() == [1, 3, 5, 7, 9]


def test_return_number_zero_counts_as_first(shared_data):
    path = shared_data / "lidar" / "malformed" / "pdal_bad-geotiff-keys.las"
    points = las.read(path, crs=CRS(32617))
    assert set(points.return_number) == {1}
    assert (points.return_count >= points.return_number).all()


def test_feet_become_metres(shared_data):
    path = shared_data / "lidar" / "formats" / "pdal_test1_4.las"
    points, feet = las.read(path), laspy.read(path)
    foot = 1200 / 3937
    np.testing.assert_allclose(points.x_m(), np.asarray(feet.x) * foot, atol=0.00051, rtol=0)
    np.testing.assert_allclose(points.z_m(), np.asarray(feet.z) * foot, atol=0.00051, rtol=0)


def test_a_point_gets_the_same_millimetres_however_it_is_read(shared_data):
    path = shared_data / "lidar" / "forest" / "bcts_1.laz"
    file = las.open_checked(path)
    left, bottom, right, top = file.bounds_m()
    middle = round((bottom + top) / 2)
    origin = las.origin_of([file])
    parts = [
        las.read(path, (left, middle, right + 1, top), origin_m=origin),
        las.read(path, (left, bottom - 1, right + 1, middle), origin_m=origin),
    ]
    chunked = Points.concatenate(list(las.stream(file, origin, chunk=70_001)))
    whole = las.read(path, origin_m=origin)
    assert sum(map(len, parts)) == len(whole) == len(chunked) == 531_662
    np.testing.assert_array_equal(chunked.x_mm, whole.x_mm)
    together = Points.concatenate(parts)
    for name in ("x_mm", "y_mm", "z_mm"):
        assert sorted(getattr(together, name)) == sorted(getattr(whole, name))


def test_a_window_of_a_copc_is_that_of_the_whole(shared_data):
    path = shared_data / "lidar" / "copc" / "simple.copc.laz"
    whole = las.read(path)
    box = (636_000.0, 849_500.0, 637_500.0, 852_000.0)
    inside = whole.take(las.inside(whole, box))
    part = las.read(path, box)
    assert 0 < len(part) == len(inside) < len(whole)
    assert sorted(part.x_mm) == sorted(inside.x_mm)


def test_an_old_file_that_lazrs_cannot_read_is_read_by_laszip(shared_data):
    path = shared_data / "lidar" / "malformed" / "pdal_simple-laszip-compressor-version-1.2r0.laz"
    points = las.read(path, crs=CRS(2991))
    assert len(points) == 1065
    assert points.x_m().min() == pytest.approx(635_619.85)


def test_a_damaged_header_is_never_handed_to_a_library(shared_data):
    with pytest.raises(HeaderError):
        las.read(shared_data / "lidar" / "malformed" / "pdal_garbage_nVariableLength.las")


def test_damage_inside_is_told_with_its_place(tmp_path, shared_data):
    data = bytearray((shared_data / "lidar" / "forest" / "bcts_4.laz").read_bytes())
    half = len(data) // 2
    data[half : half + 4000] = bytes(4000)
    path = tmp_path / "damaged.laz"
    path.write_bytes(bytes(data))
    try:
        count = len(las.read(path))
    except DecodeError as error:
        assert error.fields["file"] == "damaged.laz"  # noqa: PT017
        assert 0 <= error.fields["point"] < 591_489  # noqa: PT017
    else:
        assert count <= 591_489
