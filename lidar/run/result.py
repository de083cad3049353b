"""What a finished run left in its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from lidar.errors import ResultError
from lidar.io.vector import Geometries, read_layer

MANIFEST, QUALITY, MODEL = "manifest.json", "quality.json", "model.json"
QUALITY_PAGE, QUALITY_MAPS = "quality.html", "quality"
RASTERS, ITEMS = "rasters", "items"
MESH, COMPARTMENTS = "mesh.gpkg", "compartments.gpkg"
TREES, SPECIES = "trees.gpkg", "species.gpkg"


@dataclass(frozen=True, slots=True)
class Zone:
    """Total of one zone.

    Parameters
    ----------
    key : str
    geometry : shapely.Polygon or MultiPolygon
        In the coordinate system of the run.
    totals : dict
        The columns of compartments.gpkg: volumes with standard errors, areas,
        mean height, cover; None where unknown.
    """

    key: str
    geometry: shapely.Geometry
    totals: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mesh:
    """Cells of the 20 m mesh that hold returns.

    Parameters
    ----------
    columns : dict of str to array, shape (n,)
        The fields of mesh.gpkg.
    geometries : object array of shapely polygons, shape (n,)
    """

    columns: dict[str, NDArray[Any]]
    geometries: Geometries

    def __len__(self) -> int:
        return len(self.geometries)


@dataclass(frozen=True, slots=True)
class RunResult:
    """A complete result.

    Parameters
    ----------
    out_dir : Path
    crs : pyproj.CRS
    rasters : dict of kind to Path
    zones : tuple of Zone
    model, quality, manifest : dict
        The JSON files.
    """

    out_dir: Path
    crs: CRS
    rasters: dict[str, Path]
    zones: tuple[Zone, ...]
    model: dict[str, Any]
    quality: dict[str, Any]
    manifest: dict[str, Any]

    @property
    def calibrated(self) -> bool:
        """Whether volumes rest on field plots."""
        return bool(self.model["calibrated"])

    def mesh(self) -> Mesh:
        """Read the 20 m mesh."""
        _, geometries, columns = read_layer(self.out_dir / MESH)
        return Mesh(columns, _single(geometries))


def load_result(out_dir: Path | str) -> RunResult:
    """Read what a run wrote.

    Parameters
    ----------
    out_dir : path

    Raises
    ------
    ResultError
        If there is no complete result: its manifest, written last, is missing.
    """
    out = Path(out_dir)
    if not (out / MANIFEST).is_file():
        raise ResultError(
            f"{out}: holds no complete result (no {MANIFEST}); start the run again, it goes on where "
            "it stopped",
            folder=str(out),
        )
    manifest = _json(out / MANIFEST)
    return RunResult(
        out_dir=out,
        crs=CRS.from_user_input(manifest["crs"]),
        rasters={kind: out / RASTERS / f"{kind}.tif" for kind in manifest["rasters"]},
        zones=tuple(_zones(out / COMPARTMENTS)),
        model=_json(out / MODEL),
        quality=_json(out / QUALITY),
        manifest=manifest,
    )


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _zones(path: Path) -> list[Zone]:
    _, geometries, columns = read_layer(path)
    names = [name for name in columns if name != "key"]
    return [
        Zone(
            str(columns["key"][i]),
            geometry,
            {name: _plain(columns[name][i]) for name in names},
        )
        for i, geometry in enumerate(_single(geometries))
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return a column's value as Python knows it, None for nothing."""
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value)[:10]
    plain = value.item() if isinstance(value, np.generic) else value
    return None if plain != plain else plain


def _single(geometries: Geometries) -> Geometries:
    """Return multipolygons of one part as polygons, as they were given."""
    return np.array([g.geoms[0] if len(g.geoms) == 1 else g for g in geometries], dtype=object)
