"""The vector products of a result as the files of the national open-data standard.

Names and division as in オープンデータ標準仕様書: the mesh by sheet
(``fr_mesh20m_<sheet>_<year>.gpkg``), species polygons and tree points by municipality
(``tree_species_<code>_<year>.gpkg``, ``tree_point_<code>.gpkg``), each with the survey's
extent in the layer ``citation_<code>``.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.core.mesh20m import file_sheet
from lidar.errors import DeliveryError
from lidar.io import crs as crs_io
from lidar.io.vector import Geometries, Kind, read_layer, write_layer
from lidar.run import mesh, result, species, tree_points
from lidar.run.mesh import STANDARD_FIELDS
from lidar.run.result import Mesh, RunResult, load_result
from lidar.run.stands import SQUARE_M_OF_HA, Columns

MAKING = ".delivery"
ENGINE_FIELDS = {"tree_id"}


@dataclass(frozen=True, slots=True)
class _Delivery:
    """What all files of a delivery share."""

    run: RunResult
    cells: Mesh
    code: NDArray[np.object_]
    year: int
    folder: Path

    def extent(self, which: NDArray[np.bool_]) -> tuple[Columns, Geometries]:
        """Return the surveyed area of some cells with its day and method."""
        area = shapely.coverage_union_all(self.cells.geometries[which])
        first = np.flatnonzero(which)[:1]
        names = ("森林計測年", "森林計測法", "県code", "市町村code")
        table = {name: self.cells.columns[name][first] for name in names}
        table["面積_ha"] = np.array([round(area.area / SQUARE_M_OF_HA, 4)])
        return table, np.array([area], dtype=object)


def deliver(result_dir: Path | str, out_dir: Path | str, year: int | None = None) -> list[Path]:
    """Write the standard's files of a finished run.

    Parameters
    ----------
    result_dir : path
        Folder of a run that knew the municipalities.
    out_dir : path
        Made if missing; files of the same names are replaced, when all are written.
    year : int, optional
        整備年 in the names; by default the year of the scan.

    Returns
    -------
    list of Path

    Raises
    ------
    ResultError
        If there is no complete result.
    DeliveryError
        If the run is in no plane rectangular zone, knew no municipalities, or the year
        is known neither to it nor to you.
    """
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    making = out / MAKING
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    job = _prepared(load_result(result_dir), year, making)
    _write_meshes(job)
    _write_by_municipality(job)
    made = sorted(making.iterdir())
    for path in made:
        path.replace(out / path.name)
    making.rmdir()
    return [out / path.name for path in made]


def _prepared(run: RunResult, year: int | None, folder: Path) -> _Delivery:
    if crs_io.plane_zone(run.crs) is None:
        raise DeliveryError(
            f"{run.out_dir.name}: is in {crs_io.label(run.crs)}; the standard's files are in a zone "
            "of the plane rectangular system: have the points reprojected"
        )
    cells = run.mesh()
    code = cells.columns["市町村code"]
    known = np.array([c is not None for c in code], bool)
    if not known.any():
        raise DeliveryError(
            f"{run.out_dir.name}: municipalities are not known, and files are named by their codes; "
            "run it with the areas of the municipalities"
        )
    day = cells.columns["森林計測年"][0]
    if year is None and np.isnat(np.datetime64(day)):
        raise DeliveryError(
            f"{run.out_dir.name}: the year of the scan is not known; state the year of the delivery"
        )
    return _Delivery(run, cells, code, year or int(str(day)[:4]), folder)


def _write_meshes(job: _Delivery) -> None:
    columns = job.cells.columns
    sheets = np.array([file_sheet(i) for i in columns["JF20mID"]])
    for sheet in np.unique(sheets):
        which = sheets == sheet
        path = job.folder / f"fr_mesh20m_{sheet}_{job.year}.gpkg"
        table = {name: columns[name][which] for name in STANDARD_FIELDS}
        geometries = job.cells.geometries[which]
        write_layer(path, geometries, typed(table), job.run.crs, layer=mesh.LAYER)
        for code in _codes(job.code[which]):
            _cite(job, path, code, which & (job.code == code))


def _write_by_municipality(job: _Delivery) -> None:
    for code in _codes(job.code):
        of_code = job.code == code
        files: tuple[tuple[str, str, str, Kind], ...] = (
            (f"tree_species_{code}_{job.year}", result.SPECIES, species.LAYER, "MultiPolygon"),
            (f"tree_point_{code}", result.TREES, tree_points.LAYER, "Point"),
        )
        for name, source, layer, kind in files:
            _, geometries, columns = read_layer(
                job.run.out_dir / source, where=f"\"市町村code\" = '{code}'"
            )
            table = {n: v for n, v in columns.items() if n not in ENGINE_FIELDS}
            path = job.folder / f"{name}.gpkg"
            write_layer(path, geometries, typed(table), job.run.crs, layer=layer, kind=kind)
            _cite(job, path, code, of_code)


def _cite(job: _Delivery, path: Path, code: str, which: NDArray[np.bool_]) -> None:
    table, area = job.extent(which)
    write_layer(path, area, typed(table), job.run.crs, layer=f"citation_{code}", append=True)


def _codes(code: NDArray[np.object_]) -> list[str]:
    return sorted({c for c in code if c is not None})


def typed(columns: Columns) -> Columns:
    """Return columns read from a GeoPackage with whole numbers as such again.

    A column of integers with gaps is read as floats; what is whole everywhere but is a
    real number in the standard keeps its type by name.
    """
    return {name: _whole(v) if name in mesh.WHOLE_FIELDS else v for name, v in columns.items()}


def _whole(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind != "f":
        return values
    gaps = np.isnan(values)
    return np.ma.masked_array(np.where(gaps, 0, values).astype(np.int32), mask=gaps)
