"""The coordinate systems that the services offer, and the order of their axes.

EPSG:6669-6687 (plane rectangular zones I-XIX) and 6668, 4326 have the northing or latitude first; 3857 has the
easting first. WMS 1.3.0 and all `urn:` and `http://www.opengis.net/def/crs/` names follow that order; WMS 1.1.1 and
GeoJSON put x first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ZONES = tuple(range(6669, 6688))
"""EPSG codes of JGD2011 / Japan Plane Rectangular CS I to XIX."""

EPSG_CODES = (3857, 4326, 6668, *ZONES)
"""Every EPSG code that the services offer."""

WMS_CODES = (*(f"EPSG:{code}" for code in EPSG_CODES), "CRS:84")
"""Names for CRS= of WMS 1.3.0; those of EPSG serve SRS= of 1.1.1 too."""

NORTH_FIRST = frozenset({4326, 6668, *ZONES})
"""EPSG codes whose first axis points north."""

DEGREES = frozenset({4326, 6668})
"""EPSG codes in degrees. Their coordinates are the same: EPSG takes JGD2011 for WGS 84, and so does PROJ."""


def north_first(name: str) -> bool:
    """Tell whether `EPSG:n` has its northing or latitude first in authority order; CRS:84 has not."""
    authority, _, code = name.upper().partition(":")
    return authority == "EPSG" and code.isdigit() and int(code) in NORTH_FIRST


@dataclass(frozen=True, slots=True)
class Crs:
    """A coordinate system as a service writes it.

    Attributes
    ----------
    srid : int
        EPSG code; 4326 of CRS84, which differs in its axes alone.
    north_first : bool
        Whether coordinates are written northing or latitude first.
    uri, urn : str
        Its names in OGC API and in WFS.
    """

    srid: int
    north_first: bool
    uri: str
    urn: str

    @property
    def decimals(self) -> int:
        """Digits after the point that hold a tenth of a millimetre."""
        return 9 if self.srid in DEGREES else 4


CRS84 = Crs(
    4326,
    north_first=False,
    uri="http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    urn="urn:ogc:def:crs:OGC::CRS84",
)


def epsg(code: int) -> Crs:
    """Return the system of an EPSG code, axes in the order of the authority."""
    return Crs(
        code,
        north_first=code in NORTH_FIRST,
        uri=f"http://www.opengis.net/def/crs/EPSG/0/{code}",
        urn=f"urn:ogc:def:crs:EPSG::{code}",
    )


OFFERED = (CRS84, *(epsg(code) for code in EPSG_CODES))
"""Every system that features come in."""

_BY_NAME = {crs.uri.lower(): crs for crs in OFFERED}
_URN = re.compile(r"urn:(?:ogc|x-ogc):def:crs:(epsg|ogc):[0-9.]*:(crs84|\d{4,5})", re.IGNORECASE)


def named(name: str) -> Crs | None:
    """Return an offered system by URI (in angle or square brackets or without), safe CURIE or URN; None if not offered."""
    plain = name.strip().strip("<>[]").lower().replace("https:", "http:", 1)
    if (curie := re.fullmatch(r"epsg:(\d{4,5})", plain)) is not None:
        plain = f"http://www.opengis.net/def/crs/epsg/0/{curie[1]}"
    if (urn := _URN.fullmatch(plain)) is not None:
        crs84 = urn[2] == "crs84"
        plain = CRS84.uri.lower() if crs84 else f"http://www.opengis.net/def/crs/epsg/0/{urn[2]}"
    return _BY_NAME.get(plain)
