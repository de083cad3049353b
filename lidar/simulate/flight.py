"""Flight plan of a simulated scan: lines, tiles along them, and their instruments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from lidar.simulate.params import SceneParams

_SPEED_M_S = 60.0
_GPS_EPOCH = datetime(1980, 1, 6, tzinfo=UTC)
_LEAP_SECONDS = 18
_START = {
    "leaf_off": datetime(2025, 11, 3, 1, 10, tzinfo=UTC),
    "leaf_on": datetime(2025, 7, 24, 1, 10, tzinfo=UTC),
}
_TURN_S = 240.0


@dataclass(frozen=True, slots=True)
class Tile:
    """One file: a stretch of one flight line, flown from west to east.

    Attributes
    ----------
    name : str
    line : int
        Point source id.
    west_m, east_m : float
        Stretch along the line.
    line_y_m : float
        Northing of the line.
    height_m : float
        Flying height above the ellipsoid-like zero of the elevations.
    half_width_m : float
        Half swath on the mean terrain.
    pulses_m2 : float
        Pulse density of this line alone.
    start_s : float
        Adjusted standard GPS time at the scene's west edge.
    gain : float
        Intensity factor of this line.
    height_error_m : float
        Vertical offset of this line.
    classified : bool
        Whether ground classes are delivered.
    seed : int
    """

    name: str
    line: int
    west_m: float
    east_m: float
    line_y_m: float
    height_m: float
    half_width_m: float
    pulses_m2: float
    start_s: float
    gain: float
    height_error_m: float
    classified: bool
    seed: int


def instruments(params: SceneParams) -> np.random.Generator:
    """Return the chance by which instruments differ between lines, another for each scan."""
    later = [params.years_later] if params.years_later else []
    return np.random.default_rng([params.seed, 2, *later])


def plan(params: SceneParams, mean_ground_m: float, rng: np.random.Generator) -> list[Tile]:
    """Return the tiles of all lines: one block over the scene, one more over its dense part."""
    left, _, right, _ = params.bounds
    tiles = _block(params, (left, right), params.pulses_m2, mean_ground_m, rng, first_line=1)
    extra = params.dense_pulses_m2 - params.pulses_m2
    if extra > 0 and params.dense_share > 0:
        west = right - params.dense_share * params.width_m
        tiles += _block(params, (west, right), extra, mean_ground_m, rng, first_line=101)
    return tiles


def _block(
    params: SceneParams,
    reach: tuple[float, float],
    pulses_m2: float,
    mean_ground_m: float,
    rng: np.random.Generator,
    first_line: int,
) -> list[Tile]:
    half_width = params.mean_height_m * np.tan(np.radians(params.half_angle_deg))
    spacing = 2 * half_width * (1 - params.overlap)
    count = int(np.ceil(params.height_m / spacing))
    spacing = params.height_m / count
    middles = (np.arange(count) + 0.5) * spacing
    swaths = np.minimum(middles + half_width, params.height_m) - np.maximum(middles - half_width, 0)
    line_density = pulses_m2 * params.height_m / float(swaths.sum())
    day = _START[params.season].replace(year=_START[params.season].year + params.years_later)
    start = (day - _GPS_EPOCH).total_seconds() + _LEAP_SECONDS - 1e9
    tiles = []
    for k in range(count):
        instrument = float(rng.lognormal(0, 0.06)), float(rng.normal(0, 0.015))
        tiles += _line(
            params,
            reach,
            first_line + k,
            line_y_m=params.south_m + float(middles[k]),
            height_m=mean_ground_m + params.mean_height_m,
            half_width_m=float(half_width),
            pulses_m2=line_density,
            start_s=start + _TURN_S * (first_line + k),
            instrument=instrument,
        )
    return tiles


def _line(
    params: SceneParams,
    reach: tuple[float, float],
    line: int,
    instrument: tuple[float, float],
    **common: float,
) -> list[Tile]:
    count = max(1, round((reach[1] - reach[0]) / params.tile_m))
    edges = np.linspace(reach[0], reach[1], count + 1)
    unclassified_to = params.west_m + params.unclassified_share * params.width_m
    return [
        Tile(
            name=f"L{line:03d}_{t + 1:02d}",
            line=line,
            west_m=float(edges[t]),
            east_m=float(edges[t + 1]),
            gain=instrument[0],
            height_error_m=instrument[1],
            classified=bool(edges[t] + 1.0 > unclassified_to),
            seed=params.seed * 1_000 + line * 50 + t + params.years_later * 1_000_003,
            **common,
        )
        for t in range(count)
    ]


def speed_m_s() -> float:
    """Return the speed over ground of the simulated aircraft, metres a second."""
    return _SPEED_M_S
