"""Trace laser pulses through crowns to the ground: compiled kernels.

A pulse is a bundle of thin rays inside its footprint. Each ray travels through the crowns
it meets; in each it is stopped after an exponential distance (Beer-Lambert), so the
nearest stop of all crowns, the undergrowth or the ground is its hit. Hits of a bundle closer
than the receiver can tell apart make one return. All lengths in metres.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lidar.core.kernel import kernel

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

MAX_RETURNS = 5
RAYS = 6
_MAX_NEAR = 96
_CANOPY_M = 46.0
_FOOTPRINT_M = 0.18
_DEAD_ZONE_M = 1.1
_LEAST_ENERGY = 0.022
_UNDERGROWTH_SHARE = 0.3

# Columns of the tree table.
X, Y, Z, TOP, BASE, RADIUS, SHAPE, EXTINCTION, REFLECTANCE = range(9)
TREE_COLUMNS = 9

# Kinds of a hit.
GROUND, CROWN, UNDERGROWTH = range(3)


@kernel
def _bilinear(values: F32, row: float, col: float) -> float:
    r = min(max(row, 0.0), values.shape[0] - 1.001)
    c = min(max(col, 0.0), values.shape[1] - 1.001)
    i, j = int(r), int(c)
    u, v = r - i, c - j
    south = values[i, j] * (1 - v) + values[i, j + 1] * v
    north = values[i + 1, j] * (1 - v) + values[i + 1, j + 1] * v
    return float(south * (1 - u) + north * u)


@kernel
def _ellipsoid(
    dx: float, dy: float, dz: float, ux: float, uy: float, r: float, b: float
) -> tuple[float, float]:
    """Interval of w where |(d + w (ux, uy, 1))| is inside an ellipsoid of half-axes r, r, b."""
    rr, bb = 1.0 / (r * r), 1.0 / (b * b)
    qa = (ux * ux + uy * uy) * rr + bb
    qb = (dx * ux + dy * uy) * rr + dz * bb
    qc = (dx * dx + dy * dy) * rr + dz * dz * bb - 1.0
    disc = qb * qb - qa * qc
    if disc <= 0.0:
        return 1.0, 0.0
    root = np.sqrt(disc)
    return (-qb - root) / qa, (-qb + root) / qa


@kernel
def _paraboloid(
    dx: float, dy: float, top: float, ux: float, uy: float, r: float, length: float
) -> tuple[float, float]:
    """Interval of w inside r**2 (top - w) / length >= distance**2."""
    k = r * r / length
    qa = ux * ux + uy * uy
    qb = dx * ux + dy * uy + 0.5 * k
    qc = dx * dx + dy * dy - k * top
    if qa < 1e-9:
        return -1e9, -qc / (2.0 * qb)
    disc = qb * qb - qa * qc
    if disc <= 0.0:
        return 1.0, 0.0
    root = np.sqrt(disc)
    return (-qb - root) / qa, (-qb + root) / qa


@kernel
def _cone(
    dx: float, dy: float, top: float, ux: float, uy: float, r: float, length: float
) -> tuple[float, float]:
    """Interval of w inside the cone with its tip at w = top, widening downwards."""
    kk = (r / length) ** 2
    qa = ux * ux + uy * uy - kk
    qb = dx * ux + dy * uy + kk * top
    qc = dx * dx + dy * dy - kk * top * top
    if abs(qa) < 1e-9:
        return (-1e9, -qc / (2.0 * qb)) if qb > 0 else (1.0, 0.0)
    disc = qb * qb - qa * qc
    if disc <= 0.0:
        return 1.0, 0.0
    root = np.sqrt(disc)
    low, high = min((-qb - root) / qa, (-qb + root) / qa), max((-qb - root) / qa, (-qb + root) / qa)
    if qa < 0.0:
        return -1e9, low
    if 0.5 * (low + high) > top:
        return 1.0, 0.0
    return low, high


@kernel
def _crown_interval(
    tree: F32, gx: float, gy: float, gz: float, ux: float, uy: float
) -> tuple[float, float]:
    """Heights above gz between which the ray (gx + w ux, gy + w uy, gz + w) is in a crown."""
    dx, dy = gx - tree[X], gy - tree[Y]
    top, base = tree[Z] + tree[TOP] - gz, tree[Z] + tree[BASE] - gz
    length = top - base
    if tree[SHAPE] == 0.0:
        return _ellipsoid(dx, dy, -(top + base) / 2, ux, uy, tree[RADIUS], length / 2)
    if tree[SHAPE] == 1.0:
        low, high = _cone(dx, dy, top, ux, uy, tree[RADIUS], length)
    else:
        low, high = _paraboloid(dx, dy, top, ux, uy, tree[RADIUS], length)
    return max(low, base), min(high, top)


@kernel
def _near_trees(
    start: I32, members: I32, frame: F64, gx: float, gy: float, ux: float, uy: float, near: I32
) -> int:
    """List the trees of the cells that the ray passes below the canopy's top."""
    west, south, step = frame[0], frame[1], frame[2]
    rows, cols = int(frame[3]), int(frame[4])
    reach = _CANOPY_M * np.sqrt(ux * ux + uy * uy)
    pieces = int(reach / (0.5 * step)) + 1
    count, last = 0, -1
    for i in range(pieces + 1):
        w = _CANOPY_M * i / pieces
        row = int((gy + w * uy - south) / step)
        col = int((gx + w * ux - west) / step)
        if row < 0 or col < 0 or row >= rows or col >= cols:
            continue
        cell = row * cols + col
        if cell == last:
            continue
        last = cell
        for k in range(start[cell], start[cell + 1]):
            tree = members[k]
            seen = False
            for m in range(count):
                if near[m] == tree:
                    seen = True
                    break
            if not seen and count < _MAX_NEAR:
                near[count] = tree
                count += 1
    return count


@kernel
def _landing(
    terrain: F32, frame: F64, x: float, y: float, tangent: float, plane_z: float
) -> tuple[float, float]:
    """Return northing and height where a beam from (x, y, plane_z) meets the ground."""
    row, col = (y - frame[1]) / frame[2], (x - frame[0]) / frame[2]
    gy, gz = y, _bilinear(terrain, row, col)
    for _ in range(6):
        gy = y + tangent * (plane_z - gz)
        gz = _bilinear(terrain, (gy - frame[1]) / frame[2], col)
    return gy, gz


@kernel
def _floor(undergrowth_m: float, cover: int, reflectance: F64) -> tuple[float, int, float]:
    """Return height, kind and brightness of what is below the crowns: ground or undergrowth."""
    if undergrowth_m > 0.0 and np.random.random() < _UNDERGROWTH_SHARE:  # noqa: NPY002
        height = undergrowth_m * np.random.random()  # noqa: NPY002
        return height, UNDERGROWTH, reflectance[0]
    return 0.0, GROUND, reflectance[cover]


@kernel
def _stop(
    trees: F32,
    near: I32,
    x: float,
    y: float,
    z: float,
    ux: float,
    uy: float,
    stretch: float,
    low: float,
    what: int,
    bright: float,
) -> tuple[float, float, float]:
    """Return height, brightness and kind of the first thing that stops a ray.

    Every crown draws its own distance; the highest stop wins, which is a Poisson process
    of the summed density where crowns overlap.
    """
    for i in range(near.size):
        tree = trees[near[i]]
        bottom, top = _crown_interval(tree, x, y, z, ux, uy)
        if top <= bottom or top <= low:
            continue
        stop = top - np.random.exponential() / (tree[EXTINCTION] * stretch)  # noqa: NPY002
        if stop > bottom and stop > low:
            low, what, bright = stop, CROWN, tree[REFLECTANCE]
    return low, bright / RAYS, what


@kernel
def _merge(
    hits: F64, order: NDArray[np.int64], stretch: float, place: F32, energy: F32, kind: U8
) -> int:
    """Write the returns of a bundle, height in the third column of place; return their number."""
    made, i = 0, 0
    while i < RAYS and made < MAX_RETURNS:
        first = hits[order[i], 0]
        total, moment, crowns, bare = 0.0, 0.0, 0, 0
        j = i
        while j < RAYS and (first - hits[order[j], 0]) * stretch < _DEAD_ZONE_M:
            hit = hits[order[j]]
            total += hit[1]
            moment += hit[1] * hit[0]
            crowns += hit[2] == CROWN
            bare += hit[2] == GROUND
            j += 1
        if total >= _LEAST_ENERGY:
            place[made, 2] = moment / total
            energy[made] = total
            kind[made] = CROWN if crowns else (GROUND if 2 * bare >= j - i else UNDERGROWTH)
            made += 1
        i = j
    return made


@kernel
def trace(
    pulses: F64,
    plane_z: float,
    terrain: F32,
    terrain_frame: F64,
    trees: F32,
    start: I32,
    members: I32,
    tree_frame: F64,
    cover: U8,
    undergrowth: F32,
    cover_reflectance: F64,
    seed: int,
) -> tuple[F32, F32, U8, U8]:
    """Return the returns of pulses.

    Parameters
    ----------
    pulses : float64 array, shape (n, 3)
        Origin x, y at height `plane_z` and the across-track tangent of the beam (dy/dz).
    plane_z : float
        Height of the scanner.
    terrain, terrain_frame
        Ground elevations (row 0 south) and west, south, step.
    trees : float32 array, shape (tree, TREE_COLUMNS)
    start, members, tree_frame
        Trees by cell (compressed rows), and west, south, step, rows, cols of the cells.
    cover : uint8 array
        Kind of ground on the terrain raster, an index of `cover_reflectance`.
    undergrowth : float32 array
        Height of the undergrowth on the terrain raster.
    cover_reflectance : float64 array
    seed : int

    Returns
    -------
    place : float32 array, shape (n, MAX_RETURNS, 3)
        x, y relative to the terrain frame's corner, and elevation.
    energy : float32 array, shape (n, MAX_RETURNS)
    kind : uint8 array, shape (n, MAX_RETURNS)
        0 ground, 1 crown, 2 undergrowth.
    count : uint8 array, shape (n,)
    """
    np.random.seed(seed)  # noqa: NPY002
    n = pulses.shape[0]
    place = np.zeros((n, MAX_RETURNS, 3), np.float32)
    energy = np.zeros((n, MAX_RETURNS), np.float32)
    kind = np.zeros((n, MAX_RETURNS), np.uint8)
    count = np.zeros(n, np.uint8)
    near = np.empty(_MAX_NEAR, np.int32)
    hits = np.empty((RAYS, 3))
    west, south, step = terrain_frame[0], terrain_frame[1], terrain_frame[2]
    for p in range(n):
        gx, tangent = pulses[p, 0], pulses[p, 2]
        gy, gz = _landing(terrain, terrain_frame, gx, pulses[p, 1], tangent, plane_z)
        ux, uy = 0.0, -tangent
        stretch = np.sqrt(1.0 + tangent * tangent)
        n_near = _near_trees(start, members, tree_frame, gx, gy, ux, uy, near)
        turn = np.random.random() * 2 * np.pi  # noqa: NPY002
        for ray in range(RAYS):
            reach = 0.0 if ray == 0 else _FOOTPRINT_M
            angle = turn + 2 * np.pi * ray / (RAYS - 1)
            ox, oy = gx + reach * np.cos(angle), gy + reach * np.sin(angle)
            row, col = (oy - south) / step, (ox - west) / step
            r = min(max(int(row), 0), cover.shape[0] - 1)
            c = min(max(int(col), 0), cover.shape[1] - 1)
            low, what, bright = _floor(undergrowth[r, c], cover[r, c], cover_reflectance)
            low += _bilinear(terrain, row, col) - gz
            hits[ray, 0], hits[ray, 1], hits[ray, 2] = _stop(
                trees, near[:n_near], ox, oy, gz, ux, uy, stretch, low, what, bright
            )
        order = np.argsort(-hits[:, 0])
        count[p] = _merge(hits, order, stretch, place[p], energy[p], kind[p])
        for k in range(count[p]):
            w = place[p, k, 2]
            place[p, k, 0] = gx + w * ux - west
            place[p, k, 1] = gy + w * uy - south
            place[p, k, 2] = gz + w
    return place, energy, kind, count
