"""Two runs of one forest compared: growth, fellings, change of volume and carbon."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.features import geometry_mask
from rasterio.windows import Window

import lidar
from lidar.core.carbon import CARBON_SPECIES, CO2_OF_C, CarbonFactors
from lidar.core.change import ChangeParams, canopy_loss, height_growth
from lidar.core.grid import Grid
from lidar.core.sampling import Raster
from lidar.errors import EpochError
from lidar.io import cog
from lidar.io.checksum import sha256_of
from lidar.io.cog import RasterKind
from lidar.io.json_file import write_json
from lidar.io.vector import Geometries, areas_in, write_layer
from lidar.run import result
from lidar.run.coverage import coverage
from lidar.run.params import MESH_M, TERRAIN_M
from lidar.run.publishing import put
from lidar.run.result import RunResult, load_result
from lidar.run.stands import SQUARE_M_OF_HA, Columns

CANOPY = "chm_1m"
BLOCK_M = 1000.0
DAYS_OF_YEAR = 365.25
SUMMARY, LOSSES, ZONES = "change.json", "canopy_loss.gpkg", "change.gpkg"
CHANGE = RasterKind("canopy_change", "m", "Change of canopy height", decimals=2)
LOSS = RasterKind(
    "canopy_loss", "1", "Canopy lost: 1 kept, 2 lost", resampling="mode", dtype="uint8"
)
GROWTH = RasterKind("height_growth", "m/a", "Growth of the canopy that stayed", decimals=3)
KEPT, LOST = 1, 2
NO_STRETCH_BELOW_YEARS = 0.5

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two results over the ground that both cover."""

    before: RunResult
    after: RunResult
    grid: Grid
    years: float
    params: ChangeParams

    def canopies(self, part: Grid) -> tuple[Raster, Raster]:
        """Return the canopy heights of both over a part of the grid."""
        return _read(self.before, part), _read(self.after, part)


def compare(
    before_dir: Path | str,
    after_dir: Path | str,
    out_dir: Path | str,
    *,
    params: ChangeParams | None = None,
    carbon_species: tuple[str, str] = CARBON_SPECIES,
) -> Report:
    """Compare two finished runs of one forest.

    Writes rasters of the change of canopy height, of lost canopy and of growth a year,
    areas of lost canopy (canopy_loss.gpkg), the change of each compartment of the later
    run (change.gpkg), and change.json.

    Parameters
    ----------
    before_dir, after_dir : path
        Folders of runs, the earlier first, in one coordinate system.
    out_dir : path
        Made if missing.
    params : ChangeParams, optional
    carbon_species : (str, str)
        Rows of the carbon factors for hardwood and conifer.

    Returns
    -------
    dict
        What change.json holds.

    Raises
    ------
    ResultError
        If a folder holds no complete result.
    EpochError
        If the runs have no ground or coordinate system in common, the days of their scans
        are not known, or come less than half a year apart or in the other order.
    CarbonFactorError
        If there are no factors of a species.
    """
    factors = [CarbonFactors.of(name) for name in carbon_species]
    pair = _pair(load_result(before_dir), load_result(after_dir), params or ChangeParams())
    out = Path(out_dir)
    made = out / f".change.{os.getpid()}"
    shutil.rmtree(made, ignore_errors=True)
    (made / result.RASTERS).mkdir(parents=True)
    try:
        _write_rasters(pair, made / result.RASTERS)
        losses, areas = _losses(pair, made / result.RASTERS)
        write_layer(made / LOSSES, areas, losses, pair.grid.crs)
        zones, shapes = _zones(pair, made / result.RASTERS, areas, factors)
        write_layer(made / ZONES, shapes, zones, pair.grid.crs)
        report = _report(pair, losses, zones, carbon_species, factors)
        write_json(made / SUMMARY, report)
        put(made, out)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return report


def _pair(before: RunResult, after: RunResult, params: ChangeParams) -> _Pair:
    if before.crs != after.crs:
        raise EpochError(
            f"the runs are in {before.manifest['crs_label']} and {after.manifest['crs_label']}; "
            "run both in one coordinate system"
        )
    grids = [_grid_of(r) for r in (before, after)]
    common = grids[0].intersection(grids[1])
    if common is None:
        raise EpochError("the runs have no ground in common")
    days = [_day(r) for r in (before, after)]
    years = (days[1] - days[0]).days / DAYS_OF_YEAR
    if years < NO_STRETCH_BELOW_YEARS:
        raise EpochError(
            f"scanned on {days[0]} and {days[1]}: the first run must be earlier by half a year or "
            "more; give the earlier run first",
            before=str(days[0]),
            after=str(days[1]),
        )
    return _Pair(before, after, common, years, params)


def _day(run: RunResult) -> dt.date:
    scanned = run.quality["scanned"]
    if scanned["source"] not in ("gps", "stated"):
        raise EpochError(
            f"{run.out_dir.name}: the day of the scan is not known; run it with the day stated"
        )
    return dt.date.fromisoformat(scanned["last"])


def _grid_of(run: RunResult) -> Grid:
    with rasterio.open(run.rasters[CANOPY]) as dataset:
        bounds = dataset.bounds
    return Grid.covering(tuple(bounds), TERRAIN_M, run.crs)


def _read(run: RunResult, part: Grid) -> Raster:
    rows, cols = _grid_of(run).window_of(part)
    return cog.read(run.rasters[CANOPY], Window.from_slices(rows, cols))


def _blocks(grid: Grid) -> Iterator[Grid]:
    """Yield parts of a grid whose lines are those of the mesh."""
    squares = Grid.covering(grid.bounds, BLOCK_M, grid.crs)
    for row in range(squares.rows):
        for col in range(squares.cols):
            west, north = squares.left + col * BLOCK_M, squares.top - row * BLOCK_M
            square = Grid.covering(
                (west, north - BLOCK_M, west + BLOCK_M, north), TERRAIN_M, grid.crs
            )
            part = grid.intersection(square)
            if part is not None:
                yield part


def _write_rasters(pair: _Pair, folder: Path) -> None:
    times = round(MESH_M / TERRAIN_M)
    mesh = Grid.covering(pair.grid.bounds, MESH_M, pair.grid.crs)

    def changes() -> Iterator[tuple[Grid, NDArray[Any]]]:
        for part in _blocks(pair.grid):
            before, after = pair.canopies(part)
            yield part, after - before

    def losses() -> Iterator[tuple[Grid, NDArray[Any]]]:
        for part in _blocks(pair.grid):
            yield part, _loss_of(pair, part)

    def growths() -> Iterator[tuple[Grid, NDArray[Any]]]:
        for part in _blocks(pair.grid):
            before, after = pair.canopies(part)
            lost = _loss_of(pair, part) == LOST
            grown = height_growth(before, after, lost, pair.params.canopy_m, times)
            yield Grid.covering(part.bounds, MESH_M, part.crs), grown / np.float32(pair.years)

    tags = {"FORESTGIS_ENGINE": lidar.__version__}
    cog.write(folder / "canopy_change.tif", pair.grid, CHANGE, changes(), tags)
    cog.write(folder / "canopy_loss.tif", pair.grid, LOSS, losses(), tags)
    cog.write(folder / "height_growth.tif", mesh, GROWTH, growths(), tags)


def _loss_of(pair: _Pair, part: Grid) -> NDArray[np.uint8]:
    """Return lost and kept canopy of a part, from as much ground around it as bears on it."""
    wide = pair.grid.intersection(part.buffered(round(pair.params.reach_m / TERRAIN_M)))
    assert wide is not None
    before, after = pair.canopies(wide)
    lost = canopy_loss(before, after, TERRAIN_M, pair.params)
    state = np.where(lost, LOST, KEPT).astype(np.uint8)
    state[(np.isnan(before) | np.isnan(after)) & ~lost] = 0
    return state[wide.window_of(part)]


def _losses(pair: _Pair, folder: Path) -> tuple[Columns, Geometries]:
    """Return the areas of lost canopy with what stood there."""
    areas = areas_in(folder / "canopy_loss.tif", LOST)
    areas = areas[shapely.area(areas) >= pair.params.least_m2]
    size = shapely.area(areas)
    heights = np.array([_heights(pair, area) for area in areas]).reshape(-1, 2)
    volumes = _volumes(pair.before, areas)
    days = [np.datetime64(_day(r)) for r in (pair.before, pair.after)]
    fellings = size >= pair.params.felling_m2
    return {
        "kind": np.where(fellings, "felling", "gap").astype(object),
        "area_ha": np.round(size / SQUARE_M_OF_HA, 4),
        "height_before_m": np.round(heights[:, 0], 1),
        "height_after_m": np.round(heights[:, 1], 1),
        "hardwood_m3": np.round(volumes["hardwood_m3ha"], 1),
        "conifer_m3": np.round(volumes["conifer_m3ha"], 1),
        "scanned_before": np.full(size.size, days[0], "M8[D]"),
        "scanned_after": np.full(size.size, days[1], "M8[D]"),
    }, areas


def _heights(pair: _Pair, area: shapely.Polygon) -> tuple[float, float]:
    left, bottom, right, top = area.bounds
    part = Grid.covering((left, bottom, right, top), TERRAIN_M, pair.grid.crs)
    inside = geometry_mask([area], part.shape, part.transform, invert=True)
    before, after = pair.canopies(part)
    return float(np.nanmean(before[inside])), float(np.nanmean(after[inside]))


def _volumes(run: RunResult, areas: Geometries) -> dict[str, NDArray[np.float64]]:
    """Return the volume in m3 that a run's rasters have in each area."""
    names = ("hardwood_m3ha", "conifer_m3ha")
    with rasterio.open(run.rasters[names[0]]) as dataset:
        mesh = Grid.covering(tuple(dataset.bounds), MESH_M, run.crs)
    covered = coverage(areas, mesh)
    flat = {name: np.nan_to_num(cog.read(run.rasters[name])).ravel() for name in names}
    return {
        name: np.array([float((values[cell] * m2).sum()) / SQUARE_M_OF_HA for cell, m2 in covered])
        for name, values in flat.items()
    }


def _zones(
    pair: _Pair, folder: Path, losses: Geometries, factors: list[CarbonFactors]
) -> tuple[Columns, Geometries]:
    """Return the change of each compartment that both runs have.

    Errors of the two volumes are taken as independent, which states the error of their
    difference too large rather than too small.
    """
    earlier = {zone.key: zone for zone in pair.before.zones}
    both = [(earlier[z.key], z) for z in pair.after.zones if z.key in earlier]
    shapes = np.array([z.geometry for _, z in both], dtype=object)
    table: Columns = {"key": np.array([z.key for _, z in both], object)}

    def column(which: int, name: str) -> NDArray[np.float64]:
        return np.array([zones[which].totals[name] for zones in both], np.float64)

    carbon = np.zeros(len(both))
    for group, factor in zip(("hardwood", "conifer"), factors, strict=True):
        change = column(1, f"{group}_m3") - column(0, f"{group}_m3")
        carbon += factor.carbon_t(change)
        table[f"{group}_before_m3"] = column(0, f"{group}_m3")
        table[f"{group}_after_m3"] = column(1, f"{group}_m3")
        table[f"{group}_change_m3"] = change
        table[f"{group}_change_se_m3"] = np.hypot(
            column(0, f"{group}_se_m3"), column(1, f"{group}_se_m3")
        )
    table["loss_ha"] = _lost_ha(shapes, losses)
    table["growth_m_a"] = _means(folder / "height_growth.tif", shapes, pair.grid.crs)
    table["co2_change_t"] = carbon * CO2_OF_C
    return table, shapes


def _lost_ha(shapes: Geometries, losses: Geometries) -> NDArray[np.float64]:
    lost = np.zeros(len(shapes))
    zone, loss = shapely.STRtree(losses).query(shapes, predicate="intersects")
    np.add.at(lost, zone, shapely.area(shapely.intersection(shapes[zone], losses[loss])))
    return np.asarray(lost / SQUARE_M_OF_HA)


def _means(path: Path, shapes: Geometries, crs: CRS) -> NDArray[np.float64]:
    """Return the mean of a mesh raster in each area, by covered area, nan where it knows none."""
    with rasterio.open(path) as dataset:
        mesh = Grid.covering(tuple(dataset.bounds), MESH_M, crs)
    values = cog.read(path).ravel()
    out = np.full(len(shapes), np.nan)
    for i, (cell, m2) in enumerate(coverage(shapes, mesh)):
        known = ~np.isnan(values[cell])
        if m2[known].sum() > 0:
            out[i] = np.average(values[cell][known], weights=m2[known])
    return out


def _report(
    pair: _Pair,
    losses: Columns,
    zones: Columns,
    species: tuple[str, str],
    factors: list[CarbonFactors],
) -> Report:
    felled = losses["kind"] == "felling"
    return {
        "engine": lidar.__version__,
        "before": _named(pair.before),
        "after": _named(pair.after),
        "years": round(pair.years, 2),
        "params": asdict(pair.params),
        "fellings": int(felled.sum()),
        "felled_ha": round(float(losses["area_ha"][felled].sum()), 4),
        "gaps": int((~felled).sum()),
        "gaps_ha": round(float(losses["area_ha"][~felled].sum()), 4),
        "hardwood_lost_m3": round(float(losses["hardwood_m3"].sum()), 1),
        "conifer_lost_m3": round(float(losses["conifer_m3"].sum()), 1),
        "hardwood_change_m3": round(float(zones["hardwood_change_m3"].sum()), 1),
        "conifer_change_m3": round(float(zones["conifer_change_m3"].sum()), 1),
        "co2_change_t": round(float(np.nansum(zones["co2_change_t"])), 1),
        "carbon_factors": {
            name: asdict(factor) for name, factor in zip(species, factors, strict=True)
        },
        "notes": _notes(pair),
    }


def _named(run: RunResult) -> Report:
    return {
        "scanned": run.quality["scanned"],
        "manifest_sha256": sha256_of(run.out_dir / result.MANIFEST),
        "calibrated": run.calibrated,
    }


def _notes(pair: _Pair) -> list[Report]:
    notes = []
    density = [r.quality["survey"]["pulse_density_median"] for r in (pair.before, pair.after)]
    if max(density) > 2 * min(density):
        notes.append(
            {
                "code": "densities_differ",
                "message": f"{density[0]} and {density[1]} pulses per m2: the denser scan sees higher "
                "tops, so growth is too large or too small by some decimetres",
            }
        )
    if not (pair.before.calibrated and pair.after.calibrated):
        notes.append(
            {"code": "uncalibrated", "message": "volumes are uncalibrated, and so is their change"}
        )
    return notes
