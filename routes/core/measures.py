"""Density of roads, and how far the forest lies from them, as forest planning states it.

Sources: Gifu prefecture, mean skidding distance by point grid, coefficient and worked example
(森林路網の整備指標); Okawabata 1988 (Bulletin of FFPRI 351) for the distance that holds a set share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Raster = NDArray[np.float32]
Array = NDArray[np.float64]

_SQUARE = 2500.0


def density_m_ha(length_m: float, area_ha: float) -> float:
    """Return the density of roads 路網密度 in m/ha; 0 over no area."""
    return length_m / area_ha if area_ha > 0 else 0.0


def theoretical_skidding_m(density: float) -> float:
    """Return the mean skidding distance of one straight road through a square: 2500 / D metres.

    Infinite for a density of 0.

    Examples
    --------
    >>> theoretical_skidding_m(40.0)
    62.5
    """
    return _SQUARE / density if density > 0 else float("inf")


def correction_factor(mean_m: float, density: float) -> float:
    """Return the correction factor 路網密度修正係数: real over theoretical mean distance; 1 is best.

    Examples
    --------
    >>> round(correction_factor(185.0, 40.0), 2), round(correction_factor(32.5, 119.0), 2)
    (2.96, 1.55)
    """
    return mean_m / theoretical_skidding_m(density) if density > 0 else float("nan")


@dataclass(frozen=True, slots=True)
class Access:
    """How the cells of an area lie to the roads.

    Attributes
    ----------
    area_ha : float
    density_m_ha : dict of class to m/ha
    mean_straight_m, mean_ground_m : float
        Over the cells that reach a road; nan if none does.
    detour : float
        Mean distance on the ground over mean straight distance, of the same cells: 迂回率.
    correction : float
        Of the mean straight distance and the density of all classes.
    share_within : float
        Share of the area within the stated distance on the ground; what reaches no road is outside.
    unreached_ha : float
    histogram_ha : float64 array, shape (bins,)
    """

    area_ha: float
    density_m_ha: dict[str, float]
    mean_straight_m: float
    mean_ground_m: float
    detour: float
    correction: float
    share_within: float
    unreached_ha: float
    histogram_ha: Array


def access_of(
    straight_m: Array,
    ground_m: Array,
    weight_ha: Array,
    length_m: Mapping[str, float],
    *,
    within_m: float,
    edges_m: Array,
) -> Access:
    """Summarise the cells of an area.

    Parameters
    ----------
    straight_m, ground_m : float arrays, shape (cells,)
        Infinite where no road is reached.
    weight_ha : float array, shape (cells,)
        Area of each cell that lies in the area.
    length_m : mapping of class to metres of road in the area
    within_m : float
    edges_m : float array, shape (bins + 1,)
        Edges of the histogram; the last bin takes what lies beyond it.
    """
    reached = np.isfinite(ground_m) & np.isfinite(straight_m)
    area = float(weight_ha.sum())
    seen = float(weight_ha[reached].sum())
    straight = _mean(straight_m[reached], weight_ha[reached])
    ground = _mean(ground_m[reached], weight_ha[reached])
    density = {name: density_m_ha(length, area) for name, length in length_m.items()}
    clipped = np.minimum(ground_m[reached], np.nextafter(edges_m[-1], 0))
    histogram, _ = np.histogram(clipped, edges_m, weights=weight_ha[reached])
    near = float(weight_ha[reached & (ground_m <= within_m)].sum())
    return Access(
        area_ha=area,
        density_m_ha=density,
        mean_straight_m=straight,
        mean_ground_m=ground,
        detour=ground / straight if straight > 0 else float("nan"),
        correction=correction_factor(straight, sum(density.values())),
        share_within=near / area if area > 0 else 0.0,
        unreached_ha=area - seen,
        histogram_ha=histogram.astype(np.float64),
    )


def distance_holding(distance_m: Array, weight_ha: Array, share: float) -> float:
    """Return the distance within which a share of the area lies (配置基準距離); inf if it never does."""
    order = np.argsort(distance_m)
    total = np.cumsum(weight_ha[order])
    at = int(np.searchsorted(total, share * total[-1] - 1e-9)) if total.size else 0
    return float(distance_m[order[at]]) if total.size else float("nan")


def _mean(values: Array, weight: Array) -> float:
    return float(values @ weight / weight.sum()) if weight.sum() > 0 else float("nan")
