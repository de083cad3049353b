"""The national 20 m forest mesh and its identifiers (JF20mID).

Rule of オープンデータ標準仕様書 Ver 2.1 参考3: squares of 20 m laid from the origin
of a plane rectangular zone, numbered within the sheets of levels 50000 and 5000.
An identifier is ``ZZRCrcnnnmmm``: zone, row letter A-T and column letter A-H of
the 50000 sheet, row and column digit of the 5000 sheet in it, row and column of
the cell in that. Rows count from north to south, columns from west to east. A
place on an edge belongs to the cell south or east of it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lidar.core.grid import Grid
from lidar.errors import MeshIdError

CELL_M = 20
NORTH_M, WEST_M = 300_000, -160_000
ROWS, COLS = 30_000, 16_000
ROWS_50000, COLS_50000 = 1500, 2000
ROWS_5000, COLS_5000 = 150, 200
ZONES = range(1, 20)
_PATTERN = re.compile(r"(\d{2})([A-T])([A-H])(\d)(\d)(\d{3})(\d{3})", re.ASCII)


class MeshCell(NamedTuple):
    """A cell: zone 1-19, row 0-29999 from the north, column 0-15999 from the west."""

    zone: int
    row: int
    col: int

    @property
    def north_west_m(self) -> tuple[int, int]:
        """Easting and northing of the cell's corner in metres."""
        return WEST_M + self.col * CELL_M, NORTH_M - self.row * CELL_M


def cell_at(zone: int, easting_m: float, northing_m: float) -> MeshCell:
    """Return the cell that holds a place.

    Parameters
    ----------
    zone : int
        Zone of the plane rectangular system, 1 to 19.
    easting_m, northing_m : float
        Metres from the zone's origin (the standard's Y and X).

    Raises
    ------
    MeshIdError
        If the place is outside the mesh of the zone.
    """
    row = int((NORTH_M - northing_m) // CELL_M)
    col = int((easting_m - WEST_M) // CELL_M)
    return _checked(MeshCell(zone, row, col))


def encode(cell: MeshCell) -> str:
    """Return the JF20mID of a cell.

    Raises
    ------
    MeshIdError
        If there is no such cell.

    Examples
    --------
    >>> encode(cell_at(9, 0, 0))
    '09KE00000000'
    """
    zone, row, col = _checked(cell)
    letters = chr(65 + row // ROWS_50000) + chr(65 + col // COLS_50000)
    digits = f"{row % ROWS_50000 // ROWS_5000}{col % COLS_50000 // COLS_5000}"
    return f"{zone:02d}{letters}{digits}{row % ROWS_5000:03d}{col % COLS_5000:03d}"


def file_sheet(jf20mid: str) -> str:
    """Return the sheet that a cell's file covers: a quarter of the 50000 sheet (図郭4分割番号).

    Quarters are 1 north-west, 2 north-east, 3 south-west, 4 south-east, 15 by 20 km each.

    Raises
    ------
    MeshIdError
        If it is no identifier.

    Examples
    --------
    >>> file_sheet("09KE00000000")
    '09KE1'
    """
    cell = decode(jf20mid)
    south = cell.row % ROWS_50000 >= ROWS_50000 // 2
    east = cell.col % COLS_50000 >= COLS_50000 // 2
    return f"{jf20mid[:4]}{1 + 2 * south + east}"


def decode(jf20mid: str) -> MeshCell:
    """Return the cell of a JF20mID.

    Raises
    ------
    MeshIdError
        If it is not an identifier, or counts rows or columns past the sheet's.
    """
    match = _PATTERN.fullmatch(jf20mid)
    if match is None:
        raise MeshIdError(
            f"{jf20mid!r} is no JF20mID: zone 01-19, A-T, A-H, eight digits", jf20mid=jf20mid
        )
    zone, letter_row, letter_col, r, c, row, col = match.groups()
    if int(row) >= ROWS_5000 or int(col) >= COLS_5000:
        raise MeshIdError(
            f"{jf20mid!r} is no JF20mID: rows end at {ROWS_5000 - 1}, columns at {COLS_5000 - 1}",
            jf20mid=jf20mid,
        )
    return _checked(
        MeshCell(
            int(zone),
            (ord(letter_row) - 65) * ROWS_50000 + int(r) * ROWS_5000 + int(row),
            (ord(letter_col) - 65) * COLS_50000 + int(c) * COLS_5000 + int(col),
        )
    )


def ids(grid: Grid, zone: int) -> NDArray[np.str_]:
    """Return the JF20mID of every cell of a 20 m grid, row by row.

    Parameters
    ----------
    grid : Grid
        Cells of 20 m on whole multiples of 20 m of the zone.
    zone : int

    Raises
    ------
    MeshIdError
        If the grid is not on the mesh or leaves it.
    """
    first = cell_at(zone, grid.left, grid.top)
    if grid.cell_m != CELL_M or first.north_west_m != (grid.left, grid.top):
        raise MeshIdError(
            f"grid of {grid.cell_m} m cells at ({grid.left}, {grid.top}) is not on the 20 m mesh",
            left=grid.left,
            top=grid.top,
        )
    return np.array(
        [
            encode(MeshCell(zone, first.row + row, first.col + col))
            for row in range(grid.rows)
            for col in range(grid.cols)
        ]
    )


def _checked(cell: MeshCell) -> MeshCell:
    if cell.zone not in ZONES or not (0 <= cell.row < ROWS and 0 <= cell.col < COLS):
        raise MeshIdError(
            f"no cell in row {cell.row}, column {cell.col} of zone {cell.zone}: zones are 1 to 19, "
            f"rows end at {ROWS - 1}, columns at {COLS - 1}",
            zone=cell.zone,
            row=cell.row,
            col=cell.col,
        )
    return cell
