"""The cheapest line on a grid whose gradient and curves stay within limits.

A state is a cell and the direction in which it was reached, so that a turn can be judged when it
is made. Steps lead to 16 neighbours. A turn is taken where an arc of the least radius fits into
half of either step; a step is taken where its rise fits the gradient though arcs at both ends
shorten it as much as they ever may. What the search returns therefore keeps both limits.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routes.core import buckets
from routes.core.kernel import kernel
from routes.core.standard import Prices, Standard
from routes.core.terrain import Terrain

Raster = NDArray[np.float32]
Mask = NDArray[np.bool_]

# By direction, anticlockwise from the east: (rows down, columns right).
STEPS = np.array(
    [
        (0, 1),
        (-1, 2),
        (-1, 1),
        (-2, 1),
        (-1, 0),
        (-2, -1),
        (-1, -1),
        (-1, -2),
        (0, -1),
        (1, -2),
        (1, -1),
        (2, -1),
        (1, 0),
        (2, 1),
        (1, 1),
        (1, 2),
    ],
    np.int32,
)
DIRECTIONS = len(STEPS)
_SHARPEST = math.radians(54)
_UNREACHED = 255
_FIRST = 254


class Rules(NamedTuple):
    """What the search may do, by direction.

    Attributes
    ----------
    run_m : float64 array, shape (16,)
    greatest_rise_m : float64 array, shape (16,)
    turn : bool array, shape (16, 16)
        Whether one may go on in the second direction after the first.
    across : float64 array, shape (16, 2)
        Unit vector across each direction: (east, south).
    """

    run_m: NDArray[np.float64]
    greatest_rise_m: NDArray[np.float64]
    turn: Mask
    across: NDArray[np.float64]


def rules(standard: Standard, cell_m: float) -> Rules:
    """Return the rules of a standard on cells of a size."""
    run = np.hypot(STEPS[:, 0], STEPS[:, 1]) * cell_m
    heading = np.arctan2(-STEPS[:, 0], STEPS[:, 1])
    turn = np.abs((heading[:, None] - heading + math.pi) % (2 * math.pi) - math.pi)
    half = np.minimum(run[:, None], run) / 2
    fits = standard.least_radius_m * np.tan(np.minimum(turn, _SHARPEST) / 2) <= half + 1e-9
    sharp = np.minimum(run / 2 / standard.least_radius_m, math.tan(_SHARPEST / 2))
    shortening = standard.least_radius_m * (sharp - np.arctan(sharp))
    rise = standard.greatest_gradient * (run - 2 * shortening)
    across = (
        np.column_stack([STEPS[:, 0], -STEPS[:, 1]]) / np.hypot(STEPS[:, 0], STEPS[:, 1])[:, None]
    )
    return Rules(run, rise, fits & (turn <= _SHARPEST), across)


class Ground(NamedTuple):
    """What a step costs on: rasters of one shape, and numbers that hold everywhere.

    Attributes
    ----------
    height_m, east, south : float32 arrays
        Heights and their gradient.
    factor : float32 array
    cell_m, steepest, batter : float
        Cell, greatest cross slope, run over rise of a cut face.
    cut_price : float
        Of the cut of a metre at a cross slope of 1 under an upright face, relative to the metre.
    """

    height_m: Raster
    east: Raster
    south: Raster
    factor: Raster
    cell_m: float
    steepest: float
    batter: float
    cut_price: float


def search(
    terrain: Terrain,
    factor: Raster,
    sources: NDArray[np.int64],
    target: int,
    standard: Standard,
    prices: Prices,
) -> NDArray[np.int64]:
    """Return the cells of the cheapest line from any source to the target; empty if there is none.

    Parameters
    ----------
    terrain : Terrain
    factor : float32 array, shape of the terrain
        1 or more: the price of a cell relative to open ground; infinite where no line may run.
    sources : int64 array
        Numbers of cells (row x cols + col) of the network.
    target : int
    """
    cut_price = (standard.width_m / 2) ** 2 / 2 * prices.per_m3 / prices.per_m
    steepest, batter = standard.greatest_cross_slope, standard.cut_batter
    east, south = terrain.gradient()
    ground = Ground(
        np.ascontiguousarray(terrain.height_m),
        np.ascontiguousarray(east),
        np.ascontiguousarray(south),
        np.ascontiguousarray(factor),
        float(terrain.cell_m),
        float(steepest),
        float(batter),
        float(cut_price),
    )
    open_cells = factor[np.isfinite(factor)]
    dearest = float(open_cells.max(initial=1.0))
    dearest *= 1.0 + cut_price * steepest / (1.0 - batter * steepest)
    cells = _search(ground, rules(standard, terrain.cell_m), sources, target, dearest)
    return np.asarray(cells[::-1], np.int64)


@kernel
def _price(ground: Ground, step_rules: Rules, row: int, col: int, k: int) -> float:
    """Return the price of a step to a cell on the raster, as metres of open ground; infinite if barred.

    It is the same in both directions.
    """
    r, c = row + STEPS[k, 0], col + STEPS[k, 1]
    worth = max(ground.factor[r, c], ground.factor[row, col])
    rise = abs(float(ground.height_m[r, c]) - float(ground.height_m[row, col]))
    if not rise <= step_rules.greatest_rise_m[k] or worth == np.inf:
        return np.inf
    slope = 0.5 * abs(
        (ground.east[r, c] + ground.east[row, col]) * step_rules.across[k, 0]
        + (ground.south[r, c] + ground.south[row, col]) * step_rules.across[k, 1]
    )
    if not slope <= ground.steepest or _is_closed(ground.factor, row, col, k):
        return np.inf
    return float(
        step_rules.run_m[k]
        * worth
        * (1.0 + ground.cut_price * slope / (1.0 - ground.batter * slope))
    )


@kernel
def _prices(ground: Ground, step_rules: Rules) -> Raster:
    """Return the price of the steps from each cell in the first eight directions, shape (cells, 8).

    The other eight are the same steps backwards. Both searches ask for each price many times.
    """
    rows, cols = ground.factor.shape
    prices = np.full((rows * cols, 8), np.inf, np.float32)
    for row in range(rows):
        for col in range(cols):
            for k in range(8):
                r, c = row + STEPS[k, 0], col + STEPS[k, 1]
                if 0 <= r < rows and 0 <= c < cols:
                    prices[row * cols + col, k] = _price(ground, step_rules, row, col, k)
    return prices


@kernel
def _bounds(
    prices: Raster, shape: tuple[int, int], step_rules: Rules, target: int, dearest: float
) -> Raster:
    """Return for each cell what the way to the target costs at least: the price when any turn is allowed."""
    rows, cols = shape
    cell_m = step_rules.run_m[0]
    bound = np.full(rows * cols, np.inf, np.float32)
    after = np.empty(rows * cols, np.int32)
    before = np.full(rows * cols, buckets.ABSENT, np.int32)
    number = int(3.0 * dearest) + 3
    heads = np.full(number, -1, np.int32)
    bound[target] = 0.0
    buckets.put(after, before, heads, 0, target)
    waiting, current = 1, 0
    while waiting > 0:
        at = heads[current % number]
        if at < 0:
            current += 1
            continue
        buckets.drop(after, before, heads, current % number, at)
        waiting -= 1
        row, col, here = at // cols, at % cols, float(bound[at])
        for k in range(16):
            r, c = row + STEPS[k, 0], col + STEPS[k, 1]
            if r < 0 or c < 0 or r >= rows or c >= cols:
                continue
            to = r * cols + c
            known = bound[to]
            if known <= here + step_rules.run_m[k]:
                continue
            reached = np.float32(here + (prices[at, k] if k < 8 else prices[to, k - 8]))
            if reached < known:
                if before[to] != buckets.ABSENT:
                    buckets.drop(after, before, heads, int(known / cell_m) % number, to)
                    waiting -= 1
                bound[to] = reached
                buckets.put(after, before, heads, int(reached / cell_m) % number, to)
                waiting += 1
    return bound


@kernel
def _search(
    ground: Ground, step_rules: Rules, sources: NDArray[np.int64], target: int, dearest: float
) -> NDArray[np.int64]:
    """Search states in the order of their price so far plus the bound for the rest.

    The bound makes steps in the right direction free of further price: a state may therefore be
    bettered within its bucket, and is then taken again.
    """
    rows, cols = ground.factor.shape
    cell_m = ground.cell_m
    prices = _prices(ground, step_rules)
    bound = _bounds(prices, (rows, cols), step_rules, target, dearest)
    sources = sources[np.isfinite(bound[sources])]
    cost = np.full(rows * cols * 16, np.inf, np.float32)
    came = np.full(rows * cols * 16, _UNREACHED, np.uint8)
    if not sources.size:
        return _trace(came, -1, cols)
    after = np.empty(rows * cols * 16, np.int32)
    before = np.full(rows * cols * 16, buckets.ABSENT, np.int32)
    # Every source waits in the queue from the beginning, as far off as the farthest bound.
    spread = (bound[sources].max() - bound[sources].min()) / cell_m
    number = int(spread + 6.0 * dearest) + 4
    heads = np.full(number, -1, np.int32)
    for cell in sources:
        # One state is enough: the first step from the network may go anywhere.
        cost[cell * 16] = 0.0
        came[cell * 16] = _FIRST
        buckets.put(after, before, heads, int(bound[cell] / cell_m) % number, cell * 16)
    waiting = sources.size
    current = int(bound[sources].min() / cell_m)
    goal = -1
    while waiting > 0:
        at = heads[current % number]
        if at < 0 and goal >= 0:
            break
        if at < 0:
            current += 1
            continue
        buckets.drop(after, before, heads, current % number, at)
        waiting -= 1
        if at // 16 != target:
            states = (cost, came, after, before, heads)
            waiting += _expand(states, at, current, (prices, bound), (rows, cols), step_rules)
        elif goal < 0 or cost[at] < cost[goal]:
            goal = at
    return _trace(came, goal, cols)


@kernel
def _expand(
    states: tuple[Raster, NDArray[np.uint8], buckets.Cells, buckets.Cells, buckets.Cells],
    at: int,
    current: int,
    known_prices: tuple[Raster, Raster],
    shape: tuple[int, int],
    step_rules: Rules,
) -> int:
    """Take all steps from a state; return how many more states wait."""
    cost, came, after, before, heads = states
    prices, bound = known_prices
    rows, cols = shape
    cell_m = step_rules.run_m[0]
    cell, heading = at // 16, at % 16
    row, col, here = cell // cols, cell % cols, float(cost[at])
    more = 0
    for k in range(16):
        if came[at] != _FIRST and not step_rules.turn[heading, k]:
            continue
        r, c = row + STEPS[k, 0], col + STEPS[k, 1]
        to = r * cols + c
        if r < 0 or c < 0 or r >= rows or c >= cols or bound[to] == np.inf:
            continue
        state, rest = to * 16 + k, float(bound[to])
        known = cost[state]
        reached = np.float32(here + (prices[cell, k] if k < 8 else prices[to, k - 8]))
        if reached >= known:
            continue
        if before[state] != buckets.ABSENT:
            old = max(int((known + rest) / cell_m), current)
            buckets.drop(after, before, heads, old % heads.size, state)
            more -= 1
        cost[state] = reached
        came[state] = heading
        new = max(int((reached + rest) / cell_m), current)
        buckets.put(after, before, heads, new % heads.size, state)
        more += 1
    return more


@kernel
def _trace(came: NDArray[np.uint8], goal: int, cols: int) -> NDArray[np.int64]:
    """Return the cells from the goal back to the network."""
    path = []
    state = goal
    while state >= 0:
        cell, heading = state // 16, state % 16
        path.append(cell)
        if came[state] == _FIRST:
            break
        origin = (cell // cols - STEPS[heading, 0]) * cols + cell % cols - STEPS[heading, 1]
        state = origin * 16 + came[state]
    return np.array(path, np.int64) if len(path) else np.empty(0, np.int64)


@kernel
def _is_closed(factor: Raster, row: int, col: int, k: int) -> bool:
    """Tell whether a step passes a cell where no line may run."""
    down, right = STEPS[k, 0], STEPS[k, 1]
    if abs(down) + abs(right) == 1:
        return False
    if abs(down) == abs(right):
        return bool(factor[row + down, col] == np.inf and factor[row, col + right] == np.inf)
    if abs(down) == 1:
        half = right // 2
        return bool(factor[row, col + half] == np.inf or factor[row + down, col + half] == np.inf)
    half = down // 2
    return bool(factor[row + half, col] == np.inf or factor[row + half, col + right] == np.inf)
