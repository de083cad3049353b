"""Make a whole simulated scene: ground, forest, register, plots and the scan of it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.simulate import scan
from lidar.simulate.flight import Tile, instruments, plan
from lidar.simulate.later import Felling, fellings, grown
from lidar.simulate.layout import Subcompartment, label_raster, make_layout
from lidar.simulate.params import NOTICE, Scene, SceneParams
from lidar.simulate.register import register_rows
from lidar.simulate.roads import Road, make_roads
from lidar.simulate.stands import Stand, make_stands
from lidar.simulate.terrain import MARGIN_M, Relief, make_relief, valley_line
from lidar.simulate.trees import Trees, grow
from lidar.simulate.truth import PLOT_COLUMNS, plot_rows, truth_rows
from lidar.simulate.writer import write_layer, write_laz, write_table, write_trees

OnProgress = Callable[[int, int, str, str], None]

_STREAM_HALF_WIDTH_M = 3.0
_POND_RADIUS_M = 32.0


@dataclass(frozen=True, slots=True)
class World:
    """Everything of a scene but the scan."""

    relief: Relief
    roads: list[Road]
    layout: list[Subcompartment]
    stands: list[Stand]
    trees: Trees
    plots: list[dict[str, object]]
    register: list[dict[str, object]]
    fellings: list[Felling]


def make_scene(
    out_dir: Path | str, params: SceneParams | None = None, on_progress: OnProgress | None = None
) -> Scene:
    """Make a simulated scene and write it.

    Parameters
    ----------
    out_dir : path
        Folder, made if missing; files of an earlier scene with these names are replaced.
    params : SceneParams, optional
    on_progress : callable (done, total, stage, message), optional
        Called after each written file.

    Returns
    -------
    Scene
        Paths of what was written. Equal parameters give equal files.
    """
    params = params or SceneParams()
    out = Path(out_dir)
    (out / "laz").mkdir(parents=True, exist_ok=True)
    report = on_progress or _silent
    world = make_world(params)
    inside = world.relief.elevation_m[:: int(MARGIN_M), :: int(MARGIN_M)]
    tiles = plan(params, float(inside.mean()), instruments(params))
    total = len(tiles) + 1
    scene = _write_world(out, params, world)
    report(1, total, "simulate", "forest")
    target = scan.make_target(params, world.relief, world.trees, ground_rasters(params, world))
    laz = []
    for done, path in enumerate(_scan_all(out / "laz", params, target, tiles), start=2):
        laz.append(path)
        report(done, total, "simulate", path.name)
    return Scene(laz=tuple(sorted(laz)), params=params, **scene)


def make_world(params: SceneParams) -> World:
    """Return ground, roads, stands, trees, plots and register of a scene, nothing written."""
    rng = np.random.default_rng([params.seed, 1])
    relief = make_relief(params, rng)
    roads = make_roads(params, relief, rng)
    layout = make_layout(params, relief, roads, rng)
    stands = make_stands(layout, relief, rng)
    land = _land(params, layout)
    trees = grow(params, relief, roads, (land, stands), rng)
    events = fellings(params, layout, stands)
    trees = grown(trees, params, events)
    return World(
        relief,
        roads,
        layout,
        stands,
        trees,
        plot_rows(params, roads, trees, rng),
        register_rows(layout, stands, relief, rng),
        events,
    )


def _silent(done: int, total: int, stage: str, message: str) -> None:
    """Report nothing."""


def _land(params: SceneParams, layout: list[Subcompartment]) -> list[shapely.Geometry]:
    """Return each stand's land: its 小班, and the ring around the scene shared out among them."""
    left, bottom, right, top = params.bounds
    outer = shapely.box(left - MARGIN_M, bottom - MARGIN_M, right + MARGIN_M, top + MARGIN_M)
    hull = shapely.union_all([unit.polygon for unit in layout])
    ring = shapely.difference(outer, shapely.box(*hull.bounds))
    land: list[shapely.Geometry] = []
    for unit in layout:
        piece = shapely.intersection(unit.polygon.buffer(1.6 * MARGIN_M), ring)
        ring = shapely.difference(ring, piece)
        land.append(shapely.union(unit.polygon, piece))
    return land


def ground_rasters(
    params: SceneParams, world: World
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return rasters of the kind of ground and of the undergrowth's height."""
    frame = world.relief.frame
    stand = label_raster(frame, [unit.polygon for unit in world.layout])
    heights = np.array([s.undergrowth_m for s in world.stands] + [0.3], np.float32)
    undergrowth = heights[stand]
    kinds = np.array([_open_ground(s) for s in world.stands] + [scan.LITTER], np.uint8)
    cover = kinds[stand]
    for road in world.roads:
        inside = label_raster(frame, [road.line.buffer(road.width_m / 2)]) >= 0
        cover[inside] = scan.PAVED if road.surface == "paved" else scan.GRAVEL
        undergrowth[inside] = 0.0
    water = label_raster(frame, _water(params, world)) >= 0
    cover[water], undergrowth[water] = scan.WATER, 0.0
    return cover, undergrowth


def _open_ground(stand: Stand) -> int:
    return scan.GRASS if stand.kind.forest_type > 2 else scan.LITTER


def _water(params: SceneParams, world: World) -> list[shapely.Polygon]:
    """Return the stream and a pond in the middle of each stand that is a landing and pond."""
    x = np.arange(params.west_m, params.west_m + params.width_m + 10, 10.0)
    stream = shapely.LineString(np.column_stack([x, valley_line(params, x)]))
    ponds = [
        unit.polygon.representative_point().buffer(_POND_RADIUS_M)
        for unit, stand in zip(world.layout, world.stands, strict=True)
        if stand.kind.forest_type == 6
    ]
    return [stream.buffer(_STREAM_HALF_WIDTH_M), *ponds]


def _write_world(out: Path, params: SceneParams, world: World) -> dict[str, Path]:
    paths = {
        "compartments": out / "compartments.gpkg",
        "register": out / "register.csv",
        "roads": out / "roads.gpkg",
        "plots": out / "plots.csv",
        "trees": out / "truth_trees.npz",
        "truth": out / "truth_compartments.csv",
        "fellings": out / "truth_fellings.gpkg",
    }
    _write_compartments(paths["compartments"], world.layout, params.epsg)
    _write_roads(paths["roads"], world.roads, params.epsg)
    _write_fellings(paths["fellings"], world.fellings, params.epsg)
    write_table(paths["register"], list(world.register[0]), world.register, encoding="cp932")
    write_table(paths["plots"], PLOT_COLUMNS, world.plots)
    write_trees(paths["trees"], world.trees)
    truth = truth_rows(world.layout, world.stands, world.trees)
    write_table(paths["truth"], list(truth[0]), truth)
    (out / "NOTICE.txt").write_text(
        f"{NOTICE} (fictional data): simulated forest, register, roads and scan.\n"
        "Nothing here describes real land, trees or owners.\n",
        encoding="utf-8",
    )
    return paths


def _write_compartments(path: Path, layout: list[Subcompartment], epsg: int) -> None:
    columns: dict[str, list[object]] = {
        "KEYCODE": [unit.keycode for unit in layout],
        "林班": [unit.compartment for unit in layout],
        "小班": [unit.number for unit in layout],
    }
    write_layer(path, [unit.polygon for unit in layout], columns, epsg, "Polygon")


def _write_roads(path: Path, roads: list[Road], epsg: int) -> None:
    columns: dict[str, list[object]] = {
        "name": [road.name for road in roads],
        "road_class": [road.road_class for road in roads],
        "surface": [road.surface for road in roads],
        "width_m": [road.width_m for road in roads],
    }
    write_layer(path, [road.line for road in roads], columns, epsg, "LineString")


def _write_fellings(path: Path, events: list[Felling], epsg: int) -> None:
    columns: dict[str, list[object]] = {"kind": [event.kind for event in events]}
    write_layer(path, [event.polygon for event in events], columns, epsg, "Polygon")


def _scan_all(
    folder: Path, params: SceneParams, target: scan.Target, tiles: list[Tile]
) -> Iterator[Path]:
    """Scan and write tiles, in processes if asked; the order of the answers is that of tiles."""
    job = partial(_scan_and_write, folder, params, target)
    if params.workers <= 1:
        yield from map(job, tiles)
        return
    # Compiled once here, so that workers find the kernel in the cache.
    yield job(tiles[0])
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        params.workers, mp_context=context, initializer=_start_worker, initargs=(job,)
    ) as pool:
        yield from pool.map(_run_in_worker, tiles[1:])


_job: Callable[[Tile], Path] | None = None


def _start_worker(job: Callable[[Tile], Path]) -> None:
    """Keep the scene in the worker: sent once, not with every tile."""
    global _job
    _job = job


def _run_in_worker(tile: Tile) -> Path:
    assert _job is not None
    return _job(tile)


def _scan_and_write(folder: Path, params: SceneParams, target: scan.Target, tile: Tile) -> Path:
    path = folder / f"{tile.name}.laz"
    write_laz(path, scan.scan_tile(params, target, tile), tile.line, params.epsg)
    return path
