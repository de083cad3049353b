"""Errors of the engine: one base class, one class a cause."""

from __future__ import annotations


class TilesError(Exception):
    """Base of every error of this engine.

    Attributes
    ----------
    code : str
        Short snake-case name of the cause, stable for programs.
    fields : dict
        The named values the message speaks of.
    """

    code = "tiles_error"

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.fields = fields


class DeclarationError(TilesError):
    """A layer is declared wrongly; found when the declaration is made, never in a request."""

    code = "bad_declaration"


class TileAddressError(TilesError):
    """A tile's zoom, column or row does not exist."""

    code = "no_such_tile"

    def __init__(self, z: int, x: int, y: int) -> None:
        super().__init__(
            f"tile {z}/{x}/{y} does not exist: columns and rows of zoom {z} run from 0 to 2^{z} - 1",
            z=z,
            x=x,
            y=y,
        )


class MapServerError(TilesError):
    """The map server process cannot be reached, or broke the FastCGI protocol."""

    code = "map_server_unavailable"


class OgcError(TilesError):
    """A request that an OGC exception answers.

    Attributes
    ----------
    ogc_code : str
        Exception code of the standard, `InvalidFormat` for example.
    locator : str
        The parameter it is about.
    """

    code = "ogc_exception"

    def __init__(self, message: str, *, ogc_code: str, locator: str = "") -> None:
        super().__init__(message, ogc_code=ogc_code, locator=locator)
        self.ogc_code = ogc_code
        self.locator = locator


class FilterError(TilesError):
    """A filter that is not CQL2, names what the layer does not have, or compares what cannot be compared."""

    code = "bad_filter"
