"""Whether features lie in their municipality, and if not, what went wrong with the coordinates.

Files name a wrong zone or swap the axes often enough (survey axes: X is
north) that the answer must name the mistake instead of drawing it in the sea.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from forestgis.registry.domain.areas import GEOGRAPHIC_EPSG
from forestgis.registry.domain.faults import Fault
from forestgis.registry.domain.zones import JGD2011_EPSG

#: Boundaries are simplified and compartments reach over them: degrees of about 2 km.
_TOLERANCE_DEG = 0.02
#: Share of the features that must lie inside for a guess about the mistake to be named.
_MOSTLY = 0.9
_ZONE_NAMES = {11: "XI", 12: "XII", 13: "XIII"}


@dataclass(frozen=True, slots=True)
class Located:
    """A feature's line and its geometry in the file's CRS."""

    line: int
    geom: BaseGeometry


def locate(
    features: list[Located], crs: CRS, boundary: BaseGeometry, file: str
) -> tuple[list[BaseGeometry], list[Fault]]:
    """Bring features to EPSG:6668 and check that they lie in the municipality.

    Parameters
    ----------
    features : list of Located
        Geometries in `crs`, x before y.
    crs : CRS
        As the file says.
    boundary : shapely geometry
        The municipality's area in EPSG:6668.
    file : str
        Name for the faults.

    Returns
    -------
    geometries : list, one per feature, EPSG:6668
    faults : list of Fault
        One `wrong_place` when everything is outside, else one
        `outside_municipality` per feature that is.
    """
    placement = Placement(boundary, file)
    geoms = np.array([feature.geom for feature in features], dtype=object)
    placed = placement.place(geoms, np.array([feature.line for feature in features]), crs)
    return list(placed), placement.faults()


class Placement:
    """Where the features of a file lie, asked block by block."""

    def __init__(self, boundary: BaseGeometry, file: str) -> None:
        """Take the municipality's area (EPSG:6668) and the file's name for the faults."""
        self._area = boundary.buffer(_TOLERANCE_DEG)
        shapely.prepare(self._area)
        self._file = file
        self._outside: list[int] = []
        self._any_inside = False
        self._first: tuple[NDArray[np.object_], CRS] | None = None

    def place(
        self, geoms: NDArray[np.object_], lines: NDArray[np.int64], crs: CRS
    ) -> NDArray[np.object_]:
        """Return geometries of `crs`, x before y, in EPSG:6668, and note which lie outside."""
        placed = _transformed(geoms, crs)
        inside = _inside(placed, self._area)
        self._any_inside |= bool(inside.any())
        self._outside += lines[~inside].tolist()
        if self._first is None:
            self._first = (geoms, crs)
        elif self._any_inside:
            self._first = (geoms[:0], crs)  # no longer needed for a diagnosis
        return placed

    def faults(self) -> list[Fault]:
        """Return one `wrong_place` when everything is outside, else one `outside_municipality` per feature."""
        if self._first is not None and not self._any_inside:
            detail = _diagnosis(*self._first, self._area)
            return [Fault("wrong_place", self._file, detail=detail)]
        return [Fault("outside_municipality", self._file, line) for line in self._outside]


def _transformed(geoms: NDArray[np.object_], crs: CRS) -> NDArray[np.object_]:
    """Geometries in EPSG:6668; coordinates that no projection reaches become inf."""
    transformer = Transformer.from_crs(crs, GEOGRAPHIC_EPSG, always_xy=True)

    def project(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return shapely.transform(geoms, project)


def _inside(geoms: NDArray[np.object_], area: BaseGeometry) -> NDArray[np.bool_]:
    """Whether the middle of each geometry's extent is in the area."""
    bounds = shapely.bounds(geoms)
    middle_x = (bounds[:, 0] + bounds[:, 2]) / 2
    middle_y = (bounds[:, 1] + bounds[:, 3]) / 2
    finite = np.isfinite(middle_x) & np.isfinite(middle_y)
    within = np.zeros(len(geoms), dtype=bool)
    within[finite] = shapely.contains_xy(area, middle_x[finite], middle_y[finite])
    return within


def _diagnosis(geoms: NDArray[np.object_], crs: CRS, area: BaseGeometry) -> str:
    """Name the swap of axes or the zone under which the features would fit, else say nothing."""
    swapped = shapely.transform(geoms, lambda xy: xy[:, ::-1])
    if _fits(swapped, crs, area):
        return _("X（北）とY（東）を入れ替えると区域に入ります。軸が逆です。")
    for zone, epsg in JGD2011_EPSG.items():
        names = {"zone": _ZONE_NAMES[zone], "epsg": epsg, "said": crs.name}
        if _fits(geoms, CRS.from_epsg(epsg), area):
            return (
                _("第%(zone)s系（EPSG:%(epsg)s）とすると区域に入ります。ファイルの座標系：%(said)s")
                % names
            )
        if _fits(swapped, CRS.from_epsg(epsg), area):
            return _("第%(zone)s系（EPSG:%(epsg)s）で軸を入れ替えると区域に入ります。") % names
    return ""


def _fits(geoms: NDArray[np.object_], crs: CRS, area: BaseGeometry) -> bool:
    return bool(_inside(_transformed(geoms, crs), area).mean() >= _MOSTLY)
