"""Terrain of a simulated scene: a main valley, side valleys, ridges and rough ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lidar.simulate.fields import Frame, random_field
from lidar.simulate.params import SceneParams

Array = NDArray[np.float64]

STEP_M = 1.0
MARGIN_M = 40.0
_VALLEY_FLOOR_M = 210.0


@dataclass(frozen=True, slots=True)
class Relief:
    """Elevations of the ground.

    Attributes
    ----------
    frame : Frame
        1 m nodes over the scene and a margin.
    elevation_m : float64 array, shape (rows, cols), row 0 south
    """

    frame: Frame
    elevation_m: Array

    def at(self, x_m: Array, y_m: Array) -> Array:
        """Return ground elevations at positions, metres."""
        return self.frame.sample(self.elevation_m, x_m, y_m)

    def slope_deg(self, x_m: Array, y_m: Array, span_m: float = 5.0) -> Array:
        """Return slopes over `span_m` at positions, degrees."""
        dx = self.at(x_m + span_m, y_m) - self.at(x_m - span_m, y_m)
        dy = self.at(x_m, y_m + span_m) - self.at(x_m, y_m - span_m)
        return np.degrees(np.arctan(np.hypot(dx, dy) / (2 * span_m)))


def valley_line(params: SceneParams, x_m: Array) -> Array:
    """Return the northing of the main stream at eastings, metres."""
    u = (x_m - params.west_m) / 1600.0
    third = params.south_m + 0.3 * params.height_m
    bend = 0.06 * params.height_m
    return third + bend * np.sin(2 * np.pi * (u * 1.3 + 0.1)) + 0.12 * params.height_m * u


def make_relief(params: SceneParams, rng: np.random.Generator) -> Relief:
    """Return the ground of the scene."""
    frame = Frame.around(params.bounds, STEP_M, MARGIN_M)
    x, y = frame.nodes()
    away = y - valley_line(params, x)
    side = np.abs(away)
    climb = 125.0 * (1 - np.exp(-((side / 330.0) ** 1.6)))
    ramp = 1 - np.exp(-((side / 180.0) ** 2))
    coarse = Frame.around(params.bounds, 20.0, MARGIN_M)
    warp = coarse.sample(60.0 * random_field(rng, coarse, 350.0), x.ravel(), y.ravel())
    spurs = 22.0 * ramp * np.sin(2 * np.pi * (x + 0.35 * away + warp.reshape(x.shape)) / 380.0)
    knolls = coarse.sample(9.0 * random_field(rng, coarse, 160.0), x.ravel(), y.ravel())
    rough = 0.8 * random_field(rng, frame, 30.0) * ramp + 0.06 * random_field(rng, frame, 4.0)
    height = climb + spurs + knolls.reshape(x.shape) * (0.2 + 0.8 * ramp)
    drop = 0.015 * (x - params.west_m)
    elevation = _VALLEY_FLOOR_M + drop + params.slope_scale * height + rough
    return Relief(frame, elevation)
