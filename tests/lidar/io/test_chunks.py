"""Windows read through an index of chunks: the same points, from fewer of them."""

import os
import shutil

import laspy
import numpy as np
import pytest

from lidar.io import chunks, las

SORTED = "fm_class"  # its chunks are strips from west to east, each 46 m wide


@pytest.fixture
def copy(shared_data, tmp_path):
    def make(name):
        source = shared_data / "lidar" / "forest" / f"{name}.laz"
        return shutil.copyfile(source, tmp_path / source.name)

    return make


def strips(path, width_m=30):
    """Return the four strips along the sides of a file."""
    left, bottom, right, top = las.open_checked(path).bounds_m()
    return [
        (left, bottom, left + width_m, top + 1),
        (right - width_m, bottom, right + 1, top + 1),
        (left, bottom - 1, right + 1, bottom + width_m),
        (left, top - width_m, right + 1, top + 1),
    ]


def index_of(path):
    return path.with_name(path.name + chunks.SUFFIX)


def expected_in(path, box):
    """Return the points of a window by laspy alone, as sorted x."""
    source = laspy.read(path)
    x, y = np.asarray(source.x), np.asarray(source.y)
    left, bottom, right, top = box
    return np.sort(x[(x >= left) & (x < right) & (y > bottom) & (y <= top)])


@pytest.mark.parametrize("name", [SORTED, "bcts_2", "Topography"])
def test_a_window_is_the_same_with_and_without_an_index(copy, name):
    path = copy(name)
    for box in strips(path):
        index_of(path).unlink(missing_ok=True)
        without = las.read(path, box, keep_index=True)
        assert index_of(path).exists()
        with_index = las.read(path, box)
        np.testing.assert_array_equal(with_index.x_mm, without.x_mm)
        np.testing.assert_array_equal(with_index.z_mm, without.z_mm)
        np.testing.assert_allclose(np.sort(with_index.x_m()), expected_in(path, box), atol=0.0006)


def test_only_the_chunks_that_reach_into_a_window_are_decoded(copy, monkeypatch):
    path = copy(SORTED)
    west = strips(path)[0]
    las.read(path, west, keep_index=True)
    decoded = []
    records_of = las.decode
    monkeypatch.setattr(
        las,
        "decode",
        lambda header, spans, chunk: decoded.extend(spans) or records_of(header, spans, chunk),
    )
    assert len(las.read(path, west)) == len(expected_in(path, west))
    assert decoded == [(0, 50_000)]


def test_a_window_beside_the_file_decodes_nothing_it_need_not(copy):
    path = copy(SORTED)
    left, bottom, right, top = las.open_checked(path).bounds_m()
    las.read(path, (left, bottom, right, top), keep_index=True)
    assert len(las.read(path, (right + 100, bottom, right + 200, top))) == 0


def test_without_being_asked_nothing_is_written(copy):
    path = copy(SORTED)
    las.read(path, strips(path)[0])
    las.read(path)
    assert list(path.parent.iterdir()) == [path]


def test_an_index_of_a_changed_file_is_left_aside_and_made_anew(copy, shared_data):
    path = copy(SORTED)
    box = strips(path)[0]
    las.read(path, box, keep_index=True)
    shutil.copyfile(shared_data / "lidar" / "forest" / "bcts_1.laz", path)
    box = strips(path)[1]
    assert chunks.load(las.open_checked(path).header) is None
    found = las.read(path, box, keep_index=True)
    assert len(found) == len(expected_in(path, box)) > 0
    assert chunks.load(las.open_checked(path).header) is not None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive"])
def test_a_damaged_index_is_no_harm(copy, content):
    path = copy(SORTED)
    index_of(path).write_bytes(content)
    box = strips(path)[2]
    assert len(las.read(path, box)) == len(expected_in(path, box))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_no_harm(copy):
    path = copy(SORTED)
    path.parent.chmod(0o555)
    try:
        assert len(las.read(path, strips(path)[0], keep_index=True))
    finally:
        path.parent.chmod(0o755)


def test_files_without_compression_have_an_index_too(tmp_path, las_writer):
    x = np.linspace(0, 1000, 120_000)
    path = las_writer(tmp_path / "plain.las", x, x * 0 + 5, x * 0)
    first = las.read(path, (0, 0, 10, 10), keep_index=True)
    header = las.open_checked(path).header
    assert chunks.load(header).spans(header, (0, 0, 10, 10)) == [(0, 50_000)]
    np.testing.assert_array_equal(las.read(path, (0, 0, 10, 10)).x_mm, first.x_mm)
