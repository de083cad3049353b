"""Everything that is computed from the points of one tile."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from lidar.core import cs_map, ground, metrics, relief, surface, survey_quality, terrain, trees
from lidar.core.grid import Grid
from lidar.core.points import GROUND, Points
from lidar.core.sampling import Raster
from lidar.run.params import CANOPY_M, MESH_M, TERRAIN_M, RunParams
from lidar.run.plan import Tile
from lidar.run.spill import load

Arrays = dict[str, NDArray[Any]]

MEASURED, FILLED = 1, 2
TERRAIN_RASTERS = ("dtm", "void", "dsm", "hillshade", "slope")


@dataclass(frozen=True, slots=True)
class PlotCircle:
    """A field plot: number in its table, centre and radius in metres."""

    number: int
    x_m: float
    y_m: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class TileJob:
    """One tile to compute.

    Parameters
    ----------
    tile : Tile
    plots : tuple of PlotCircle
        Those whose centre lies in the core.
    ground : "delivered", "found" or "normalised"
        Decided for the whole batch, so that no seam follows from it.
    origin_m, crs
        Of the batch.
    spill, folder : Path
        Where the points are, where the result goes.
    files : int
        How many files the batch has.
    """

    tile: Tile
    plots: tuple[PlotCircle, ...]
    ground: str
    origin_m: tuple[int, int, int]
    crs: CRS
    spill: Path
    files: int
    folder: Path
    params: RunParams

    @property
    def done(self) -> Path:
        """The file that is there when the job is done."""
        return self.folder / f"{self.tile.name}.npz"

    @property
    def failed(self) -> Path:
        """The file that says why the tile is empty."""
        return self.folder / f"{self.tile.name}.failed"


@dataclass(frozen=True, slots=True)
class _Heights:
    """Points of a tile with buffer above its terrain, on grids with buffer."""

    points: Points
    height_m: Raster
    terrain: terrain.Terrain
    terrain_grid: Grid
    is_terrain: NDArray[np.bool_]


def compute(job: TileJob) -> None:
    """Compute a tile from its points and write it by one rename."""
    _write(job, load(job.spill, range(job.files), job.tile, job.origin_m, job.crs))


def _write(job: TileJob, points: Points) -> None:
    arrays = from_points(points, job.tile, job.plots, job.ground, job.params)
    job.folder.mkdir(parents=True, exist_ok=True)
    making = job.done.with_suffix(f".{os.getpid()}.making")
    with making.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    making.replace(job.done)


def compute_empty(job: TileJob) -> None:
    """Write a tile that could not be computed as one without points."""
    _write(job, Points.empty(job.origin_m, job.crs))


def from_points(
    points: Points,
    tile: Tile,
    plots: tuple[PlotCircle, ...],
    ground_source: str,
    params: RunParams,
) -> Arrays:
    """Return the products of a tile's core.

    Parameters
    ----------
    points : Points
        Of the core and its buffer.
    tile : Tile
    plots : tuple of PlotCircle
    ground_source : "delivered", "found" or "normalised"
    params : RunParams

    Returns
    -------
    dict of str to array
        Rasters of the core (dtm, dtm_source, void, dsm, hillshade, slope, cs_map, chm_1m at
        1 m; chm at 0.5 m),
        ``cells`` float32 (metric, cell) of the 20 m mesh, ``cell_slope`` float32 (mean,
        greatest, least, most frequent; cell), ``plots`` float32 (metric,
        plot), ``tree_x``, ``tree_y``, ``tree_height``, ``tree_crown_m2`` and ``counts`` int64 (points in
        the core, those of them that make the terrain model), and those of
        `lidar.core.survey_quality.SurveyQuality`.
    """
    core = Grid.covering(tile.core, TERRAIN_M, points.crs)
    heights = _heights(points, core.buffered(round(tile.buffer_m)), ground_source, params)
    canopy_core = Grid.covering(tile.core, CANOPY_M, points.crs)
    mesh = Grid.covering(tile.core, MESH_M, points.crs)
    rasters = _terrain_rasters(heights, core)
    return {
        **rasters,
        **_canopy(heights, canopy_core, tile, params),
        "cells": _cells(heights, mesh),
        "cell_slope": _cell_slopes(rasters["slope"], mesh),
        "plots": _plots(heights, plots),
        "counts": _counts(heights, core),
        **_survey(heights, mesh, core),
    }


def _heights(points: Points, grid: Grid, ground_source: str, params: RunParams) -> _Heights:
    if ground_source == "normalised":
        flat = np.zeros(len(points), np.int32)
        level = Points(**{**_fields(points), "z_mm": flat})
        model = terrain.model(level, points.is_usable(), grid)
        heights = points.z_m().astype(np.float32)
        return _Heights(points, metrics.sane_heights(heights), model, grid, flat > 0)
    if ground_source == "delivered":
        is_terrain = points.classification == GROUND
    else:
        is_terrain = ground.find(points, params.ground_params).is_terrain_point
    model = terrain.model(points, is_terrain, grid)
    heights = metrics.sane_heights(terrain.heights(points, model.dtm_m, grid))
    return _Heights(points, heights, model, grid, is_terrain)


def _fields(points: Points) -> dict[str, Any]:
    return {name: getattr(points, name) for name in points.__dataclass_fields__}


def _terrain_rasters(heights: _Heights, core: Grid) -> Arrays:
    grid, dtm = heights.terrain_grid, heights.terrain.dtm_m
    window = grid.window_of(core)
    sane = ~np.isnan(heights.height_m)
    whole: Arrays = {
        "dtm": dtm,
        "void": heights.terrain.void,
        "dsm": surface.fill_pits(surface.surface(heights.points, grid, sane)),
        "hillshade": relief.hillshade(dtm, grid.cell_m),
        "slope": relief.slope_deg(dtm, grid.cell_m),
        "cs_map": cs_map.cs_map(dtm, grid.cell_m),
    }
    whole["dtm_source"] = _dtm_source(dtm, heights.terrain.void)
    return {name: raster[(..., *window)] for name, raster in whole.items()}


def _dtm_source(dtm_m: Raster, void: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Tell where the terrain was measured and where it fills a void; 0 where there is none."""
    source = np.where(void, FILLED, MEASURED).astype(np.uint8)
    source[np.isnan(dtm_m)] = 0
    return source


def _canopy(heights: _Heights, core: Grid, tile: Tile, params: RunParams) -> Arrays:
    grid = core.buffered(round(tile.buffer_m / CANOPY_M))
    chm = surface.fill_pits(surface.canopy(heights.points, heights.height_m, grid))
    tops, crowns = trees.find(chm, grid, params.tree_params)
    crown_m2 = trees.crown_areas(crowns, len(tops), grid.cell_m)
    owned = tile.owns(tops.x_m, tops.y_m)
    whole = chm[grid.window_of(core)]
    return {
        "chm": whole,
        "chm_1m": surface.coarser(whole, round(TERRAIN_M / CANOPY_M)),
        "tree_x": tops.x_m[owned],
        "tree_y": tops.y_m[owned],
        "tree_height": tops.height_m[owned],
        "tree_crown_m2": crown_m2[owned],
    }


def _cells(heights: _Heights, mesh: Grid) -> NDArray[np.float32]:
    label = heights.points.cells(mesh)
    found = metrics.by_label(heights.points, heights.height_m, label, mesh.size)
    return np.stack([found[name] for name in metrics.METRICS])


def _cell_slopes(slope_deg: Raster, mesh: Grid) -> NDArray[np.float32]:
    """Mean, greatest, least and most frequent slope of each cell, nan where none is known."""
    edge = slope_deg.shape[0] // mesh.rows
    blocks = slope_deg.reshape(mesh.rows, edge, mesh.cols, edge).swapaxes(1, 2)
    flat = blocks.reshape(mesh.size, edge * edge)
    out = np.full((4, mesh.size), np.nan, np.float32)
    known = ~np.isnan(flat).all(axis=1)
    out[0, known] = np.nanmean(flat[known], axis=1)
    out[1, known] = np.nanmax(flat[known], axis=1)
    out[2, known] = np.nanmin(flat[known], axis=1)
    out[3, known] = _most_frequent_degree(flat[known])
    return out


def _most_frequent_degree(slope_deg: Raster) -> NDArray[np.intp]:
    """Most frequent whole degree of each row, the smaller of equals."""
    row, col = np.nonzero(~np.isnan(slope_deg))
    degree = np.rint(slope_deg[row, col]).astype(np.int64)
    counts = np.bincount(row * 91 + degree, minlength=len(slope_deg) * 91)
    return np.asarray(counts.reshape(-1, 91).argmax(axis=1))


def _plots(heights: _Heights, plots: tuple[PlotCircle, ...]) -> NDArray[np.float32]:
    """Metrics of circles, one by one since circles may overlap."""
    columns = [_circle(heights, plot) for plot in plots]
    empty = np.empty((len(metrics.METRICS), 0), np.float32)
    return np.column_stack([empty, *columns])


def _circle(heights: _Heights, plot: PlotCircle) -> NDArray[np.float32]:
    points = heights.points
    inside = points.within(plot.x_m, plot.y_m, plot.radius_m)
    part = points.take(inside)
    found = metrics.by_label(part, heights.height_m[inside], np.zeros(len(part), np.int32), 1)
    return np.array([found[name][0] for name in metrics.METRICS], np.float32)


def _counts(heights: _Heights, core: Grid) -> NDArray[np.int64]:
    inside = heights.points.cells(core) >= 0
    return np.array([inside.sum(), (inside & heights.is_terrain).sum()], np.int64)


def _survey(heights: _Heights, mesh: Grid, core: Grid) -> Arrays:
    found = survey_quality.measure(heights.points, heights.height_m, heights.is_terrain, mesh, core)
    return dict(found.to_arrays())
