"""SQL of spatial comparisons that the layers' spatial index answers.

The index of a layer is on its stored web Mercator column, and only the comparison of boxes may come before the
policies of the tables. Every comparison that can hold between touching geometries alone is therefore written with a
comparison of boxes in web Mercator before it. Longitude and latitude each go to one axis of it, so that a box in
degrees stays a box.
"""

from __future__ import annotations

_WORLD = "ST_MakeEnvelope(-180, -85.05, 180, 85.05, 6668)"  # web Mercator has no poles


def in_reach(mercator: str, geometry: str) -> str:
    """Return the comparison of a layer's web Mercator column with the box of a geometry.

    Parameters
    ----------
    mercator : str
        The column, or its qualified name.
    geometry : str
        SQL of a geometry in EPSG:6668.
    """
    return f"{mercator} && ST_Transform(ST_ClipByBox2D(ST_Envelope({geometry}), {_WORLD}), 3857)"
