"""A planned line held against its standard: what it breaks, where, and its profile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from shapely import LineString

from routes.core import curves
from routes.core.standard import Standard
from routes.core.terrain import Terrain

Array = NDArray[np.float64]

_SLACK = 1e-6


class Breach(StrEnum):
    """What a line breaks."""

    GRADIENT = "gradient"
    RADIUS = "radius"
    CROSS_SLOPE = "cross_slope"
    UNKNOWN_HEIGHT = "unknown_height"
    CROSSES_ITSELF = "crosses_itself"


@dataclass(frozen=True, slots=True)
class Fault:
    """One breach: from where to where along the line, how much, and what is allowed."""

    kind: Breach
    from_m: float
    to_m: float
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class Profile:
    """A line in length and height.

    Attributes
    ----------
    chainage_m, height_m : float64 arrays, shape (vertices,)
        Along the line as it is driven, corners rounded with the least radius.
    gradient, cross_slope : float64 arrays, shape (segments,)
    cut_m3 : float
    faults : tuple of Fault
    """

    chainage_m: Array
    height_m: Array
    gradient: Array
    cross_slope: Array
    cut_m3: float
    faults: tuple[Fault, ...]

    @property
    def length_m(self) -> float:
        """Of the line as it is driven."""
        return float(self.chainage_m[-1])


def profile(xy: Array, terrain: Terrain, standard: Standard) -> Profile:
    """Lay a line on the terrain and hold it against a standard.

    The line runs straight, in plan and in height, from the ground at one vertex to the ground at
    the next; its corners are arcs of the least radius. A line drawn by hand and one that was
    planned are judged alike.

    Parameters
    ----------
    xy : float64 array, shape (n, 2), n of 2 or more
        Vertices in the coordinate system of the terrain.
    """
    height = terrain.height_at(xy)
    driven = curves.driven_m(xy, standard.least_radius_m)
    chainage = np.concatenate([[0.0], np.cumsum(np.maximum(driven, 0.0))])
    with np.errstate(divide="ignore", invalid="ignore"):
        gradient = np.diff(height) / driven
    cross = cross_slopes(xy, terrain)
    within = np.minimum(np.nan_to_num(cross), standard.greatest_cross_slope)
    cut = float((standard.cut_m2(within) * np.maximum(driven, 0.0)).sum())
    faults = (
        *_too_much(Breach.GRADIENT, gradient, standard.greatest_gradient, chainage),
        *_too_much(Breach.CROSS_SLOPE, cross, standard.greatest_cross_slope, chainage),
        *_too_sharp(xy, standard.least_radius_m, chainage),
        *_unknown(height, chainage),
        *_crossed(xy, chainage),
    )
    return Profile(chainage, height, gradient, cross, cut, faults)


def cross_slopes(xy: Array, terrain: Terrain) -> Array:
    """Return the slope of the ground across each segment, from the mean gradient at its ends."""
    step = np.diff(xy, axis=0)
    length = np.maximum(np.hypot(*step.T), 1e-12)
    east, south = (terrain.sample(part, xy) for part in terrain.gradient())
    east, south = (east[:-1] + east[1:]) / 2, (south[:-1] + south[1:]) / 2
    slope: Array = np.abs(east * step[:, 1] + south * step[:, 0]) / length
    return slope


def _too_much(kind: Breach, value: Array, limit: float, chainage: Array) -> list[Fault]:
    over = np.flatnonzero(np.abs(value) > limit + _SLACK)
    return [
        Fault(kind, float(chainage[i]), float(chainage[i + 1]), float(abs(value[i])), limit)
        for i in over
    ]


def _too_sharp(xy: Array, least_m: float, chainage: Array) -> list[Fault]:
    """Return corners whose arcs of the least radius do not fit between their neighbours."""
    length = np.hypot(*np.diff(xy, axis=0).T)
    needed = np.concatenate([[0.0], curves.tangent_m(curves.turns(xy), least_m), [0.0]])
    short = needed[:-1] + needed[1:] > length + _SLACK
    return [
        Fault(
            Breach.RADIUS,
            float(chainage[i]),
            float(chainage[i + 1]),
            float(least_m * length[i] / (needed[i] + needed[i + 1])),
            least_m,
        )
        for i in np.flatnonzero(short)
    ]


def _unknown(height: Array, chainage: Array) -> list[Fault]:
    return [
        Fault(Breach.UNKNOWN_HEIGHT, float(chainage[i]), float(chainage[i]), float("nan"), 0.0)
        for i in np.flatnonzero(~np.isfinite(height))
    ]


def _crossed(xy: Array, chainage: Array) -> list[Fault]:
    if LineString(xy).is_simple:
        return []
    return [Fault(Breach.CROSSES_ITSELF, 0.0, float(chainage[-1]), 1.0, 0.0)]
