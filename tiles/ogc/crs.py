"""The coordinate systems that the services offer, and the order of their axes.

EPSG:6669-6687 (plane rectangular zones I-XIX) and 6668, 4326 have the northing or latitude first; 3857 has the
easting first. WMS 1.3.0 and all `urn:` names follow that order; WMS 1.1.1 and GeoJSON put x first.
"""

from __future__ import annotations

ZONES = tuple(range(6669, 6688))
"""EPSG codes of JGD2011 / Japan Plane Rectangular CS I to XIX."""

EPSG_CODES = (3857, 4326, 6668, *ZONES)
"""Every EPSG code that the services offer."""

WMS_CODES = (*(f"EPSG:{code}" for code in EPSG_CODES), "CRS:84")
"""Names for CRS= of WMS 1.3.0; those of EPSG serve SRS= of 1.1.1 too."""

NORTH_FIRST = frozenset({4326, 6668, *ZONES})
"""EPSG codes whose first axis points north."""


def north_first(name: str) -> bool:
    """Tell whether `EPSG:n` has its northing or latitude first in authority order; CRS:84 has not."""
    authority, _, code = name.upper().partition(":")
    return authority == "EPSG" and code.isdigit() and int(code) in NORTH_FIRST
