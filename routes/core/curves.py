"""Corners of a planned line and the arcs that round them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from shapely import LineString

Array = NDArray[np.float64]

_ARC_STEP = math.radians(2)


def turns(xy: Array) -> Array:
    """Return the signed angle by which a line turns at each inner vertex, radians, left positive."""
    step = np.diff(xy, axis=0)
    heading = np.arctan2(step[:, 1], step[:, 0])
    turn: Array = (np.diff(heading) + math.pi) % (2 * math.pi) - math.pi
    return turn


def tangent_m(turn: Array, radius_m: float) -> Array:
    """Return how far before its vertex an arc begins: R tan(angle / 2)."""
    return np.asarray(radius_m * np.tan(np.abs(turn) / 2))


def shortening_m(turn: Array, radius_m: float) -> Array:
    """Return by how much half an arc is shorter than its tangent: R (tan(angle / 2) - angle / 2)."""
    half = np.abs(turn) / 2
    return np.asarray(radius_m * (np.tan(half) - half))


def driven_m(xy: Array, radius_m: float) -> Array:
    """Return the length of each segment as it is driven, half of the arcs at its ends included."""
    length = np.hypot(*np.diff(xy, axis=0).T)
    loss = np.concatenate([[0.0], shortening_m(turns(xy), radius_m), [0.0]])
    driven: Array = length - loss[:-1] - loss[1:]
    return driven


def rounded(xy: Array, radius_m: float) -> LineString:
    """Return the line with an arc of the radius at each corner, drawn in chords of at most 2 degrees.

    Parameters
    ----------
    xy : float64 array, shape (n, 2)
        Vertices whose arcs fit (`tangent_m` of neighbours adds up to no more than the segment).
    """
    points = [xy[0]]
    for i, turn in enumerate(turns(xy), start=1):
        if abs(turn) < 1e-9:
            points.append(xy[i])
        else:
            points.extend(_arc(xy[i - 1], xy[i], float(turn), radius_m))
    return LineString([*points, xy[-1]])


def _arc(before: Array, corner: Array, turn: float, radius_m: float) -> list[Array]:
    along = (corner - before) / np.hypot(*(corner - before))
    begin = corner - along * radius_m * math.tan(abs(turn) / 2)
    side = np.sign(turn) * np.array([-along[1], along[0]])
    centre = begin + side * radius_m
    steps = max(2, math.ceil(abs(turn) / _ARC_STEP) + 1)
    spokes = []
    for angle in np.linspace(0, turn, steps):
        cos, sin = math.cos(angle), math.sin(angle)
        out = -side * radius_m
        spokes.append(centre + np.array([cos * out[0] - sin * out[1], sin * out[0] + cos * out[1]]))
    return spokes
