"""Scan a simulated scene: pulses of one tile, traced and turned into LAS records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lidar.simulate import tracing
from lidar.simulate.flight import Tile, speed_m_s
from lidar.simulate.params import SceneParams
from lidar.simulate.species import SPECIES
from lidar.simulate.terrain import Relief
from lidar.simulate.trees import Trees

Array = NDArray[np.float64]

_CELL_M = 4.0
_BRIGHTNESS = 5200.0
_RANGE_NOISE_M = 0.02
_PLACE_NOISE_M = 0.06
_OUTLIER_SHARE = 4e-6
_VENDOR_ERROR = 0.015

# Kinds of ground: the index is the code in the cover raster.
LITTER, PAVED, GRAVEL, WATER, GRASS = range(5)
COVER_REFLECTANCE = np.array([0.34, 0.14, 0.26, 0.012, 0.48])

CLASS_OTHER, CLASS_GROUND, CLASS_LOW, CLASS_HIGH = 1, 2, 7, 18


@dataclass(frozen=True, slots=True)
class Target:
    """All that a beam can meet.

    Attributes
    ----------
    terrain, cover, undergrowth
        Rasters of one shape, row 0 south.
    frame : float64 array
        West, south, step of the rasters.
    trees : float32 array, shape (tree, tracing.TREE_COLUMNS)
    start, members : int32 arrays
        Trees by cell, compressed rows.
    cells : float64 array
        West, south, step, rows, cols of the cells.
    """

    terrain: NDArray[np.float32]
    cover: NDArray[np.uint8]
    undergrowth: NDArray[np.float32]
    frame: Array
    trees: NDArray[np.float32]
    start: NDArray[np.int32]
    members: NDArray[np.int32]
    cells: Array


@dataclass(frozen=True, slots=True)
class Records:
    """Returns of one tile in scan order, arrays of one length."""

    x_m: Array
    y_m: Array
    z_m: Array
    intensity: NDArray[np.uint16]
    return_number: NDArray[np.uint8]
    return_count: NDArray[np.uint8]
    classification: NDArray[np.uint8]
    scan_angle_deg: Array
    gps_time_s: Array


def make_target(
    params: SceneParams,
    relief: Relief,
    trees: Trees,
    ground: tuple[NDArray[np.uint8], NDArray[np.float32]],
) -> Target:
    """Return the target of a scene; `ground` is its cover and undergrowth rasters."""
    frame = np.array([relief.frame.west_m, relief.frame.south_m, relief.frame.step_m])
    table = _tree_table(params, trees)
    # Positions near the corner keep single precision fine enough for millimetres.
    table[:, tracing.X] = trees.x_m - frame[0]
    table[:, tracing.Y] = trees.y_m - frame[1]
    rows = int(np.ceil(relief.frame.rows * relief.frame.step_m / _CELL_M))
    cols = int(np.ceil(relief.frame.cols * relief.frame.step_m / _CELL_M))
    start, members = _trees_by_cell(table, rows, cols)
    return Target(
        terrain=relief.elevation_m.astype(np.float32),
        cover=ground[0],
        undergrowth=ground[1],
        frame=frame,
        trees=table,
        start=start,
        members=members,
        cells=np.array([0.0, 0.0, _CELL_M, rows, cols]),
    )


def scan_tile(params: SceneParams, target: Target, tile: Tile) -> Records:
    """Return the returns of one tile that fall inside the scene."""
    rng = np.random.default_rng(tile.seed)
    pulses, angle, time = _pulses(params, tile, target.frame, rng)
    local = np.array([0.0, 0.0, target.frame[2]])
    place, energy, kind, count = tracing.trace(
        pulses, tile.height_m, target.terrain, local, target.trees, target.start,
        target.members, target.cells, target.cover, target.undergrowth,
        COVER_REFLECTANCE, tile.seed % 2**31,
    )  # fmt: skip
    pulse, rank = np.nonzero(np.arange(tracing.MAX_RETURNS)[None, :] < count[:, None])
    x, y, z = (place[pulse, rank, axis].astype(np.float64) for axis in range(3))
    x += target.frame[0] + rng.normal(0, _PLACE_NOISE_M, x.size)
    y += target.frame[1] + rng.normal(0, _PLACE_NOISE_M, x.size)
    z += tile.height_error_m + rng.normal(0, _RANGE_NOISE_M, x.size)
    records = Records(
        x, y, z,
        _intensity(params, tile, energy[pulse, rank], tile.height_m - z, angle[pulse], rng),
        (rank + 1).astype(np.uint8),
        count[pulse],
        _classes(tile, kind[pulse, rank], rng),
        angle[pulse],
        time[pulse],
    )  # fmt: skip
    return _inside(params, _with_outliers(tile, records, rng))


def _pulses(
    params: SceneParams, tile: Tile, frame: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Return pulses (x, y, tangent) of parallel scan lines, their angles and times."""
    step = 1 / np.sqrt(tile.pulses_m2)
    lines = np.arange(tile.west_m, tile.east_m, step)
    across = np.arange(-tile.half_width_m, tile.half_width_m, step)
    s, t = np.meshgrid(lines, across, indexing="ij")
    s = s.ravel() + rng.uniform(-0.3, 0.3, s.size) * step
    t = t.ravel() + rng.uniform(-0.3, 0.3, t.size) * step
    roll = np.radians(0.4) * np.sin(2 * np.pi * s / 170.0 + tile.line)
    tangent = np.tan(np.arctan(t / params.mean_height_m) + roll)
    x = s - frame[0]
    y = np.full(x.size, tile.line_y_m - frame[1])
    # Fired at even intervals, so that a time belongs to one pulse.
    period = step / speed_m_s()
    first = (tile.west_m - frame[0]) / speed_m_s()
    time = tile.start_s + first + period * np.arange(s.size) / across.size
    return np.column_stack([x, y, tangent]), np.degrees(np.arctan(tangent)), time


def _intensity(
    params: SceneParams,
    tile: Tile,
    energy: NDArray[np.float32],
    above_m: Array,
    angle_deg: Array,
    rng: np.random.Generator,
) -> NDArray[np.uint16]:
    """Return digital numbers: energy x (R0/R)**2 x cos(angle) x gain x speckle."""
    cosine = np.cos(np.radians(angle_deg))
    distance = above_m / cosine
    speckle = rng.lognormal(0, 0.12, energy.size)
    signal = energy * (params.mean_height_m / distance) ** 2 * cosine * tile.gain * speckle
    return np.clip(_BRIGHTNESS * signal, 1, 65535).astype(np.uint16)


def _classes(tile: Tile, kind: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return vendor-like classes: ground 2 with a few errors, or 1 throughout."""
    if not tile.classified:
        return np.full(kind.size, CLASS_OTHER, np.uint8)
    ground = kind == tracing.GROUND
    slip = rng.uniform(size=kind.size) < _VENDOR_ERROR
    ground = np.where(kind == tracing.CROWN, ground, ground ^ slip)
    return np.where(ground, CLASS_GROUND, CLASS_OTHER).astype(np.uint8)


def _with_outliers(tile: Tile, records: Records, rng: np.random.Generator) -> Records:
    """Lift or sink a few single returns: birds, haze, multipath."""
    count = int(rng.poisson(_OUTLIER_SHARE * records.z_m.size))
    which = rng.choice(records.z_m.size, count, replace=False) if count else np.zeros(0, np.intp)
    high = rng.uniform(size=count) < 0.6
    shift = np.where(high, rng.uniform(60, 220, count), -rng.uniform(4, 35, count))
    records.z_m[which] += shift
    noted = tile.classified & (rng.uniform(size=count) < 0.7)
    noise = np.where(high, CLASS_HIGH, CLASS_LOW)
    records.classification[which] = np.where(noted, noise, CLASS_OTHER)
    return records


def _inside(params: SceneParams, records: Records) -> Records:
    left, bottom, right, top = params.bounds
    keep = (records.x_m >= left) & (records.x_m < right)
    keep &= (records.y_m >= bottom) & (records.y_m < top)
    return Records(*(getattr(records, name)[keep] for name in Records.__dataclass_fields__))


def _tree_table(params: SceneParams, trees: Trees) -> NDArray[np.float32]:
    table = np.zeros((len(trees), tracing.TREE_COLUMNS), np.float32)
    table[:, tracing.Z] = trees.ground_m
    table[:, tracing.TOP] = trees.height_m
    table[:, tracing.BASE] = trees.crown_base_m
    table[:, tracing.RADIUS] = trees.crown_radius_m
    of_species = {
        tracing.SHAPE: [float(s.shape) for s in SPECIES],
        tracing.EXTINCTION: [s.extinction[params.season] for s in SPECIES],
        tracing.REFLECTANCE: [s.reflectance[params.season] for s in SPECIES],
    }
    for column, values in of_species.items():
        table[:, column] = np.array(values, np.float32)[trees.species]
    return table


def _trees_by_cell(
    table: NDArray[np.float32], rows: int, cols: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """List for each cell the trees whose crown, and half a metre around, reaches it."""
    reach = table[:, tracing.RADIUS] + 0.5

    def span(centre: NDArray[np.float32], size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        low = np.clip((centre - reach) // _CELL_M, 0, size - 1).astype(np.intp)
        high = np.clip((centre + reach) // _CELL_M, 0, size - 1).astype(np.intp)
        return low, high

    row0, row1 = span(table[:, tracing.Y], rows)
    col0, col1 = span(table[:, tracing.X], cols)
    cells, owners = [], []
    tree = np.arange(len(table))
    for dr in range(int((row1 - row0).max(initial=0)) + 1):
        for dc in range(int((col1 - col0).max(initial=0)) + 1):
            use = (row0 + dr <= row1) & (col0 + dc <= col1)
            cells.append((row0[use] + dr) * cols + col0[use] + dc)
            owners.append(tree[use])
    cell, owner = np.concatenate(cells), np.concatenate(owners)
    order = np.argsort(cell, kind="stable")
    start = np.searchsorted(cell[order], np.arange(rows * cols + 1))
    return start.astype(np.int32), owner[order].astype(np.int32)
