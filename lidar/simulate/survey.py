"""A simulated scene measured in memory: metrics of cells and plots beside the truth.

For judging models over many seeds. Heights stand on the simulated ground itself, so errors of
ground filters stay out; they are judged on the written scene.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lidar.core import metrics
from lidar.core.calibration import PlotSample
from lidar.core.grid import Grid
from lidar.core.points import Points
from lidar.simulate import scan
from lidar.simulate.flight import Tile, instruments, plan
from lidar.simulate.params import SceneParams
from lidar.simulate.scene import World, ground_rasters, make_world
from lidar.simulate.terrain import Relief
from lidar.simulate.truth import PLOT_RADIUS_M, true_volumes

Array = NDArray[np.float64]

_CELL_M = 20.0


@dataclass(frozen=True, slots=True)
class Survey:
    """What a scan and plots of a scene give, and what is true.

    Attributes
    ----------
    grid : Grid
        20 m cells of the national mesh.
    cells : dict of str to float32 array, shape (rows * cols,)
    plots : PlotSample
    zones : list of (cell index array, area array in m2)
        One for each 小班.
    keycodes : list of str
    hardwood_m3, conifer_m3 : float64 arrays, shape (zone,)
        True volumes.
    register_share : float64 array, shape (zone,)
        Share of hardwood in the register's stock, nan where it has none.
    """

    grid: Grid
    cells: dict[str, NDArray[np.float32]]
    plots: PlotSample
    zones: list[tuple[NDArray[np.intp], Array]]
    keycodes: list[str]
    hardwood_m3: Array
    conifer_m3: Array
    register_share: Array

    @property
    def area_ha(self) -> Array:
        """Area of each zone in hectares."""
        return np.array([float(area.sum()) for _, area in self.zones]) / 10_000


def measure(params: SceneParams) -> Survey:
    """Simulate a scene and measure it; nothing is written."""
    world = make_world(params)
    grid = Grid.covering(params.bounds, _CELL_M, pyproj.CRS.from_epsg(params.epsg))
    places = np.array([[float(str(row["x"])), float(str(row["y"]))] for row in world.plots])
    points, height_m = _scan(params, world, grid.crs)
    near, plot = cKDTree(places).query(
        np.column_stack([points.x_m(), points.y_m()]), distance_upper_bound=PLOT_RADIUS_M
    )
    plot_of = np.where(np.isfinite(near), plot, -1).astype(np.int32)
    polygons = [unit.polygon for unit in world.layout]
    hardwood, conifer = true_volumes(world.trees, polygons)
    return Survey(
        grid=grid,
        cells=metrics.by_label(points, height_m, points.cells(grid), grid.size),
        plots=_plots(world, places, metrics.by_label(points, height_m, plot_of, len(places))),
        zones=_zones(grid, polygons),
        keycodes=[unit.keycode for unit in world.layout],
        hardwood_m3=hardwood,
        conifer_m3=conifer,
        register_share=_register_share(world),
    )


def _register_share(world: World) -> Array:
    stock = {unit.keycode: np.zeros(2) for unit in world.layout}
    for row in world.register:
        stock[str(row["KEYCODE"])] += [float(str(row[f"HA当蓄積{kind}"])) for kind in "LN"]
    hardwood, conifer = np.array([stock[unit.keycode] for unit in world.layout]).T
    total = hardwood + conifer
    return np.where(total > 0, hardwood / np.where(total > 0, total, 1.0), np.nan)


def _scan(params: SceneParams, world: World, crs: pyproj.CRS) -> tuple[Points, NDArray[np.float32]]:
    tiles = plan(params, float(world.relief.elevation_m.mean()), instruments(params))
    target = scan.make_target(params, world.relief, world.trees, ground_rasters(params, world))
    parts = [_tile(params, world.relief, target, tile, crs) for tile in tiles]
    return (
        Points.concatenate([points for points, _ in parts]),
        np.concatenate([height for _, height in parts]),
    )


def _tile(
    params: SceneParams, relief: Relief, target: scan.Target, tile: Tile, crs: pyproj.CRS
) -> tuple[Points, NDArray[np.float32]]:
    records = scan.scan_tile(params, target, tile)
    origin = int(params.west_m), int(params.south_m), 0

    def millimetres(values_m: Array, axis: int) -> NDArray[np.int32]:
        return np.rint((values_m - origin[axis]) * 1000).astype(np.int32)

    points = Points(
        x_mm=millimetres(records.x_m, 0),
        y_mm=millimetres(records.y_m, 1),
        z_mm=millimetres(records.z_m, 2),
        intensity=records.intensity,
        return_number=records.return_number,
        return_count=records.return_count,
        classification=records.classification,
        scan_angle_deg=records.scan_angle_deg.astype(np.float32),
        line_id=np.full(records.x_m.size, tile.line, np.uint16),
        gps_time=records.gps_time_s,
        origin_m=origin,
        crs=crs,
    )
    return points, (records.z_m - relief.at(records.x_m, records.y_m)).astype(np.float32)


def _plots(world: World, places: Array, found: dict[str, NDArray[np.float32]]) -> PlotSample:
    def column(name: str) -> Array:
        return np.array([float(str(row[name])) for row in world.plots])

    return PlotSample(
        metrics={name: values.astype(np.float64) for name, values in found.items()},
        hardwood_m3ha=column("hardwood_m3ha"),
        conifer_m3ha=column("conifer_m3ha"),
        x_m=places[:, 0],
        y_m=places[:, 1],
        area_m2=np.pi * column("radius_m") ** 2,
    )


def _zones(grid: Grid, polygons: list[shapely.Polygon]) -> list[tuple[NDArray[np.intp], Array]]:
    x, y = np.meshgrid(grid.x_centres(), grid.y_centres())
    half = grid.cell_m / 2
    boxes = shapely.box(x - half, y - half, x + half, y + half).ravel()
    tree = shapely.STRtree(boxes)
    zones = []
    for polygon in polygons:
        cells = np.sort(tree.query(polygon, predicate="intersects"))
        area = shapely.area(shapely.intersection(boxes[cells], polygon))
        zones.append((cells[area > 0], area[area > 0]))
    return zones
