"""North-up raster grids on whole millimetres of a projected coordinate system."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from lidar.errors import GridMismatchError

MM_PER_M = 1000


class GridMm(NamedTuple):
    """A grid in whole millimetres from some origin, as the kernels take it."""

    left: int
    top: int
    cell: int
    rows: int
    cols: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells, row 0 in the north, column 0 in the west.

    A cell owns its west and north edges: a point on the line between two cells
    belongs to the eastern or the southern one, in every raster of the engine.

    Parameters
    ----------
    left, top : float
        Coordinates in metres of the north-west corner, whole millimetres.
    cell_m : float
        Edge of a cell in metres, whole millimetres.
    rows, cols : int
        Number of cells, 1 or more.
    crs : pyproj.CRS
        Projected, metres.

    Raises
    ------
    GridMismatchError
        If there are no cells, or the corner or cell is not whole millimetres.
    """

    left: float
    top: float
    cell_m: float
    rows: int
    cols: int
    crs: CRS

    def __post_init__(self) -> None:
        if self.rows < 1 or self.cols < 1:
            raise GridMismatchError(
                f"grid of {self.rows} x {self.cols} cells: needs at least one row and column",
                rows=self.rows,
                cols=self.cols,
            )
        if not self.cell_m > 0 or not all(
            _is_whole_mm(v) for v in (self.left, self.top, self.cell_m)
        ):
            raise GridMismatchError(
                f"grid at ({self.left}, {self.top}) with cells of {self.cell_m} m: "
                "corner and cell must be whole millimetres",
                left=self.left,
                top=self.top,
                cell_m=self.cell_m,
            )

    @classmethod
    def covering(cls, bounds: tuple[float, float, float, float], cell_m: float, crs: CRS) -> Grid:
        """Return the smallest grid over bounds whose lines are multiples of the cell.

        Multiples are counted from the origin of the coordinate system, so grids
        of one cell size always fit each other, and 20 m cells in a zone of the
        plane rectangular system are those of the national 20 m mesh.

        Parameters
        ----------
        bounds : (left, bottom, right, top) in metres, half-open as in `Points.box`
        cell_m : float
            Edge of a cell in metres.
        crs : pyproj.CRS
            Projected, metres.

        Examples
        --------
        >>> Grid.covering((1.0, 1.0, 39.0, 21.0), 20.0, CRS(6680)).bounds
        (0.0, 0.0, 40.0, 40.0)
        """
        cell = max(1, round(cell_m * MM_PER_M))
        left, bottom, right, top = (round(v * MM_PER_M) for v in bounds)
        first_col, first_row = left // cell, -(top // -cell)
        return cls(
            first_col * cell / MM_PER_M,
            first_row * cell / MM_PER_M,
            cell_m,
            max(1, first_row - bottom // cell),
            max(1, -(right // -cell) - first_col),
            crs,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.cols

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.rows * self.cols

    @property
    def transform(self) -> Affine:
        """Affine map from (column, row) to (x, y) in metres."""
        return Affine(self.cell_m, 0.0, self.left, 0.0, -self.cell_m, self.top)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, bottom, right, top in metres."""
        return (
            self.left,
            (round(self.top * MM_PER_M) - self.rows * self.cell_mm) / MM_PER_M,
            (round(self.left * MM_PER_M) + self.cols * self.cell_mm) / MM_PER_M,
            self.top,
        )

    @property
    def cell_mm(self) -> int:
        """Edge of a cell in millimetres."""
        return round(self.cell_m * MM_PER_M)

    @property
    def first_cell(self) -> tuple[int, int]:
        """Row and column of the north-west cell, counted from the coordinate origin."""
        return -round(self.top * MM_PER_M) // self.cell_mm, (
            round(self.left * MM_PER_M) // self.cell_mm
        )

    def in_mm(self, origin_m: tuple[int, int, int]) -> GridMm:
        """Return the grid in millimetres from the origin of a `Points`."""
        left = round(self.left * MM_PER_M) - origin_m[0] * MM_PER_M
        top = round(self.top * MM_PER_M) - origin_m[1] * MM_PER_M
        return GridMm(left, top, self.cell_mm, self.rows, self.cols)

    def x_centres(self) -> NDArray[np.float64]:
        """Return the x in metres of the cell centres, shape (cols,)."""
        first = round(self.left * MM_PER_M) * 2 + self.cell_mm
        return (first + 2 * self.cell_mm * np.arange(self.cols)) / (2.0 * MM_PER_M)

    def y_centres(self) -> NDArray[np.float64]:
        """Return the y in metres of the cell centres, shape (rows,), falling."""
        first = round(self.top * MM_PER_M) * 2 - self.cell_mm
        return (first - 2 * self.cell_mm * np.arange(self.rows)) / (2.0 * MM_PER_M)

    def window_of(self, other: Grid) -> tuple[slice, slice]:
        """Return the rows and columns of this grid that another one covers.

        Parameters
        ----------
        other : Grid
            Same cells and coordinate system, wholly inside this grid.

        Returns
        -------
        (slice, slice)
            So that ``raster[grid.window_of(part)]`` has the shape of ``part``.

        Raises
        ------
        GridMismatchError
            If the cells of the two do not coincide, or `other` sticks out.
        """
        row, col = self._offset_of(other)
        if row < 0 or col < 0 or row + other.rows > self.rows or col + other.cols > self.cols:
            raise GridMismatchError(
                f"grid {other.bounds} is not inside {self.bounds}",
                inner=other.bounds,
                outer=self.bounds,
            )
        return slice(row, row + other.rows), slice(col, col + other.cols)

    def intersection(self, other: Grid) -> Grid | None:
        """Return the cells common to two fitting grids, None when there are none."""
        row, col = self._offset_of(other)
        top, left = max(row, 0), max(col, 0)
        rows = min(row + other.rows, self.rows) - top
        cols = min(col + other.cols, self.cols) - left
        if rows < 1 or cols < 1:
            return None
        return self._moved(top, left, rows, cols)

    def buffered(self, cells: int) -> Grid:
        """Return the grid with so many more cells on each side."""
        return self._moved(-cells, -cells, self.rows + 2 * cells, self.cols + 2 * cells)

    def _moved(self, row: int, col: int, rows: int, cols: int) -> Grid:
        left = (round(self.left * MM_PER_M) + col * self.cell_mm) / MM_PER_M
        top = (round(self.top * MM_PER_M) - row * self.cell_mm) / MM_PER_M
        return Grid(left, top, self.cell_m, rows, cols, self.crs)

    def _offset_of(self, other: Grid) -> tuple[int, int]:
        right = round(other.left * MM_PER_M) - round(self.left * MM_PER_M)
        down = round(self.top * MM_PER_M) - round(other.top * MM_PER_M)
        cell = self.cell_mm
        if other.cell_mm != cell or right % cell or down % cell or other.crs != self.crs:
            raise GridMismatchError(
                f"grids do not fit: cells of {self.cell_m} m from ({self.left}, {self.top}) and "
                f"of {other.cell_m} m from ({other.left}, {other.top})",
                cell_m=self.cell_m,
                other_cell_m=other.cell_m,
            )
        return down // cell, right // cell


def _is_whole_mm(value_m: float) -> bool:
    return math.isfinite(value_m) and abs(value_m * MM_PER_M - round(value_m * MM_PER_M)) < 1e-3
