"""Tree tops and crowns on a canopy height model.

Defaults were chosen on the crowns drawn in two NEON forests (IDTReeS 2020: oak and
maple, longleaf pine), where F1 at an overlap of 0.4 is flat around them. Joining tops
over high saddles gained nothing there beyond the window, so it is left out.

Both depend on cells within a stated distance only, and ties are broken by
position, so a tree comes out the same whatever tile it is found in: a top
belongs to the tile that holds its apex cell, and its crown goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lidar.core.blur import blurred
from lidar.core.grid import Grid
from lidar.core.kernel import floor_div, kernel
from lidar.core.sampling import Raster, require_shape

Cells = NDArray[np.int32]
NO_TREE = -1


@dataclass(frozen=True, slots=True)
class TreeParams:
    """Settings of the tree finder, lengths in metres.

    Parameters
    ----------
    smoothing_m : float
        Standard deviation of the Gaussian that removes branches.
    window_m, window_per_m : float
        A top is highest within the radius window_m + window_per_m x its height
        (Popescu and Wynne 2004).
    max_window_m : float
        Greatest such radius.
    min_height_m : float
        Lowest tree.
    crown_radius_m, crown_radius_per_m : float
        No cell further than crown_radius_m + crown_radius_per_m x the height of the top
        from the apex belongs to the crown: taller trees have wider crowns.
    max_crown_radius_m : float
        Greatest such distance.
    crown_share : float
        Cells of a crown reach this share of the height of the top
        (Dalponte and Coomes 2016).
    min_crown_m2 : float
        A top whose crown is smaller is a branch or a shoot between crowns, no tree.
    """

    smoothing_m: float = 0.4
    window_m: float = 1.25
    window_per_m: float = 0.02
    max_window_m: float = 4.0
    min_height_m: float = 3.0
    crown_radius_m: float = 1.5
    crown_radius_per_m: float = 0.15
    max_crown_radius_m: float = 6.0
    crown_share: float = 0.6
    min_crown_m2: float = 3.0

    @property
    def buffer_m(self) -> float:
        """How far beyond a tile heights must be known for the tile's trees to be final."""
        return 2.0 * self.max_crown_radius_m + self.max_window_m + 4.0 * self.smoothing_m + 1.0


@dataclass(frozen=True, slots=True)
class TreeTops:
    """Tops in order of their cells, row by row from the north.

    Parameters
    ----------
    x_m, y_m : float64 arrays, shape (n,)
        Centre of the apex cell.
    height_m : float32 array, shape (n,)
        Greatest height of the unsmoothed model within one cell of the apex.
    cell : int32 array, shape (n,)
        Apex cell, row * cols + col of the grid they were found on.
    """

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    height_m: NDArray[np.float32]
    cell: Cells

    def __len__(self) -> int:
        return len(self.cell)

    def subset(self, keep: NDArray[np.bool_]) -> TreeTops:
        """Return some of the tops."""
        return TreeTops(self.x_m[keep], self.y_m[keep], self.height_m[keep], self.cell[keep])


def find(chm_m: Raster, grid: Grid, params: TreeParams | None = None) -> tuple[TreeTops, Cells]:
    """Return the tops, and the tree that each cell belongs to.

    A top is a cell highest within a window that grows with height; of equally high
    cells the northern, then the western one counts as higher. Each cell climbs to its
    highest neighbour until it stands on a top; from a maximum that is no top it goes on
    to the cell that outdoes it in its window (a watershed by mode seeking, as Vedaldi
    and Soatto 2008). A cell belongs to the top it reaches, unless it lies beyond the
    top's crown radius or is lower than the crown's share of the top. Tops with crowns
    too small for a tree are left out.

    Parameters
    ----------
    chm_m : float32 array, shape (rows, cols)
        Canopy heights with pits filled, nan where unknown.
    grid : Grid
        Usually 0.5 m cells.
    params : TreeParams, optional

    Returns
    -------
    TreeTops
    int32 array, shape (rows, cols)
        Index into the tops, -1 where there is no tree.

    Raises
    ------
    GridMismatchError
        If raster and grid differ in shape.
    """
    params = params or TreeParams()
    require_shape(chm_m, grid)
    uphill = _uphill(
        blurred(chm_m, grid.cell_m, params.smoothing_m),
        params.min_height_m,
        params.window_m / grid.cell_m,
        params.window_per_m / grid.cell_m,
        params.max_window_m / grid.cell_m,
    )
    every = _tops(chm_m, grid, uphill)
    crown = _crowns(grid, every, chm_m, uphill, params)
    kept = crown_areas(crown, len(every), grid.cell_m) >= params.min_crown_m2
    number = np.where(kept, np.cumsum(kept) - 1, NO_TREE).astype(np.int32)
    # The appended entry answers for NO_TREE, which as an index is the last.
    return every.subset(kept), np.append(number, np.int32(NO_TREE))[crown]


def crown_areas(crown: Cells, n_trees: int, cell_m: float) -> NDArray[np.float32]:
    """Return the area of each tree's crown in square metres, shape (n_trees,)."""
    cells = np.bincount(crown[crown != NO_TREE], minlength=n_trees)
    return (cells * cell_m**2).astype(np.float32)


def _tops(chm_m: Raster, grid: Grid, uphill: Cells) -> TreeTops:
    cell = np.flatnonzero(uphill == np.arange(uphill.size))
    rows, cols = np.divmod(cell, grid.cols)
    highest = ndimage.maximum_filter(np.nan_to_num(chm_m), size=3, mode="constant")
    return TreeTops(
        grid.x_centres()[cols],
        grid.y_centres()[rows],
        highest[rows, cols],
        cell.astype(np.int32),
    )


def _crowns(
    grid: Grid, tree_tops: TreeTops, chm_m: Raster, uphill: Cells, params: TreeParams
) -> Cells:
    tree_of_top = np.full(grid.size, NO_TREE, np.int32)
    tree_of_top[tree_tops.cell] = np.arange(len(tree_tops), dtype=np.int32)
    return _climb(
        uphill.reshape(grid.shape),
        chm_m,
        tree_of_top,
        (
            params.crown_radius_m / grid.cell_m,
            params.crown_radius_per_m / grid.cell_m,
            params.max_crown_radius_m / grid.cell_m,
        ),
        params.crown_share,
    )


@kernel
def _uphill(
    height: Raster, min_height: float, window: float, window_per_m: float, max_window: float
) -> Cells:
    """Next cell on the way up, itself for a top, -1 where nothing grows."""
    rows, cols = height.shape
    out = np.full(rows * cols, -1, np.int32)
    for r in range(rows):
        for c in range(cols):
            h = height[r, c]
            if not h >= 0.0:
                continue
            best = _highest_beside(height, r, c)
            if best == r * cols + c:
                radius = min(window + window_per_m * h, max_window)
                best = _highest_within(height, r, c, max(radius, 1.5))
                if best == r * cols + c and h < min_height:
                    continue
            out[r * cols + c] = best
    return out


@kernel
def _highest_beside(height: Raster, r: int, c: int) -> int:
    """Highest of a cell and its eight neighbours; of equals the first from north and west."""
    rows, cols = height.shape
    highest, best = height[r, c], r * cols + c
    for i in range(max(r - 1, 0), min(r + 2, rows)):
        for j in range(max(c - 1, 0), min(c + 2, cols)):
            h = height[i, j]
            if h > highest or (h == highest and i * cols + j < best):
                highest, best = h, i * cols + j
    return int(best)


@kernel
def _highest_within(height: Raster, r: int, c: int, radius: float) -> int:
    """Highest cell of a disc; of equals the first from north and west."""
    rows, cols = height.shape
    reach = int(radius)
    highest, best = height[r, c], r * cols + c
    for i in range(max(r - reach, 0), min(r + reach + 1, rows)):
        for j in range(max(c - reach, 0), min(c + reach + 1, cols)):
            if (i - r) ** 2 + (j - c) ** 2 > radius * radius:
                continue
            if height[i, j] > highest or (height[i, j] == highest and i * cols + j < best):
                highest, best = height[i, j], i * cols + j
    return int(best)


@kernel
def _climb(
    uphill: Cells,
    height: Raster,
    tree_of_top: Cells,
    radius: tuple[float, float, float],
    share: float,
) -> Cells:
    """Tree that each cell climbs to; radius is (constant, per metre of height, greatest)."""
    rows, cols = uphill.shape
    constant, per_m, greatest = radius
    end = _ends(uphill.ravel())
    out = np.full((rows, cols), NO_TREE, np.int32)
    for r in range(rows):
        for c in range(cols):
            top = end[r * cols + c]
            if top < 0:
                continue
            i = floor_div(top, 1.0 / cols)
            j = top - i * cols
            reach = min(constant + per_m * height[i, j], greatest)
            away = (i - r) ** 2 + (j - c) ** 2
            if away <= reach * reach and height[r, c] >= share * height[i, j]:
                out[r, c] = tree_of_top[top]
    return out


@kernel
def _ends(uphill: Cells) -> Cells:
    """Top at the end of each cell's way up, -1 where it leads to none; each step taken once."""
    unknown = -2
    end = np.full(uphill.size, unknown, np.int32)
    for k in range(uphill.size):
        at = k
        while end[at] == unknown and uphill[at] >= 0 and uphill[at] != at:
            at = uphill[at]
        found = end[at]
        if found == unknown:
            found = uphill[at]
        at = k
        while at >= 0 and end[at] == unknown:
            end[at] = found
            at = uphill[at]
    return end
