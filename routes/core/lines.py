"""Cutting many lines at many places at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Index = NDArray[np.int64]
Metres = NDArray[np.float64]
Lines = NDArray[Any]

_SAME_M = 1e-6


@dataclass(frozen=True, slots=True)
class Pieces:
    """Parts of lines.

    Attributes
    ----------
    geometry : object array of LineString, shape (k,)
    line : int64 array, shape (k,)
        Of which line each is a part; parts of a line follow each other in its direction.
    """

    geometry: Lines
    line: Index


def cut(lines: Lines, line: Index, at_m: Metres, least_m: float) -> Pieces:
    """Cut lines at distances from their beginnings.

    Parameters
    ----------
    lines : object array of LineString, shape (n,)
        None of length 0.
    line, at_m : arrays, shape (c,)
        Which line to cut, and how far along; in any order, repeated cuts count once.
    least_m : float
        Cuts nearer than this to an end of the line or to the cut before are left out.
    """
    line, at_m = _wanted(lines, line, at_m, least_m)
    xy, of = shapely.get_coordinates(lines, return_index=True)
    along = _along(xy, of)
    step = float(along.max(initial=0.0)) + 1.0
    # One number says line and distance, so that one sort merges vertices and cuts of all lines.
    vertex_key, cut_key = of * step + along, line * step + at_m
    cut_xy = np.column_stack([np.interp(cut_key, vertex_key, xy[:, axis]) for axis in (0, 1)])
    keep = _away_from(vertex_key, cut_key)
    key = np.concatenate([vertex_key[keep], cut_key, cut_key])
    xy = np.concatenate([xy[keep], cut_xy, cut_xy])
    of = np.concatenate([of[keep], line, line])
    begins = np.concatenate([np.zeros(int(keep.sum()) + line.size), np.ones(line.size)])
    order = np.lexsort((begins, key))
    xy, of, begins = xy[order], of[order], begins[order]
    first = np.concatenate([[True], of[1:] != of[:-1]]) if of.size else np.zeros(0, bool)
    piece = np.cumsum(first | (begins > 0)) - 1
    geometry = shapely.linestrings(xy, indices=piece) if piece.size else np.empty(0, object)
    starts = (
        np.flatnonzero(np.concatenate([[True], piece[1:] != piece[:-1]])) if piece.size else piece
    )
    return Pieces(np.asarray(geometry, object), of[starts].astype(np.int64))


def _wanted(lines: Lines, line: Index, at_m: Metres, least_m: float) -> tuple[Index, Metres]:
    """Return the cuts in order, without those too near to an end or to another."""
    length = shapely.length(lines)
    inside = (at_m > least_m) & (at_m < length[line] - least_m)
    line, at_m = line[inside], at_m[inside]
    order = np.lexsort((at_m, line))
    line, at_m = line[order], at_m[order]
    keep = np.ones(line.size, bool)
    last = -1
    for i in map(int, np.flatnonzero(_near_before(line, at_m, least_m))):
        # The cut before counts only if it stayed itself.
        last = i - 1 if keep[i - 1] else last
        keep[i] = last < 0 or line[last] != line[i] or at_m[i] - at_m[last] > least_m
    return line[keep], at_m[keep]


def _near_before(line: Index, at_m: Metres, least_m: float) -> NDArray[np.bool_]:
    near = np.zeros(line.size, bool)
    near[1:] = (line[1:] == line[:-1]) & (np.diff(at_m) <= least_m)
    return near


def _along(xy: Metres, of: Index) -> Metres:
    """Return the distance of each vertex from the beginning of its line."""
    steps = np.concatenate([[0.0], np.hypot(*np.diff(xy, axis=0).T)]) if len(xy) else np.zeros(0)
    new = np.concatenate([[True], of[1:] != of[:-1]]) if of.size else np.zeros(0, bool)
    steps[new] = 0.0
    total = np.cumsum(steps)
    starts = np.flatnonzero(new)
    along: Metres = total - np.repeat(total[starts], np.diff([*starts, of.size]))
    return along


def _away_from(vertex_key: Metres, cut_key: Metres) -> NDArray[np.bool_]:
    """Tell which vertices are not at a cut, where the cut's own points stand."""
    if not cut_key.size:
        return np.ones(vertex_key.size, bool)
    right = np.searchsorted(cut_key, vertex_key).clip(max=cut_key.size - 1)
    left = (right - 1).clip(min=0)
    near = np.minimum(np.abs(cut_key[right] - vertex_key), np.abs(cut_key[left] - vertex_key))
    away: NDArray[np.bool_] = near > _SAME_M
    return away


def move_ends(lines: Lines, start_xy: Metres, end_xy: Metres) -> Lines:
    """Return lines whose first and last vertices lie elsewhere; arrays of shape (n, 2)."""
    xy, of = shapely.get_coordinates(lines, return_index=True)
    if not len(xy):
        return lines
    first = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]]))
    last = np.concatenate([first[1:] - 1, [len(xy) - 1]])
    xy[first], xy[last] = start_xy, end_xy
    return np.asarray(shapely.linestrings(xy, indices=of), object)
