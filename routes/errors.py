"""Errors of the road engine: bad input, each cause a class with a code and named fields."""

from __future__ import annotations

from typing import Any, ClassVar


class RoutesError(Exception):
    """Base of all errors that a user of the engine can cause or mend.

    Parameters
    ----------
    message : str
        What is wrong, where, and what to do, in English.
    **fields
        Named values of the message, so that an interface can say the same in another language by `code`.
    """

    code: ClassVar[str] = "routes"

    def __init__(self, message: str, **fields: Any) -> None:  # noqa: ANN401
        super().__init__(message)
        self.fields = fields


class RoadsError(RoutesError):
    """Lines or their attributes cannot make a network: wrong type, negative width, arrays out of step."""

    code = "bad_roads"


class NoRouteError(RoutesError):
    """Two places are not joined for a vehicle; says how, and how far apart the parts are."""

    code = "no_route"


class OffNetworkError(RoutesError):
    """A place lies too far from every road."""

    code = "off_network"


class TerrainError(RoutesError):
    """A terrain grid cannot be worked on: shape, cell size, no heights at all."""

    code = "bad_terrain"


class PlanError(RoutesError):
    """No line can be planned within the limits."""

    code = "no_plan"
