"""Web Mercator (EPSG:3857) back to longitude and latitude."""

from __future__ import annotations

from math import atan, degrees, exp, pi

#: Of the sphere that EPSG:3857 takes the earth for, metres.
_RADIUS_M = 6_378_137.0


def degrees_of(x_m: float, y_m: float) -> tuple[float, float]:
    """Return longitude and latitude in degrees.

    Closed form of Snyder, Map Projections (USGS 1395), equations 7-4 and 7-5.

    Examples
    --------
    >>> [round(value, 6) for value in degrees_of(15918687.183, 5496444.990)]
    [143.0, 44.2]
    """
    return degrees(x_m / _RADIUS_M), degrees(2 * atan(exp(y_m / _RADIUS_M)) - pi / 2)
