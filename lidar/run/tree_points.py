"""Tree points (単木ポイント): where tops stand, how high, how wide their crowns are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.io.vector import write_layer
from lidar.run.assembly import TreeParts, cell_of
from lidar.run.stands import Columns, Stands

LAYER = "tree_point"
DECIMETRES = 10
_EAST_BITS = 32


def write(path: Path, stands: Stands, parts: Iterable[TreeParts]) -> None:
    """Write the trees of all tiles, tile by tile, as one GeoPackage layer of points.

    Parameters
    ----------
    path : Path
        Replaced when there.
    stands : Stands
        Of the mesh the trees stand in.
    parts : iterable of TreeParts
    """
    path.unlink(missing_ok=True)
    for number, trees in enumerate(parts):
        if number and not len(trees.x_m):
            continue
        points = np.asarray(shapely.points(trees.x_m, trees.y_m), object)
        table = columns(stands, trees)
        crs = stands.cells.grid.crs
        write_layer(path, points, table, crs, layer=LAYER, kind="Point", append=number > 0)


def columns(stands: Stands, trees: TreeParts) -> Columns:
    """Return the fields of trees.

    ``tree_id`` is made of the apex in decimetres, so it does not depend on tiles and is the
    same in any run that finds the same apex. The species is that of the mesh cell.
    """
    cell = cell_of(stands.cells.grid, trees.x_m, trees.y_m)
    return {
        "tree_id": _ids(trees),
        **stands.species(cell),
        "樹高": np.round(trees.height_m.astype(np.float64), 1),
        "樹冠面積": np.round(trees.crown_m2.astype(np.float64), 1),
        "樹冠直径": np.round(2 * np.sqrt(trees.crown_m2.astype(np.float64) / np.pi), 1),
        **stands.survey(cell),
    }


def _ids(trees: TreeParts) -> NDArray[np.int64]:
    east, north = (np.round(v * DECIMETRES).astype(np.int64) for v in (trees.x_m, trees.y_m))
    return np.asarray((east << _EAST_BITS) + north, np.int64)
