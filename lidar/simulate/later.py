"""The same forest some years later: grown, and felled in places that are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.simulate.layout import Subcompartment
from lidar.simulate.params import SceneParams
from lidar.simulate.species import SPECIES
from lidar.simulate.stands import Stand
from lidar.simulate.trees import Trees, stem_volume_m3

CLEAR_FELLED, THINNED, WINDTHROW = "clear-felled", "thinned", "windthrow"
WINDTHROW_RADIUS_M = 14.0
THINNED_SHARE = 0.35
_GROWTH_PER_YEAR = 0.018
_DIAMETER_FOR_HEIGHT = 1.3


@dataclass(frozen=True, slots=True)
class Felling:
    """A place where trees are gone: what happened, and where."""

    kind: str
    polygon: shapely.Polygon


def fellings(
    params: SceneParams, layout: list[Subcompartment], stands: list[Stand]
) -> list[Felling]:
    """Return what happens in the years between two scans.

    Of the stands old enough, a tenth each is clear-felled, thinned, and hit by wind in
    one place; the rest only grows. Equal parameters give equal places.
    """
    if not params.years_later:
        return []
    rng = np.random.default_rng([params.seed, 7])
    scene = shapely.box(*params.bounds)
    stocked = [
        unit
        for unit, stand in zip(layout, stands, strict=True)
        if stand.age >= 20 and shapely.contains(scene, unit.polygon.centroid)
    ]
    chosen = rng.permutation(len(stocked))
    each = max(1, len(stocked) // 10)
    kinds = (CLEAR_FELLED, THINNED, WINDTHROW)
    groups = [chosen[i * each : (i + 1) * each] for i in range(len(kinds))]
    return [
        Felling(kind, _place(kind, stocked[i].polygon))
        for kind, group in zip(kinds, groups, strict=True)
        for i in group
    ]


def grown(trees: Trees, params: SceneParams, events: list[Felling]) -> Trees:
    """Return the trees that still stand after the years between two scans.

    Each species goes on towards its final height; diameters and crowns follow.
    """
    if not params.years_later:
        return trees
    final = np.array([s.top_height_m for s in SPECIES])[trees.species] * 1.25
    rate = _GROWTH_PER_YEAR * params.years_later
    height = trees.height_m + rate * np.maximum(final - trees.height_m, 0)
    wider = (height / trees.height_m) ** _DIAMETER_FOR_HEIGHT
    dbh = trees.dbh_cm * wider
    older = replace(
        trees,
        height_m=height,
        dbh_cm=dbh,
        crown_base_m=trees.crown_base_m * height / trees.height_m,
        crown_radius_m=trees.crown_radius_m * np.sqrt(wider),
        volume_m3=stem_volume_m3(trees.species, dbh, height),
    )
    return older.take(~_felled(trees, params, events))


def _place(kind: str, polygon: shapely.Polygon) -> shapely.Polygon:
    if kind != WINDTHROW:
        return polygon
    return polygon.representative_point().buffer(WINDTHROW_RADIUS_M)


def _felled(trees: Trees, params: SceneParams, events: list[Felling]) -> NDArray[np.bool_]:
    rng = np.random.default_rng([params.seed, 8])
    chance = rng.uniform(size=len(trees))
    felled = np.zeros(len(trees), bool)
    for event in events:
        share = THINNED_SHARE if event.kind == THINNED else 1.0
        felled |= shapely.contains_xy(event.polygon, trees.x_m, trees.y_m) & (chance < share)
    return felled
