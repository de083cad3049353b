"""Where the pixels of a map tile are: web Mercator and the plane rectangular zones."""

from __future__ import annotations

from dataclasses import dataclass

from tiles.errors import TileAddressError
from tiles.layer import Bounds
from tiles.ogc.crs import ZONES

TILE_PX = 256
_MERCATOR_M = 20_037_508.342789244  # half the side of the world, EPSG:3857
_ZONE_M = (
    524_288.0  # half the side of the square that a zone's tiles cover, 2^19 m around its origin
)
# OGC 17-083r2: a pixel is 0.28 mm wide.
_PIXEL_M = 0.00028


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture's place: `size_px` square pixels a side over `bounds`.

    Attributes
    ----------
    bounds : tuple of float
        Left, bottom, right, top in metres of the CRS `epsg`, easting first.
    """

    epsg: int
    bounds: Bounds
    size_px: int = TILE_PX


@dataclass(frozen=True, slots=True)
class MatrixSet:
    """A pyramid of square tiles: zoom 0 is one tile, each zoom halves the pixel.

    Attributes
    ----------
    half_m : float
        Half the side of the square of zoom 0, around the CRS's origin.
    """

    name: str
    epsg: int
    half_m: float
    maxzoom: int

    def pixel_m(self, z: int) -> float:
        """Return the side of a pixel in metres."""
        return 2 * self.half_m / TILE_PX / float(2**z)

    def scale_denominator(self, z: int) -> float:
        """Return the scale of a zoom as OGC counts it."""
        return self.pixel_m(z) / _PIXEL_M

    def grid(self, z: int, column: int, row: int) -> Grid:
        """Return the place of a tile; rows count from the north.

        Raises
        ------
        TileAddressError
            If there is no such tile.
        """
        if not (0 <= z <= self.maxzoom and 0 <= column < 2**z and 0 <= row < 2**z):
            raise TileAddressError(z, column, row)
        side = self.pixel_m(z) * TILE_PX
        left, top = column * side - self.half_m, self.half_m - row * side
        return Grid(self.epsg, (left, top - side, left + side, top))


WEB_MERCATOR = MatrixSet("WebMercatorQuad", 3857, _MERCATOR_M, 22)
MATRIX_SETS: dict[str, MatrixSet] = {
    WEB_MERCATOR.name: WEB_MERCATOR,
    **{
        f"JapanPlaneRectangular{zone}": MatrixSet(f"JapanPlaneRectangular{zone}", epsg, _ZONE_M, 14)
        for zone, epsg in enumerate(ZONES, 1)
    },
}
"""Web Mercator as OGC 17-083r2 names it, and zones I to XIX of EPSG:6669-6687 with pixels of 4,096 m to 0.25 m."""
