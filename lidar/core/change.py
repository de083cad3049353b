"""What changed between two scans of a forest: canopy that is gone, canopy that grew.

Canopy heights of two surveys differ by more than growth: pulse density, season, scan angle
and a shift of some decimetres all move single cells. So a loss needs a deep drop over an
area wider than a crown's edge, and growth is told as a mean over 20 m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lidar.core.sampling import Raster


@dataclass(frozen=True, slots=True)
class ChangeParams:
    """What counts as a loss of canopy, lengths in metres.

    Parameters
    ----------
    canopy_m : float
        Height before, from which a cell is canopy.
    drop_m, drop_share : float
        How much lower it must be after: both in metres and as a share of the height.
    shift_m : float
        As far as this a crown may seem to have moved without being lost.
    opening_m : float
        A loss narrower than twice this is a shift of the edge of a crown, not a loss.
    closing_m : float
        Losses closer than twice this are one.
    least_m2 : float
        Smallest loss that is reported.
    felling_m2 : float
        From here on a loss is called a felling, else a gap.
    """

    canopy_m: float = 5.0
    drop_m: float = 4.0
    drop_share: float = 0.4
    shift_m: float = 1.5
    opening_m: float = 1.5
    closing_m: float = 2.0
    least_m2: float = 100.0
    felling_m2: float = 1000.0

    @property
    def reach_m(self) -> float:
        """How far from a cell heights bear on whether it is a loss."""
        return 2 * (self.shift_m + self.opening_m + self.closing_m) + 1.0


def canopy_loss(
    before_m: Raster, after_m: Raster, cell_m: float, params: ChangeParams
) -> NDArray[np.bool_]:
    """Tell which cells lost their canopy.

    Parameters
    ----------
    before_m, after_m : float32 arrays, shape (rows, cols)
        Canopy heights of two scans on one grid, nan where unknown.
    cell_m : float
        Edge of a cell, usually 1.
    params : ChangeParams

    Returns
    -------
    bool array, shape (rows, cols)
        Small areas included: `ChangeParams.least_m2` is for areas, not cells.
    """
    near = _disc(params.shift_m / cell_m)
    highest = ndimage.maximum_filter(np.nan_to_num(after_m, nan=0.0), footprint=near)
    dropped = _dropped(before_m, after_m, params)
    # where even the highest neighbour is low, and around that what dropped by itself
    lost = ndimage.binary_dilation(_dropped(before_m, highest, params) & dropped, near) & dropped
    # a crown seen as single cells with gaps between must count as one area
    joined = ndimage.binary_closing(lost, _disc(params.closing_m / cell_m))
    return np.asarray(ndimage.binary_opening(joined, _disc(params.opening_m / cell_m)))


def height_growth(
    before_m: Raster, after_m: Raster, lost: NDArray[np.bool_], canopy_m: float, times: int
) -> Raster:
    """Return the mean growth of the canopy that stayed, in squares of cells.

    Parameters
    ----------
    before_m, after_m : float32 arrays, shape (rows, cols)
        Multiples of `times`.
    lost : bool array
        See `canopy_loss`.
    canopy_m : float
        Height before, from which a cell is canopy.
    times : int
        Edge of a square in cells.

    Returns
    -------
    float32 array, shape (rows / times, cols / times)
        Metres; nan where less than a quarter of the square is canopy that stayed.
    """
    with np.errstate(invalid="ignore"):
        stayed = (before_m >= canopy_m) & (after_m >= canopy_m / 2) & ~lost
    rows, cols = (n // times for n in before_m.shape)

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(values.reshape(rows, times, cols, times).sum(axis=(1, 3)))

    cells = summed(stayed.astype(np.float64))
    growth = summed(np.where(stayed, np.nan_to_num(after_m - before_m), 0.0).astype(np.float64))
    enough = cells >= times * times / 4
    out = np.full((rows, cols), np.nan, np.float32)
    np.divide(growth, cells, out=out, where=enough, casting="unsafe")
    return out


def _dropped(before_m: Raster, after_m: Raster, params: ChangeParams) -> NDArray[np.bool_]:
    drop = before_m - after_m
    with np.errstate(invalid="ignore"):
        canopy = before_m >= params.canopy_m
        return canopy & (drop >= params.drop_m) & (drop >= params.drop_share * before_m)


def _disc(radius: float) -> NDArray[np.bool_]:
    reach = int(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(x * x + y * y <= radius * radius)
