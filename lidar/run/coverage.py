"""Which cells of the mesh a zone covers, and how much of each."""

from __future__ import annotations

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.feature import JSONFeatureSource
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray

from lidar.core.grid import Grid
from lidar.io.vector import Geometries

Coverage = list[tuple[NDArray[np.int64], NDArray[np.float64]]]


def coverage(geometries: Geometries, mesh: Grid) -> Coverage:
    """Return the cells of each polygon with the exact area covered.

    Parameters
    ----------
    geometries : object array of shapely (Multi)Polygons
        In the coordinate system of the mesh.
    mesh : Grid

    Returns
    -------
    list of (int64 array, float64 array)
        Cell numbers row * cols + col, and square metres, for each polygon; empty
        where it lies outside the mesh.
    """
    left, bottom, right, top = mesh.bounds
    raster = NumPyRasterSource(np.zeros(mesh.shape, np.uint8), left, bottom, right, top)
    features = [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(g)}
        for g in geometries
    ]
    found = exact_extract(raster, JSONFeatureSource(features), ["cell_id", "coverage"])
    return [_areas(f["properties"], mesh.cell_m**2) for f in found]


def _areas(
    properties: dict[str, NDArray[np.float64]], cell_m2: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return (
        np.asarray(properties["cell_id"], np.int64),
        np.asarray(properties["coverage"], np.float64) * cell_m2,
    )
