"""Species polygons (樹種ポリゴン): cells of one species and municipality as areas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.io.vector import Geometries, areas_of, write_layer
from lidar.run.stands import SQUARE_M_OF_HA, Columns, Stands

LAYER = "tree_species"


def write(path: Path, stands: Stands) -> None:
    """Write the areas as GeoPackage."""
    table, areas = columns(stands)
    write_layer(path, areas, table, stands.cells.grid.crs, layer=LAYER)


def columns(stands: Stands) -> tuple[Columns, Geometries]:
    """Return the fields and areas of neighbouring cells of one species and municipality.

    Cells without trees belong to none; heights do not divide an area, as the standard
    rules.
    """
    grid = stands.cells.grid
    kind, first = _kinds(stands)
    number, areas = areas_of(kind.reshape(grid.shape), grid)
    cell = first[number - 1]
    table = {
        **stands.species(cell),
        "樹種ID": np.full(cell.size, None, object),
        "樹種": np.full(cell.size, None, object),
        "面積_ha": np.round(shapely.area(areas) / SQUARE_M_OF_HA, 4),
        **stands.survey(cell),
    }
    return table, areas


def _kinds(stands: Stands) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Return a number from 1 for each species and municipality, 0 for none, and a cell of each."""
    stocked = np.flatnonzero((stands.volumes.cells.stratum > 0) & stands.cells.scanned)
    strata = stands.volumes.cells.stratum[stocked]
    codes = stands.municipality[stocked]
    names = np.array([f"{s} {c or ''}" for s, c in zip(strata, codes, strict=True)])
    _, first, number = np.unique(names, return_index=True, return_inverse=True)
    kind = np.zeros(stands.cells.grid.size, np.int32)
    kind[stocked] = number.ravel() + 1
    return kind, stocked[first]
