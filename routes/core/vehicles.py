"""Who may drive where, on which day, and how fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntFlag, StrEnum

import numpy as np
from numpy.typing import NDArray

from routes.core.network import Network
from routes.errors import RoadsError

_KMH_TO_MS = 1 / 3.6


class Obstacle(IntFlag):
    """What keeps a vehicle from a road."""

    NONE = 0
    CLASS = 1
    WIDTH = 2
    WEIGHT = 4
    RADIUS = 8
    GRADIENT = 16
    CLOSED = 32
    SNOW = 64


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A kind of vehicle.

    Attributes
    ----------
    name : str
    weight_t : float
        Laden.
    least_width_m : float
        Of a road it can use.
    least_radius_m : float
        Of a curve it can take.
    greatest_gradient : float
        Rise over run that it climbs laden.
    speed_kmh : mapping of road class to km/h
        It does not drive on classes that are not named.
    """

    name: str
    weight_t: float
    least_width_m: float
    least_radius_m: float
    greatest_gradient: float
    speed_kmh: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.speed_kmh or min(self.speed_kmh.values()) <= 0:
            raise RoadsError(
                f"vehicle {self.name}: give a speed above 0 for each class it may use",
                vehicle=self.name,
            )


class RestrictionKind(StrEnum):
    """What a restriction says."""

    CLOSED = "closed"
    SNOW = "snow"
    WEIGHT = "weight"
    WIDTH = "width"
    VEHICLE = "vehicle"


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction of one road in force from one day to another, both included.

    Attributes
    ----------
    road : int
        Row of the input of the network (`Network.source`).
    kind : RestrictionKind
    first, last : date or None
        None is open-ended.
    limit : float or None
        Tonnes or metres, for weight and width.
    vehicle : str
        Name of the vehicle kept out, for the kind vehicle.
    """

    road: int
    kind: RestrictionKind
    first: date | None = None
    last: date | None = None
    limit: float | None = None
    vehicle: str = ""

    def in_force(self, day: date) -> bool:
        """Tell whether it holds on a day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def obstacle(self, vehicle: Vehicle) -> Obstacle:
        """Return what it is to a vehicle; NONE if the vehicle may pass."""
        limit = np.inf if self.limit is None else self.limit
        match self.kind:
            case RestrictionKind.CLOSED:
                return Obstacle.CLOSED
            case RestrictionKind.SNOW:
                return Obstacle.SNOW
            case RestrictionKind.WEIGHT:
                return Obstacle.WEIGHT if vehicle.weight_t > limit else Obstacle.NONE
            case RestrictionKind.WIDTH:
                return Obstacle.WIDTH if vehicle.least_width_m > limit else Obstacle.NONE
            case RestrictionKind.VEHICLE:
                return Obstacle.CLOSED if self.vehicle == vehicle.name else Obstacle.NONE


def obstacles(
    network: Network, vehicle: Vehicle, day: date, restrictions: Sequence[Restriction] = ()
) -> NDArray[np.uint8]:
    """Return for each edge what keeps the vehicle from it on a day, as flags of `Obstacle`.

    An attribute that is unknown keeps nobody out.
    """
    roads = network.roads
    found = {
        Obstacle.CLASS: ~np.isin(roads.road_class, list(vehicle.speed_kmh)),
        Obstacle.WIDTH: roads.width_m < vehicle.least_width_m,
        Obstacle.WEIGHT: roads.load_limit_t < vehicle.weight_t,
        Obstacle.RADIUS: roads.min_radius_m < vehicle.least_radius_m,
        Obstacle.GRADIENT: np.abs(roads.gradient) > vehicle.greatest_gradient,
    }
    flags = np.zeros(len(network), np.uint8)
    for obstacle, where in found.items():
        flags[where] |= np.uint8(obstacle)
    for restriction in restrictions:
        if restriction.in_force(day):
            flags[network.source == restriction.road] |= np.uint8(restriction.obstacle(vehicle))
    return flags


def driving_time_s(network: Network, vehicle: Vehicle) -> NDArray[np.float64]:
    """Return the seconds that each edge takes; infinite where the class is not driven on.

    The speed of a road, where known, holds for vehicles that would be faster on its class.
    """
    usual = np.full(len(network), 0.0)
    for road_class, speed in vehicle.speed_kmh.items():
        usual[network.roads.road_class == road_class] = speed
    speed = np.fmin(usual, network.roads.speed_kmh)
    with np.errstate(divide="ignore"):
        return np.where(usual > 0, network.length_m / (speed * _KMH_TO_MS), np.inf)
