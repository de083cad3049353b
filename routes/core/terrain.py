"""Heights on a grid, as access and planning read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from routes.errors import TerrainError

Raster = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Terrain:
    """A terrain model of square cells, row 0 in the north.

    Attributes
    ----------
    height_m : float32 array, shape (rows, cols)
        nan where unknown: nobody passes there.
    left_m, top_m : float
        North-west corner.
    cell_m : float
    crs : pyproj.CRS
        Projected, metres.

    Raises
    ------
    TerrainError
        If it is no raster, its cells have no size, or no height is known.
    """

    height_m: Raster
    left_m: float
    top_m: float
    cell_m: float
    crs: CRS

    def __post_init__(self) -> None:
        if self.height_m.ndim != 2 or not self.height_m.size or not self.cell_m > 0:
            raise TerrainError(
                f"heights of shape {self.height_m.shape} in cells of {self.cell_m} m are no terrain model",
                shape=self.height_m.shape,
                cell_m=self.cell_m,
            )
        if not np.isfinite(self.height_m).any():
            raise TerrainError(
                "the terrain model holds no height at all; choose one that covers the place"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.height_m.shape
        return rows, cols

    def cells(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return row and column of points, shape (n, 2); may lie outside."""
        col = np.floor((xy[:, 0] - self.left_m) / self.cell_m)
        row = np.floor((self.top_m - xy[:, 1]) / self.cell_m)
        return np.column_stack([row, col]).astype(np.int64)

    def centres(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the middle of cells in metres, shape (n, 2)."""
        return np.column_stack(
            [self.left_m + (col + 0.5) * self.cell_m, self.top_m - (row + 0.5) * self.cell_m]
        )

    def inside(self, cells: NDArray[np.int64]) -> Mask:
        """Tell which rows and columns are on the raster."""
        rows, cols = self.shape
        within: Mask = (cells >= 0).all(axis=1) & (cells[:, 0] < rows) & (cells[:, 1] < cols)
        return within

    def gradient(self) -> tuple[Raster, Raster]:
        """Return the rise per metre to the east and to the south, by central differences."""
        if min(self.shape) < 2:
            return np.zeros_like(self.height_m), np.zeros_like(self.height_m)
        south, east = np.gradient(self.height_m, np.float32(self.cell_m))
        return np.asarray(east, np.float32), np.asarray(south, np.float32)

    def height_at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return heights between cell centres, bilinear; nan outside and beside unknown cells."""
        return self.sample(self.height_m, xy)

    def sample(self, raster: Raster, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of a raster on this grid between cell centres, as `height_at`."""
        col = (xy[:, 0] - self.left_m) / self.cell_m - 0.5
        row = (self.top_m - xy[:, 1]) / self.cell_m - 0.5
        rows, cols = self.shape
        inside = (row >= 0) & (row <= rows - 1) & (col >= 0) & (col <= cols - 1)
        r = np.clip(np.floor(row), 0, max(rows - 2, 0)).astype(np.int64)
        c = np.clip(np.floor(col), 0, max(cols - 2, 0)).astype(np.int64)
        r2, c2 = np.minimum(r + 1, rows - 1), np.minimum(c + 1, cols - 1)
        down, right = row - r, col - c
        corners = (raster[r, c], raster[r, c2], raster[r2, c], raster[r2, c2])
        shares = ((1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right)
        # A corner of no share may be unknown.
        value = sum(
            np.where(share > 0, share * corner, 0.0)
            for share, corner in zip(shares, corners, strict=True)
        )
        return np.where(inside, value, np.nan)
