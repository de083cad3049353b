"""Other engines' chains on the same files, where they are installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
import shapely
from exactextract import exact_extract
from numpy.typing import NDArray
from pyproj import CRS

from bench.measure import cost
from lidar.core.grid import Grid
from lidar.errors import PdalMissingError
from lidar.io import cog, pdal
from lidar.io.vector import read_layer, write_layer
from lidar.run.coverage import coverage
from lidar.run.params import MESH_M

COMPARTMENT_M = 170.0
ZONE_12 = CRS(6680)


def ratios(files: list[Path], ours_cpu_s: float, folder: Path) -> dict[str, float | None]:
    """Return CPU time of each peer over ours, None for those that are not here.

    lasR needs R, Whitebox Workflows a licence: neither is part of the environment.
    """
    return {"vs_pdal": _pdal(files, ours_cpu_s, folder), "vs_lasr": None, "vs_wbw": None}


def zonal(folder: Path, compartments: int = 100_000) -> float:
    """Return CPU time of exactextract from file to sums over ours, on the same files.

    Raises
    ------
    SystemExit
        If the sums differ.
    """
    raster, zones = _mesh_and_compartments(folder, compartments)
    with cost() as theirs:
        found = exact_extract(str(raster), str(zones), ["sum"])
    with cost() as ours:
        totals = _totals(raster, zones)
    expected = np.array([f["properties"]["sum"] for f in found])
    if not np.allclose(totals, expected, rtol=1e-9):
        raise SystemExit("zonal totals differ from those of exactextract")
    return round(theirs.cpu_s / ours.cpu_s, 2)


def _totals(raster: Path, zones: Path) -> NDArray[np.float64]:
    """Sum up a raster by exact areas, as a run does, in cells of the mesh."""
    _, geometries, _ = read_layer(zones)
    with rasterio.open(raster) as dataset:
        mesh = Grid.covering(tuple(dataset.bounds), MESH_M, ZONE_12)
    values = cog.read(raster).ravel()
    covered = coverage(geometries, mesh)
    zone = np.repeat(np.arange(len(covered)), [len(cells) for cells, _ in covered])
    cells, areas_m2 = (np.concatenate(part) for part in zip(*covered, strict=True))
    return np.bincount(zone, areas_m2 * values[cells]) / MESH_M**2


def _mesh_and_compartments(folder: Path, count: int) -> tuple[Path, Path]:
    """Write a 20 m raster and about so many quadrilaterals of 3 ha that fill it."""
    side, rng = round(count**0.5), np.random.default_rng(1)
    whole = side * COMPARTMENT_M
    corners = np.stack(np.meshgrid(*[np.arange(side + 1) * COMPARTMENT_M] * 2), axis=-1)
    corners[1:-1, 1:-1] += rng.uniform(-40, 40, corners[1:-1, 1:-1].shape)
    rings = [corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]]
    quads = np.stack([*rings, rings[0]], axis=2).reshape(-1, 5, 2)
    write_layer(
        folder / "zones.gpkg",
        np.array(shapely.polygons(quads), dtype=object),
        {"number": np.arange(len(quads))},
        ZONE_12,
    )
    mesh = Grid.covering((0.0, 0.0, whole, whole), MESH_M, ZONE_12)
    values = rng.uniform(0, 300, mesh.shape).astype(np.float32)
    cog.write(folder / "mesh.tif", mesh, cog.RasterKind("mesh", "1", "mesh"), [(mesh, values)])
    return folder / "mesh.tif", folder / "zones.gpkg"


def _pdal(files: list[Path], ours_cpu_s: float, folder: Path) -> float | None:
    raster = {"type": "writers.gdal", "gdaldriver": "GTiff"}
    stages: list[pdal.Stage] = [
        *(str(file) for file in files),
        {"type": "filters.merge"},
        {"type": "filters.smrf"},
        {"type": "filters.hag_nn"},
        {
            **raster,
            "filename": str(folder / "chm.tif"),
            "resolution": 0.5,
            "dimension": "HeightAboveGround",
            "output_type": "max",
        },
        {"type": "filters.range", "limits": "Classification[2:2]"},
        {
            **raster,
            "filename": str(folder / "dtm.tif"),
            "resolution": 1.0,
            "dimension": "Z",
            "output_type": "mean",
            "window_size": 6,
        },
    ]
    try:
        with cost() as taken:
            pdal.run(stages)
    except PdalMissingError:
        return None
    return round(taken.cpu_s / ours_cpu_s, 2)
