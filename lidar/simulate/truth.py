"""True volumes of a simulated scene, by compartment and by field plot."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.simulate.layout import Subcompartment
from lidar.simulate.params import SceneParams
from lidar.simulate.roads import Road
from lidar.simulate.stands import Stand
from lidar.simulate.trees import Trees

Array = NDArray[np.float64]

PLOT_RADIUS_M = 11.28
PLOT_COLUMNS = ("plot_id", "x", "y", "radius_m", "hardwood_m3ha", "conifer_m3ha")
_PLOT_AREA_M2 = float(np.pi * PLOT_RADIUS_M**2)


def true_volumes(trees: Trees, polygons: list[shapely.Polygon]) -> tuple[Array, Array]:
    """Return hardwood and conifer stem volume (m3) of the trees that stand in each polygon."""
    stems = np.asarray(shapely.points(np.column_stack([trees.x_m, trees.y_m])), dtype=object)
    index = shapely.STRtree(stems)
    where, tree = index.query(np.array(polygons, dtype=object), predicate="contains")
    hardwood = trees.hardwood[tree]
    volume = trees.volume_m3[tree]
    return (
        np.bincount(where[hardwood], volume[hardwood], len(polygons)).astype(np.float64),
        np.bincount(where[~hardwood], volume[~hardwood], len(polygons)).astype(np.float64),
    )


def truth_rows(
    layout: list[Subcompartment], stands: list[Stand], trees: Trees
) -> list[dict[str, object]]:
    """Return one row a 小班: true volumes, area, and what grows there."""
    hardwood, conifer = true_volumes(trees, [unit.polygon for unit in layout])
    return [
        {
            "KEYCODE": unit.keycode,
            "stand": stand.kind.name,
            "age": stand.age,
            "area_ha": round(unit.area_ha, 4),
            "hardwood_m3": round(float(hardwood[i]), 3),
            "conifer_m3": round(float(conifer[i]), 3),
            "hardwood_m3ha": round(float(hardwood[i]) / unit.area_ha, 3),
            "conifer_m3ha": round(float(conifer[i]) / unit.area_ha, 3),
        }
        for i, (unit, stand) in enumerate(zip(layout, stands, strict=True))
    ]


def plot_rows(
    params: SceneParams, roads: list[Road], trees: Trees, rng: np.random.Generator
) -> list[dict[str, object]]:
    """Return field plots drawn at random over the scene, off the public road.

    Plots know nothing of compartments: some straddle a border, some are bare.
    """
    x, y = _plot_places(params, roads, rng)
    circles = [
        shapely.Point(*place).buffer(PLOT_RADIUS_M, quad_segs=64)
        for place in zip(x, y, strict=True)
    ]
    hardwood, conifer = true_volumes(trees, circles)
    per_ha = 10_000 / _PLOT_AREA_M2
    return [
        {
            "plot_id": f"P{i + 1:03d}",
            "x": f"{x[i]:.2f}",
            "y": f"{y[i]:.2f}",
            "radius_m": PLOT_RADIUS_M,
            "hardwood_m3ha": round(float(hardwood[i]) * per_ha, 2),
            "conifer_m3ha": round(float(conifer[i]) * per_ha, 2),
        }
        for i in range(len(x))
    ]


def _plot_places(
    params: SceneParams, roads: list[Road], rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw places one after the other, at least 40 m (or what fits) from those before."""
    left, bottom, right, top = params.bounds
    road = shapely.union_all([r.line for r in roads if r.road_class == "public_road"])
    apart = min(40.0, 0.5 * np.sqrt(params.area_m2 / max(params.plots, 1)))
    edge = PLOT_RADIUS_M + 2.0
    places: list[tuple[float, float]] = []
    while len(places) < params.plots:
        x, y = rng.uniform(left + edge, right - edge), rng.uniform(bottom + edge, top - edge)
        clear = road.distance(shapely.Point(x, y)) > PLOT_RADIUS_M + 8.0
        if clear and all(np.hypot(x - a, y - b) > apart for a, b in places):
            places.append((round(x, 2), round(y, 2)))
    xy = np.array(places).reshape(-1, 2)
    return xy[:, 0], xy[:, 1]
