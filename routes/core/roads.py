"""Roads as columns: one entry a line, with what decides who may drive there."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from routes.errors import RoadsError

Numbers = NDArray[np.float32]

_NOT_NEGATIVE = ("width_m", "min_radius_m", "load_limit_t", "speed_kmh")


@dataclass(frozen=True, slots=True)
class Roads:
    """Lines of roads in a projected coordinate system in metres, and their attributes; nan is unknown.

    Attributes
    ----------
    geometry : object array of LineString, shape (n,)
    road_class : str array, shape (n,)
        Names of classes as the vehicles know them (``forest_road`` ...).
    level : int8 array, shape (n,)
        0 on the ground, 1 and up on a bridge, -1 and down in a tunnel: lines of
        different levels join at their ends only.
    width_m : float32 array, shape (n,)
    min_radius_m : float32 array, shape (n,)
        Of the sharpest curve.
    gradient : float32 array, shape (n,)
        Of the steepest stretch, rise over run.
    load_limit_t : float32 array, shape (n,)
        Of the weakest structure.
    speed_kmh : float32 array, shape (n,)
        Where it differs from what vehicles drive on the class.
    crs : pyproj.CRS

    Raises
    ------
    RoadsError
        If arrays differ in length, a value is negative, a geometry is no LineString,
        or the coordinate system is not in metres.
    """

    geometry: NDArray[Any]
    road_class: NDArray[np.str_]
    level: NDArray[np.int8]
    width_m: Numbers
    min_radius_m: Numbers
    gradient: Numbers
    load_limit_t: Numbers
    speed_kmh: Numbers
    crs: CRS

    def __post_init__(self) -> None:
        _check_columns(self)
        _check_geometry(self.geometry)
        if not self.crs.is_projected or self.crs.axis_info[0].unit_name != "metre":
            raise RoadsError(
                f"{self.crs.name} is not a projection in metres; bring the roads into a plane "
                "rectangular zone first",
                crs=self.crs.name,
            )

    def __len__(self) -> int:
        return len(self.geometry)

    @classmethod
    def of_class(cls, geometry: NDArray[Any], road_class: NDArray[np.str_], crs: CRS) -> Self:
        """Return roads of which nothing but the class is known, all on the ground."""
        unknown = np.full(len(geometry), np.nan, np.float32)
        level = np.zeros(len(geometry), np.int8)
        return cls(geometry, road_class, level, unknown, unknown, unknown, unknown, unknown, crs)

    def take(self, rows: NDArray[Any]) -> Roads:
        """Return some of the roads."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _COLUMNS})

    def with_geometry(self, geometry: NDArray[Any]) -> Roads:
        """Return the roads on other lines."""
        return replace(self, geometry=geometry)


_COLUMNS = tuple(field.name for field in fields(Roads) if field.name != "crs")


def _check_columns(roads: Roads) -> None:
    lengths = {name: len(getattr(roads, name)) for name in _COLUMNS}
    if len(set(lengths.values())) > 1:
        raise RoadsError(f"columns of roads differ in length: {lengths}", lengths=lengths)
    for name in _NOT_NEGATIVE:
        wrong = np.flatnonzero(getattr(roads, name) < 0)
        if wrong.size:
            value = float(getattr(roads, name)[wrong[0]])
            raise RoadsError(
                f"road {wrong[0]}: {name} is {value}; it cannot be negative, leave it empty if unknown",
                road=int(wrong[0]),
                column=name,
                value=value,
            )


def _check_geometry(geometry: NDArray[Any]) -> None:
    lines = shapely.get_type_id(geometry) == shapely.GeometryType.LINESTRING
    wrong = np.flatnonzero(~lines)
    if wrong.size:
        raise RoadsError(
            f"road {wrong[0]} is no line; split it into single lines or leave it out",
            road=int(wrong[0]),
        )
