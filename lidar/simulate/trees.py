"""Trees of a simulated scene, each with its place, size, crown and stem volume."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import shapely
from numpy.typing import NDArray

from lidar.core.stem_volume import StemVolumeTables
from lidar.simulate.fields import Frame, random_field
from lidar.simulate.layout import label_raster
from lidar.simulate.params import SceneParams
from lidar.simulate.roads import Road
from lidar.simulate.species import SPECIES
from lidar.simulate.stands import Stand
from lidar.simulate.terrain import MARGIN_M, Relief

Array = NDArray[np.float64]

BUREAU = "北見"
"""Old bureau whose tables hold for 滝上町 (オホーツク)."""
_PATCH_STEP_M = 4.0
_LEAST_HEIGHT_M = 2.0


@dataclass(frozen=True, slots=True)
class Trees:
    """Arrays of one length, a tree each.

    Attributes
    ----------
    x_m, y_m, ground_m : float64
        Stem foot, scene system.
    species : int8
        Index into `species.SPECIES`.
    dbh_cm, height_m, crown_base_m, crown_radius_m, volume_m3 : float64
        Crown base is a height above the stem foot; volume of the stem with bark.
    """

    x_m: Array
    y_m: Array
    ground_m: Array
    species: NDArray[np.int8]
    dbh_cm: Array
    height_m: Array
    crown_base_m: Array
    crown_radius_m: Array
    volume_m3: Array

    def __len__(self) -> int:
        return int(self.x_m.size)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Trees:
        """Return some of the trees."""
        return Trees(*(getattr(self, f.name)[which] for f in fields(self)))

    @property
    def hardwood(self) -> NDArray[np.bool_]:
        """Whether each tree is a hardwood."""
        return np.array([s.hardwood for s in SPECIES])[self.species]


def grow(
    params: SceneParams,
    relief: Relief,
    roads: list[Road],
    places: tuple[list[shapely.Geometry], list[Stand]],
    rng: np.random.Generator,
) -> Trees:
    """Return all trees of the scene and its margin.

    Parameters
    ----------
    params, relief, roads
        The scene.
    places : (list of geometry, list of Stand)
        Land of each stand, reaching over the scene's border, and the stand.
    rng : numpy Generator
    """
    frame = Frame.around(params.bounds, _PATCH_STEP_M, MARGIN_M)
    site = random_field(rng, frame, 90.0)
    gaps = random_field(rng, frame, 14.0)
    patches = np.stack([random_field(rng, frame, 28.0) for _ in SPECIES])
    polygons, stands = places
    parts = [
        _Planter(frame, site, gaps, patches, rng).plant(polygon, stand)
        for polygon, stand in zip(polygons, stands, strict=True)
        if stand.age > 0
    ]
    x, y, species, dbh, height = (np.concatenate(column) for column in zip(*parts, strict=True))
    keep = ~_cleared(params, roads, x, y) & (height >= _LEAST_HEIGHT_M)
    return _finish(relief, (x[keep], y[keep], species[keep], dbh[keep], height[keep]), rng)


@dataclass(frozen=True, slots=True)
class _Planter:
    frame: Frame
    site: Array
    gaps: Array
    patches: Array
    rng: np.random.Generator

    def plant(
        self, polygon: shapely.Geometry, stand: Stand
    ) -> tuple[Array, Array, NDArray[np.int8], Array, Array]:
        """Return x, y, species, DBH and height of the trees of one stand."""
        mean_height = _stand_height_m(stand)
        full = min(4200.0, 80_000.0 * mean_height**-1.55)
        x, y = self._stems(polygon, full, stand)
        species = self._species(x, y, stand)
        site = self.frame.sample(self.site, x, y)
        relative = self.rng.weibull(2.6 if stand.kind.regular else 2.0, x.size)
        relative = np.clip(relative / 0.887, 0.25, 2.3)
        tall = _species_height_m(stand)[species] * (1 + 0.07 * site) * relative**0.28
        height = tall * self.rng.lognormal(0, 0.05, x.size)
        slender = np.array([s.slenderness for s in SPECIES])[species]
        middle = 1.18 * (mean_height / slender) ** 1.02 * (1.12 - 0.12 * stand.stocking)
        dbh = middle * stand.taper * (1 + 0.07 * site) * relative**0.85
        return x, y, species, dbh * self.rng.lognormal(0, 0.06, x.size), height

    def _stems(self, polygon: shapely.Geometry, per_ha: float, stand: Stand) -> tuple[Array, Array]:
        """Return stem places: a jittered grid thinned by stocking and by gaps."""
        left, bottom, right, top = shapely.bounds(polygon)
        step = 100.0 / np.sqrt(per_ha)
        x, y = np.meshgrid(np.arange(left, right, step), np.arange(bottom, top, step))
        spread = 0.2 if stand.kind.regular else 0.75
        x = x.ravel() + self.rng.uniform(-spread, spread, x.size) * step
        y = y.ravel() + self.rng.uniform(-spread, spread, y.size) * step
        gap = self.frame.sample(self.gaps, x, y)
        strength = 0.35 if stand.kind.regular else 0.8
        chance = np.clip(stand.stocking * (1 + strength * gap), 0, 1)
        keep = self.rng.uniform(size=x.size) < chance
        keep &= shapely.contains_xy(polygon, x, y)
        return x[keep], y[keep]

    def _species(self, x: Array, y: Array, stand: Stand) -> NDArray[np.int8]:
        """Draw species in patches: shares are bent by a field of each species."""
        local = np.stack([self.frame.sample(patch, x, y) for patch in self.patches])
        odds = stand.shares[:, None] * np.exp(0.9 * local)
        cumulative = np.cumsum(odds / odds.sum(axis=0), axis=0)
        draw = self.rng.uniform(size=x.size)
        picked: NDArray[np.int8] = (draw[None, :] > cumulative).sum(axis=0).clip(0, 4)
        return picked.astype(np.int8)


def _species_height_m(stand: Stand) -> Array:
    grown = np.array([s.top_height_m * (1 - np.exp(-s.growth_rate * stand.age)) for s in SPECIES])
    heights: Array = grown * stand.vigour
    return heights


def _stand_height_m(stand: Stand) -> float:
    return float(_species_height_m(stand) @ stand.shares)


def _cleared(params: SceneParams, roads: list[Road], x: Array, y: Array) -> NDArray[np.bool_]:
    frame = Frame.around(params.bounds, 1.0, MARGIN_M)
    label = label_raster(frame, [road.line.buffer(road.clearing_m / 2) for road in roads])
    row, col = frame.nearest(x, y)
    cleared: NDArray[np.bool_] = label[row, col] >= 0
    return cleared


def _finish(
    relief: Relief,
    stems: tuple[Array, Array, NDArray[np.int8], Array, Array],
    rng: np.random.Generator,
) -> Trees:
    x, y, species, dbh, height = stems
    crown_ratio = np.array([s.crown_ratio for s in SPECIES])[species]
    base = np.array([s.crown_base_m for s in SPECIES])[species]
    per_dbh = np.array([s.crown_per_dbh for s in SPECIES])[species]
    crown = np.clip(crown_ratio * rng.lognormal(0, 0.08, x.size), 0.2, 0.9)
    return Trees(
        x_m=x,
        y_m=y,
        ground_m=relief.at(x, y),
        species=species,
        dbh_cm=dbh,
        height_m=height,
        crown_base_m=height * (1 - crown),
        crown_radius_m=(base + per_dbh * dbh) * rng.lognormal(0, 0.1, x.size),
        volume_m3=stem_volume_m3(species, dbh, height),
    )


def stem_volume_m3(species: NDArray[np.int8], dbh_cm: Array, height_m: Array) -> Array:
    """Return the stem volume of trees by the tables of the scene's bureau, m3."""
    tables = StemVolumeTables.load()
    volume = np.zeros(species.size)
    for index, kind in enumerate(SPECIES):
        own = species == index
        equation = tables.equation_for(kind.name, BUREAU)
        volume[own] = tables.volume_m3(equation, dbh_cm[own], height_m[own])
    return volume
