"""What a simulated scene is made of, and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Season = Literal["leaf_off", "leaf_on"]

NOTICE = "架空データ"
"""Mark on everything the simulator writes: invented data, in a real municipality's place."""


@dataclass(frozen=True, slots=True)
class SceneParams:
    """Size, place, forest and flight of a simulated scene.

    Attributes
    ----------
    width_m, height_m : float
        Extent east-west and north-south, metres.
    west_m, south_m : float
        South-west corner in `epsg`, metres; the default lies inside 滝上町.
    epsg : int
        Plane rectangular system of JGD2011; 6680 is zone XII.
    seed : int
        Same seed and parameters, same points.
    pulses_m2 : float
        Mean pulse density of the whole scene, overlaps of flight lines included.
    dense_pulses_m2 : float
        Mean pulse density of the eastern part flown again; no second flight if not larger.
    dense_share : float
        Share of the width flown again.
    unclassified_share : float
        Share of the width, from the west, delivered without ground classes.
    season : {"leaf_off", "leaf_on"}
        Early November (hardwoods bare, larch still in yellow needles) or late July.
    compartment_ha : float
        Aimed mean area of a 小班, hectares.
    plots : int
        Circular field plots of 11.28 m radius.
    slope_scale : float
        Stretches the relief: 1 gives slopes to about 35 degrees.
    mean_height_m : float
        Flying height above the mean terrain, metres.
    half_angle_deg : float
        Half of the scanner's field of view.
    overlap : float
        Side overlap of neighbouring strips as a share of the swath.
    tile_m : float
        Length along the line after which a new file begins.
    workers : int
        Processes that trace pulses; never changes the result.
    years_later : int
        The same forest so many years later, grown, with stands felled, thinned and hit by
        wind, flown anew. 0 is the first scan.
    """

    width_m: float = 1600.0
    height_m: float = 1200.0
    west_m: float = 58410.0
    south_m: float = 13290.0
    epsg: int = 6680
    seed: int = 20251103
    pulses_m2: float = 4.0
    dense_pulses_m2: float = 12.0
    dense_share: float = 0.25
    unclassified_share: float = 0.25
    season: Season = "leaf_off"
    compartment_ha: float = 3.4
    plots: int = 60
    slope_scale: float = 1.0
    mean_height_m: float = 900.0
    half_angle_deg: float = 18.0
    overlap: float = 0.35
    tile_m: float = 400.0
    workers: int = 2
    years_later: int = 0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in `epsg`, metres."""
        return (
            self.west_m,
            self.south_m,
            self.west_m + self.width_m,
            self.south_m + self.height_m,
        )

    @property
    def area_m2(self) -> float:
        """Area of the scene in square metres."""
        return self.width_m * self.height_m


@dataclass(frozen=True, slots=True)
class Scene:
    """Files of a simulated scene.

    Attributes
    ----------
    laz : tuple of Path
        One file a flight line and tile along it.
    compartments : Path
        GeoPackage of 小班 polygons with KEYCODE, 林班, 小班.
    register : Path
        Register rows (調査簿), CSV in cp932 as Hokkaido publishes it.
    roads : Path
        GeoPackage of road lines with class and width.
    plots : Path
        Field plots: plot_id, x, y, radius_m, hardwood_m3ha, conifer_m3ha.
    trees : Path
        Every tree (npz of arrays): the truth.
    truth : Path
        True volumes of each compartment, CSV.
    fellings : Path
        GeoPackage of where trees are gone since the first scan; empty in that one.
    """

    laz: tuple[Path, ...]
    compartments: Path
    register: Path
    roads: Path
    plots: Path
    trees: Path
    truth: Path
    fellings: Path
    params: SceneParams
