import contextlib
import struct

import laspy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lidar.errors import HeaderError
from lidar.io import headers


@pytest.fixture
def small_laz(tmp_path, las_writer):
    x = np.linspace(0, 100, 500)
    return las_writer(tmp_path / "small.laz", 58_000 + x, 13_000 + x, 300 + x / 10)


def codes(path):
    return [f.code for f in headers.check(headers.read(path))]


def patched(path, at, layout, *values):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(struct.pack(layout, *values))
    return path


@pytest.mark.parametrize(
    ("version", "point_format", "suffix"),
    [("1.2", 0, "las"), ("1.2", 3, "laz"), ("1.3", 1, "las"), ("1.4", 6, "laz"), ("1.4", 8, "las")],
)
def test_header_agrees_with_laspy(tmp_path, las_writer, version, point_format, suffix):
    x = np.linspace(0, 50, 321)
    path = las_writer(
        tmp_path / f"a.{suffix}", x, x + 1, x + 2, version=version, point_format=point_format
    )
    mine = headers.read(path)
    with laspy.open(path) as reader:
        theirs = reader.header
    assert mine.point_count == theirs.point_count == 321
    assert mine.point_format == theirs.point_format.id
    assert mine.compressed == (suffix == "laz")
    assert mine.scale == tuple(theirs.scales)
    assert mine.minimum == tuple(theirs.mins)
    assert mine.maximum == tuple(theirs.maxs)
    assert headers.check(mine) == []


def test_every_real_file_agrees_with_laspy(shared_data):
    for path in sorted((shared_data / "lidar" / "forest").glob("*.laz")):
        mine = headers.read(path)
        with laspy.open(path) as reader:
            assert mine.point_count == reader.header.point_count
            assert mine.maximum == tuple(reader.header.maxs)
        assert headers.check(mine) == []


def test_a_file_that_is_not_las_says_so(tmp_path):
    path = tmp_path / "notes.laz"
    path.write_text("x,y,z\n" * 100)
    with pytest.raises(HeaderError, match=r"notes\.laz: not a LAS or LAZ file"):
        headers.read(path)


def test_a_hostile_count_of_records_is_found_without_reading_them(shared_data):
    path = shared_data / "lidar" / "malformed" / "pdal_garbage_nVariableLength.las"
    with pytest.raises(HeaderError, match="1069128089 variable length records"):
        headers.read(path)


@pytest.mark.parametrize(
    ("at", "layout", "values", "code"),
    [
        (131, "<d", (0.0,), "bad_scale"),
        (139, "<d", (float("nan"),), "bad_scale"),
        (179, "<d", (float("inf"),), "bad_bounds"),
        (179, "<d", (-1e6,), "bad_bounds"),
        (179, "<d", (1e30,), "bounds_too_large"),
        (247, "<Q", (2**40,), "truncated"),
    ],
)
def test_numbers_that_cannot_be(small_laz, at, layout, values, code):
    assert code in codes(patched(small_laz, at, layout, *values))


def test_short_records_are_refused(small_laz):
    assert "bad_record_length" in codes(patched(small_laz, 105, "<H", 7))


def test_no_points_is_said(tmp_path):
    path = tmp_path / "empty.las"
    laspy.LasData(laspy.LasHeader(version="1.2", point_format=0)).write(path)
    assert codes(path) == ["no_points"]


@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
def test_a_file_cut_off_is_found_by_its_chunk_table(small_laz, share):
    whole = small_laz.read_bytes()
    small_laz.write_bytes(whole[: int(len(whole) * share)])
    try:
        assert "truncated" in codes(small_laz)
    except HeaderError as error:
        assert "damaged header" in str(error)  # noqa: PT017


def test_a_las_cut_off_is_found_by_its_count(tmp_path, las_writer):
    x = np.linspace(0, 50, 1000)
    path = las_writer(tmp_path / "a.las", x, x, x)
    path.write_bytes(path.read_bytes()[:-2000])
    assert codes(path) == ["truncated"]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(4, 374), byte=st.integers(0, 255))
def test_a_mutated_byte_never_crashes_the_check(small_laz, at, byte):
    data = bytearray(small_laz.read_bytes())
    data[at] = byte
    mutated = small_laz.with_name("mutated.laz")
    mutated.write_bytes(bytes(data))
    with contextlib.suppress(HeaderError):
        headers.check(headers.read(mutated))
