"""The rasters of a run: which there are, and how each is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lidar
from lidar.core.grid import Grid
from lidar.io import cog
from lidar.io.cog import RasterKind
from lidar.run.assembly import Cells, raster_parts
from lidar.run.batch import Batch
from lidar.run.params import CANOPY_M, TERRAIN_M

TERRAIN_KINDS = (
    RasterKind("dtm", "m", "Terrain height", decimals=2),
    RasterKind("dsm", "m", "Surface height, highest return", decimals=2),
    RasterKind("hillshade", "1", "Shaded relief, sun in the north-west", dtype="uint8"),
    RasterKind("slope", "deg", "Slope of the terrain", decimals=1),
    RasterKind("cs_map", "1", "CS map: curvature and slope of the terrain", dtype="uint8", bands=3),
    RasterKind(
        "dtm_source",
        "1",
        "Terrain: 1 measured, 2 filled over a void (5 m and more from terrain points)",
        resampling="mode",
        dtype="uint8",
    ),
    RasterKind("chm_1m", "m", "Canopy height above ground in 1 m cells, pits filled", decimals=2),
)
CANOPY_KINDS = (RasterKind("chm", "m", "Canopy height above ground, pits filled", decimals=2),)
MESH_KINDS = (
    RasterKind("hardwood_m3ha", "m3/ha", "Hardwood stem volume"),
    RasterKind("conifer_m3ha", "m3/ha", "Conifer stem volume"),
    RasterKind("hardwood_se_m3ha", "m3/ha", "Standard error of hardwood stem volume of a cell"),
    RasterKind("hardwood_share", "1", "Share of hardwood in the stem volume"),
)
KINDS = {kind.name: kind for kind in (*TERRAIN_KINDS, *CANOPY_KINDS, *MESH_KINDS)}


def write_tiled(batch: Batch, tiles: Path, folder: Path, tags: dict[str, str]) -> Iterator[str]:
    """Write the rasters that tiles hold; yield the name of each when written."""
    for kinds, cell_m, grid in (
        (TERRAIN_KINDS, TERRAIN_M, batch.layout.terrain),
        (CANOPY_KINDS, CANOPY_M, batch.layout.canopy),
    ):
        for kind in kinds:
            parts = raster_parts(batch, tiles, kind.name, cell_m)
            cog.write(folder / f"{kind.name}.tif", grid, kind, parts, tags)
            yield kind.name


def write_mesh(
    cells: Cells, values: dict[str, NDArray[Any]], folder: Path, tags: dict[str, str]
) -> None:
    """Write the 20 m rasters; `values` has one flat array for each of `MESH_KINDS`."""
    for kind in MESH_KINDS:
        parts: list[tuple[Grid, NDArray[Any]]] = [
            (cells.grid, np.asarray(values[kind.name]).reshape(cells.grid.shape))
        ]
        cog.write(folder / f"{kind.name}.tif", cells.grid, kind, parts, tags)


def tags(calibrated: bool, dates: tuple[str, str] | None) -> dict[str, str]:
    """Return the tags that every raster carries."""
    return {
        "FORESTGIS_ENGINE": lidar.__version__,
        "FORESTGIS_CALIBRATED": "yes" if calibrated else "no (uncalibrated)",
        "FORESTGIS_SCANNED": "/".join(dates) if dates else "unknown",
    }
