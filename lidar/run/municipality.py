"""Which municipality each cell of the mesh belongs to: by its centre, as the standard says."""

from __future__ import annotations

import numpy as np
import rasterio.features
from numpy.typing import NDArray

from lidar.core.grid import Grid
from lidar.errors import VectorFileError
from lidar.io.vector import Zones

CODE_DIGITS = 5


def checked(municipalities: Zones | None) -> Zones | None:
    """Return municipalities whose keys are codes.

    Raises
    ------
    VectorFileError
        If a key is no code of five digits.
    """
    keys = () if municipalities is None else municipalities.keys
    wrong = [k for k in keys if not (k.isdigit() and len(k) == CODE_DIGITS)]
    if wrong:
        raise VectorFileError(
            f"municipalities: {wrong[0]!r} is no code of five digits; the key column must hold the "
            "codes of the municipalities (N03_007 in the national boundaries)",
            key=wrong[0],
        )
    return municipalities


def codes(municipalities: Zones | None, mesh: Grid) -> NDArray[np.object_]:
    """Return 市町村code of every cell, None where no municipality has its centre.

    Parameters
    ----------
    municipalities : Zones or None
        Keys are the codes of five digits (全国地方公共団体コード without check digit).
    mesh : Grid

    Returns
    -------
    object array, shape (mesh.size,)
    """
    if municipalities is None:
        return np.full(mesh.size, None, object)
    shapes = municipalities.to(mesh.crs).geometries
    number = rasterio.features.rasterize(
        [(shape, i + 1) for i, shape in enumerate(shapes)],
        out_shape=mesh.shape,
        transform=mesh.transform,
        dtype="int32",
    )
    names = np.array([None, *municipalities.keys], object)
    return np.asarray(names[number.ravel()], object)


def prefectures(code: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return 県code of municipalities: their first two digits."""
    return np.array([None if c is None else c[:2] for c in code], object)
