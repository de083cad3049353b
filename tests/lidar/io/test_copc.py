"""COPC files, read back with another library's reader."""

import laspy
import numpy as np
import pytest
from laspy.copc import Bounds, CopcReader

from lidar.core import octree
from lidar.errors import CopcError
from lidar.io import copc, las


@pytest.fixture(scope="module")
def written(shared_data, tmp_path_factory):
    source = las.open_checked(shared_data / "lidar" / "forest" / "bcts_1.laz")
    path = tmp_path_factory.mktemp("copc") / "view.copc.laz"
    count = copc.write([source], path)
    return source, path, count


def test_every_point_is_there_once(written):
    source, path, count = written
    original, copied = laspy.read(source.path), laspy.read(path)
    assert count == len(original.points) == len(copied.points)
    for axis in "xyz":
        np.testing.assert_allclose(np.sort(original[axis]), np.sort(copied[axis]), atol=0.0006)
    for name in ("intensity", "classification", "return_number", "point_source_id"):
        np.testing.assert_array_equal(np.sort(original[name]), np.sort(copied[name]))
    order = [np.lexsort((np.round(c.z, 2), np.round(c.y, 2), np.round(c.x, 2)))
             for c in (original, copied)]  # fmt: skip
    np.testing.assert_array_equal(
        np.asarray(original.intensity)[order[0]].sum(), np.asarray(copied.intensity)[order[1]].sum()
    )


def test_the_header_tells_bounds_counts_and_system(written):
    source, path, count = written
    with CopcReader.open(str(path)) as reader:
        header = reader.header
        assert header.point_count == count
        np.testing.assert_allclose(header.mins, source.header.minimum, atol=0.001)
        np.testing.assert_allclose(header.maxs, source.header.maximum, atol=0.001)
        assert header.number_of_points_by_return.sum() == count
        info = reader.copc_info
        assert info.spacing == pytest.approx(2 * info.halfsize / 128, rel=0.01)
    with laspy.open(path) as whole:  # the system lies after the points
        assert whole.header.parse_crs().to_epsg() == source.source.crs.to_epsg()


def test_a_window_gives_the_points_inside_it_alone(written):
    source, path, _ = written
    original = laspy.read(source.path)
    left, bottom = np.array(source.header.minimum[:2]) + 40
    inside = (original.x >= left) & (original.x <= left + 30)
    inside &= (original.y >= bottom) & (original.y <= bottom + 50)
    with CopcReader.open(str(path)) as reader:
        bounds = Bounds(np.array([left, bottom]), np.array([left + 30, bottom + 50]))
        found = reader.query(bounds=bounds)
    assert abs(len(found) - inside.sum()) <= 5  # on the line, by the last digit


def test_levels_show_the_whole_ever_denser(written):
    source, path, count = written
    with CopcReader.open(str(path)) as reader:
        seen = [len(reader.query(level=range(depth + 1))) for depth in range(6)]
        root = reader.query(level=0)
    assert seen == sorted(seen)
    assert 1000 < seen[0] < 128 * 128 * 4
    assert seen[-1] == count
    low, high = source.header.minimum, source.header.maximum
    assert root.x.max() - root.x.min() > 0.95 * (high[0] - low[0])
    assert root.y.max() - root.y.min() > 0.95 * (high[1] - low[1])


def test_our_own_reader_reads_a_part(written):
    source, path, _ = written
    left, bottom, _, _ = source.bounds_m()
    box = (left + 20, bottom + 20, left + 60, bottom + 60)
    assert len(las.read(path, box)) == pytest.approx(len(las.read(source.path, box)), abs=5)


def test_no_points_and_too_many_are_told(written, tmp_path, monkeypatch):
    source, _, _ = written
    with pytest.raises(CopcError, match="no points"):
        copc.write([source], tmp_path / "a.copc.laz", (0, 0, 1, 1))
    monkeypatch.setattr(copc, "MOST_POINTS", 1000)
    with pytest.raises(CopcError, match="bounds"):
        copc.write([source], tmp_path / "b.copc.laz")
    assert not list(tmp_path.iterdir())


def test_a_node_keeps_one_point_in_each_cell_and_few_points_all():
    rng = np.random.default_rng(1)
    xyz = rng.integers(0, 1 << 16, (3, 60_000))
    tree = octree.build(*xyz, 1 << 16)
    assert sorted(tree.order.tolist()) == list(range(60_000))
    for number, (level, *place) in enumerate(tree.keys.tolist()):
        chosen = tree.order[tree.first[number] : tree.first[number + 1]]
        edge = (1 << 16) >> level
        inside = xyz[:, chosen] // edge
        assert (inside == np.array(place)[:, None]).all()
        if len(chosen) > octree.FEWEST_TO_DIVIDE:
            cells = xyz[:, chosen] // max(edge // 128, 1)
            assert len(np.unique(cells, axis=1).T) == len(chosen)
