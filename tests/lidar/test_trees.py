"""Trees on made canopies, over tile edges, and against crowns drawn in the field."""

import numpy as np
import pytest
from pyproj import CRS
from scipy import ndimage

from bench.reference import crowns
from lidar.core import trees
from lidar.core.grid import Grid
from lidar.errors import GridMismatchError

ZONE_12 = CRS(6680)
# x, y, height, crown radius in metres
STAND = [(10.25, 10.25, 12.0, 2.5), (20.25, 10.25, 18.0, 3.5), (10.25, 22.25, 25.0, 4.5)]


def canopy_of(stand, grid):
    """Paraboloids that fall to 70 % of their height at the rim of the crown."""
    y, x = np.meshgrid(grid.y_centres(), grid.x_centres(), indexing="ij")
    chm = np.zeros(grid.shape, np.float32)
    for tree_x, tree_y, height, radius in stand:
        share = np.hypot(x - tree_x, y - tree_y) / radius
        chm = np.maximum(chm, np.where(share <= 1, height * (1 - 0.3 * share**2), 0.0))
    return chm.astype(np.float32)


def rough_canopy(rows, cols):
    """Smooth hills of random height with holes: many trees of many sizes."""
    rng = np.random.default_rng(31)
    chm = ndimage.gaussian_filter(rng.normal(0, 1, (rows, cols)), 3)
    chm = (12 + 80 * chm + rng.normal(0, 0.3, chm.shape)).clip(0).round(1).astype(np.float32)
    chm[rng.random(chm.shape) < 0.03] = np.nan
    return chm


def test_trees_are_found_where_they_stand():
    grid = Grid(0.0, 40.0, 0.5, 80, 60, ZONE_12)
    found, _ = trees.find(canopy_of(STAND, grid), grid)
    by_place = sorted(zip(found.x_m, found.y_m, found.height_m.round(3), strict=True))
    assert by_place == sorted((x, y, np.float32(h)) for x, y, h, _ in STAND)


def test_crowns_have_the_area_of_the_trees():
    grid = Grid(0.0, 40.0, 0.5, 80, 60, ZONE_12)
    chm = canopy_of(STAND, grid)
    found, crown = trees.find(chm, grid)
    areas = trees.crown_areas(crown, len(found), grid.cell_m)
    for k, height in enumerate(found.height_m):
        radius = next(r for _, _, h, r in STAND if abs(h - height) < 0.01)
        assert areas[k] == pytest.approx(np.pi * radius**2, rel=0.1)
    assert (crown[chm == 0.0] == trees.NO_TREE).all()


def test_touching_crowns_part_in_the_valley():
    grid = Grid(0.0, 20.0, 0.5, 40, 60, ZONE_12)
    stand = [(10.25, 10.25, 15.0, 4.0), (16.25, 10.25, 15.0, 4.0)]
    found, crown = trees.find(canopy_of(stand, grid), grid)
    west, east = (crown[int(found.cell[k]) // 60, :] == k for k in (0, 1))
    assert grid.x_centres()[west].max() < 13.5
    assert grid.x_centres()[east].min() >= 13.0


def test_no_crown_is_wider_than_allowed():
    grid = Grid(-60.0, 240.0, 0.5, 220, 220, ZONE_12)
    chm = rough_canopy(*grid.shape)
    params = trees.TreeParams(max_crown_radius_m=2.0)
    found, crown = trees.find(chm, grid, params)
    rows, cols = np.nonzero(crown != trees.NO_TREE)
    tree = crown[rows, cols]
    away = np.hypot(
        grid.x_centres()[cols] - found.x_m[tree], grid.y_centres()[rows] - found.y_m[tree]
    )
    assert away.max() == 2.0


def test_taller_trees_may_have_wider_crowns():
    grid = Grid(0.0, 40.0, 0.5, 80, 80, ZONE_12)
    reach = {}
    for height in (10.0, 20.0):
        flat = canopy_of([(20.25, 20.25, height, 18.0)], grid)
        found, crown = trees.find(flat, grid, trees.TreeParams(crown_share=0.1))
        rows, cols = np.nonzero(crown == int(np.argmax(found.height_m)))
        away = np.hypot(grid.x_centres()[cols] - 20.25, grid.y_centres()[rows] - 20.25)
        reach[height] = away.max()
    assert reach == {10.0: 3.0, 20.0: 4.5}


def test_a_shoot_between_crowns_is_no_tree():
    grid = Grid(0.0, 40.0, 0.5, 80, 60, ZONE_12)
    shoot = (15.25, 16.25, 9.0, 0.6)
    chm = canopy_of([*STAND, shoot], grid)
    assert len(trees.find(chm, grid)[0]) == len(STAND)
    every, crown = trees.find(chm, grid, trees.TreeParams(min_crown_m2=0.0))
    assert len(every) == len(STAND) + 1
    assert crown.max() == len(STAND)


def test_of_equal_tops_one_is_taken():
    grid = Grid(0.0, 20.0, 0.5, 40, 40, ZONE_12)
    chm = np.zeros(grid.shape, np.float32)
    chm[18:22, 18:22] = 10.0
    found, _ = trees.find(chm, grid, trees.TreeParams(smoothing_m=0.0))
    assert found.cell.tolist() == [18 * 40 + 18]


def test_low_plants_and_empty_land_bear_no_trees():
    grid = Grid(0.0, 20.0, 0.5, 40, 40, ZONE_12)
    low = canopy_of([(10.25, 10.25, 2.9, 3.0)], grid)
    for chm in (low, np.full(grid.shape, np.nan, np.float32)):
        found, crown = trees.find(chm, grid)
        assert len(found) == 0
        assert (crown == trees.NO_TREE).all()


def test_raster_and_grid_must_fit():
    with pytest.raises(GridMismatchError):
        trees.find(np.zeros((3, 4), np.float32), Grid(0.0, 2.0, 0.5, 4, 3, ZONE_12))


@pytest.mark.parametrize("tile", [60, 110])
def test_tiles_give_the_trees_of_the_whole(tile):
    params = trees.TreeParams(window_per_m=0.05)
    grid = Grid(-60.0, 240.0, 0.5, 220, 220, ZONE_12)
    chm = rough_canopy(*grid.shape)
    whole, whole_crown = trees.find(chm, grid, params)
    margin = int(np.ceil(params.buffer_m / grid.cell_m))
    seen = []
    for row, col in np.ndindex(-(-220 // tile), -(-220 // tile)):
        core = Grid(-60.0 + col * tile / 2, 240.0 - row * tile / 2, 0.5, tile, tile, ZONE_12)
        part = core.buffered(margin).intersection(grid)
        found, crown = trees.find(chm[grid.window_of(part)], part, params)
        inside = core.intersection(grid)
        left, bottom, right, top = inside.bounds
        for k in np.flatnonzero(
            (found.x_m > left) & (found.x_m < right) & (found.y_m > bottom) & (found.y_m < top)
        ):
            r, c = np.nonzero(crown == k)
            x, y = part.x_centres()[c], part.y_centres()[r]
            seen.append(
                (found.y_m[k], found.x_m[k], found.height_m[k], set(zip(x, y, strict=True)))
            )
    seen.sort(key=lambda tree: (-tree[0], tree[1]))
    assert len(whole) > 200
    assert [t[:3] for t in seen] == list(zip(whole.y_m, whole.x_m, whole.height_m, strict=True))
    for k, tree in enumerate(seen):
        r, c = np.nonzero(whole_crown == k)
        x, y = grid.x_centres()[c], grid.y_centres()[r]
        assert tree[3] == set(zip(x, y, strict=True))


@pytest.fixture(scope="module")
def drawn(real_points, shared_data):
    return crowns.plots(shared_data, real_points)


def test_crowns_drawn_in_the_field(drawn):
    """Crowns of the IDTReeS sites, boxes at an overlap (IoU) of 0.4."""
    found = crowns.scores(drawn, crowns.ours)
    assert found["MLBS"].f1 > 0.51  # oak and maple: measured 0.52
    assert found["OSBS"].f1 > 0.41  # longleaf pine: measured 0.43
    assert min(found["MLBS"].recall, found["MLBS"].precision) > 0.5
    assert min(found["OSBS"].recall, found["OSBS"].precision) > 0.38


def test_crowns_beat_fixed_windows_and_watershed(drawn):
    """Even with the fixed window that suits these plots best."""
    plain = crowns.best_baseline(drawn)
    assert crowns.mean_f1(crowns.scores(drawn, crowns.ours)) - crowns.mean_f1(plain) > 0.1


def test_known_overlaps_are_counted():
    drawn = np.array([[0.0, 0.0, 4.0, 4.0], [10.0, 0.0, 14.0, 4.0]])
    found = np.array([[0.0, 0.0, 4.0, 2.0], [1.0, 0.0, 5.0, 4.0], [30.0, 0.0, 34.0, 4.0]])
    assert crowns.overlaps(drawn, found)[0].tolist() == pytest.approx([0.5, 0.6, 0.0])
    assert crowns.matches(drawn, found) == 1


def test_mixed_conifer_tree_count(real_points):
    """The file comes with 206 trees segmented by lidR; lasR counts 297 tops in its small window."""
    assert crowns.count_trees(real_points("forest/MixedConifer.laz")) == 216
