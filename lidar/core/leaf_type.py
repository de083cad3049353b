"""Broadleaf or conifer of single crowns, from what the laser saw of each.

Heights of the returns relative to the top tell where the crown begins and how full it is;
their number by pulse and their brightness tell leaves from needles; the canopy model tells
the crown's shape and texture. A forest of extremely randomised trees learns from crowns of
known type. Without training there is a rule with a stated doubt, see `by_brightness`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from lidar.core import metrics
from lidar.core.forest import Forest
from lidar.core.grid import Grid
from lidar.core.points import Points
from lidar.core.sampling import Raster
from lidar.core.trees import Cells
from lidar.errors import LeafTypeError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Features = dict[str, Array]

_OF_TOP = ("h_p05", "h_p10", "h_p25", "h_p50", "h_p75", "h_sd")
_AS_THEY_ARE = (
    "h_p05",
    "h_p99",
    "h_skew",
    "h_kurt",
    "single_share",
    "returns_per_pulse",
    "last_penetration",
    "cover_above_mean",
    "density_2_5",
    "int_first_mean",
    "int_first_sd",
    "int_single_mean",
    "int_last_mean",
)
FEATURES: tuple[str, ...] = (
    *(f"{name}_of_top" for name in _OF_TOP),
    *_AS_THEY_ARE,
    "width_of_height",
    "texture",
)
LEAST_OF_EACH = 5
"""Fewer crowns of one type than this cannot teach what it looks like."""

LEAST_SEPARABILITY = 2.0
"""Ashman's D below this means that two groups are not clearly apart (Ashman et al. 1994)."""

_FOLDS = 10
_EM_ROUNDS = 200


def crown_features(
    points: Points, height_m: Raster, chm_m: Raster, crown: Cells, grid: Grid, n_trees: int
) -> Features:
    """Return the features of each crown, arrays of shape (n_trees,).

    Parameters
    ----------
    points : Points
        Intensity normalised by line, see `lidar.core.intensity`.
    height_m : float32 array, shape (n,)
        Height of each point above ground.
    chm_m : float32 array, shape (rows, cols)
    crown : int32 array, shape (rows, cols)
        Tree of each cell, see `lidar.core.trees.find`.
    grid : Grid
    n_trees : int
    """
    cell = points.cells(grid)
    label = np.where(cell >= 0, crown.ravel()[cell], -1).astype(np.int32)
    return {
        **return_features(metrics.by_label(points, height_m, label, n_trees)),
        **shape_features(chm_m, crown, grid.cell_m, n_trees),
    }


def return_features(found: metrics.Metrics) -> Features:
    """Return the features that come from the returns of each crown."""
    values = {name: column.astype(np.float64) for name, column in found.items()}
    top = np.maximum(values["h_p95"], 1.0)
    return {f"{name}_of_top": values[name] / top for name in _OF_TOP} | {
        name: values[name] for name in _AS_THEY_ARE
    }


def shape_features(chm_m: Raster, crown: Cells, cell_m: float, n_trees: int) -> Features:
    """Return width over height, and the spread of the canopy's heights over the highest."""
    inside = crown >= 0
    tree, height = crown[inside], np.nan_to_num(chm_m[inside]).astype(np.float64)
    cells = np.bincount(tree, minlength=n_trees)
    top = np.ones(n_trees)
    np.maximum.at(top, tree, height)
    mean, square = (
        np.bincount(tree, weights=height**p, minlength=n_trees) / np.maximum(cells, 1)
        for p in (1, 2)
    )
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    return {"width_of_height": np.sqrt(cells) * cell_m / top, "texture": spread / top}


@dataclass(frozen=True, slots=True)
class LeafTypeModel:
    """Probability of broadleaf from the features of a crown.

    Attributes
    ----------
    filling : float64 array, shape (feature,)
        Value put where a feature has none.
    forest : Forest
    quality : dict
        Held-out figures, see `Confusion.to_dict`.
    """

    filling: Array
    forest: Forest
    quality: dict[str, Any]

    def probability(self, features: Features) -> Array:
        """Return the probability that each crown is broadleaf, 0 to 1."""
        return self.forest.predict(_table(features, self.filling)).clip(0.0, 1.0)

    def to_dict(self) -> dict[str, Any]:
        """Return the model for JSON."""
        return {
            "features": list(FEATURES),
            "filling": self.filling.tolist(),
            "forest": self.forest.to_dict(),
            "quality": self.quality,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the model that `to_dict` wrote.

        Raises
        ------
        LeafTypeError
            If it was made from other features than this engine's.
        """
        if tuple(data["features"]) != FEATURES:
            raise LeafTypeError("leaf type: model of another engine version, train it again")
        return cls(np.array(data["filling"]), Forest.from_dict(data["forest"]), data["quality"])


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of crowns, first what they are, then what they were taken for."""

    broadleaf_as_broadleaf: int
    broadleaf_as_conifer: int
    conifer_as_broadleaf: int
    conifer_as_conifer: int

    @classmethod
    def of(cls, is_broadleaf: Mask, said_broadleaf: Mask) -> Self:
        """Count the crowns."""
        counts = [
            int(((is_broadleaf == truth) & (said_broadleaf == said)).sum())
            for truth in (True, False)
            for said in (True, False)
        ]
        return cls(*counts)

    @property
    def n(self) -> int:
        """Number of crowns."""
        return sum(self._rows[0]) + sum(self._rows[1])

    @property
    def accuracy(self) -> float:
        """Share of the crowns that are taken for what they are."""
        return (self.broadleaf_as_broadleaf + self.conifer_as_conifer) / self.n

    @property
    def balanced_accuracy(self) -> float:
        """Mean of both types' shares that are taken for what they are; of those there are."""
        shares = [row[k] / sum(row) for k, row in enumerate(self._rows) if sum(row)]
        return sum(shares) / len(shares)

    @property
    def _rows(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return (
            (self.broadleaf_as_broadleaf, self.broadleaf_as_conifer),
            (self.conifer_as_broadleaf, self.conifer_as_conifer),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return counts and accuracies for JSON; rows of the matrix are what crowns are."""
        return {
            "n": self.n,
            "classes": ["broadleaf", "conifer"],
            "matrix": [list(row) for row in self._rows],
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
        }


def train(features: Features, is_broadleaf: Mask, place: NDArray[np.generic]) -> LeafTypeModel:
    """Learn from crowns of known type.

    Parameters
    ----------
    features : dict of str to float64 array, shape (n,)
        As `crown_features` gives them.
    is_broadleaf : bool array, shape (n,)
    place : array, shape (n,)
        Plot or stand of each crown: crowns of one place are held out together, for
        neighbours are alike and would flatter the figures.

    Raises
    ------
    LeafTypeError
        If there are too few crowns of a type, or all in one place.
    """
    _require_both(is_broadleaf, place)
    filling = _filling(features)
    held_out = held_out_probability(features, is_broadleaf, place)
    confusion = Confusion.of(is_broadleaf, held_out >= 0.5)
    quality = confusion.to_dict() | {"held_out_by": "place", "places": len(np.unique(place))}
    forest = _fit(_table(features, filling), is_broadleaf)
    return LeafTypeModel(filling, forest, quality)


def held_out_probability(
    features: Features, is_broadleaf: Mask, place: NDArray[np.generic]
) -> Array:
    """Return for each crown the probability of a model that has not seen its place.

    Places are dealt into ten folds, the largest first, each to the fold that has least.
    """
    table = _table(features, _filling(features))
    fold = _folds(place)
    probability = np.zeros(len(table))
    for k in np.unique(fold):
        seen = fold != k
        probability[~seen] = _fit(table[seen], is_broadleaf[seen]).predict(table[~seen])
    return probability


def _require_both(is_broadleaf: Mask, place: NDArray[np.generic]) -> None:
    broadleaf = int(is_broadleaf.sum())
    conifer = len(is_broadleaf) - broadleaf
    if min(broadleaf, conifer) < LEAST_OF_EACH or len(np.unique(place)) < 2:
        raise LeafTypeError(
            f"leaf type: {broadleaf} broadleaf and {conifer} conifer crowns in "
            f"{len(np.unique(place))} places; at least {LEAST_OF_EACH} of each in 2 places are "
            "needed: add crowns, or use the rule without training",
            broadleaf=broadleaf,
            conifer=conifer,
        )


def _filling(features: Features) -> Array:
    columns = [features[name] for name in FEATURES]
    return np.array([np.nanmedian(c) if np.isfinite(c).any() else 0.0 for c in columns])


def _table(features: Features, filling: Array) -> Array:
    table = np.column_stack([features[name] for name in FEATURES])
    return np.where(np.isfinite(table), table, filling)


def _fit(table: Array, is_broadleaf: Mask) -> Forest:
    """Grow a forest in which both types weigh the same."""
    share = float(is_broadleaf.mean())
    weight = np.where(is_broadleaf, 0.5 / max(share, 1e-9), 0.5 / max(1 - share, 1e-9))
    return Forest.fit("extra trees", table, is_broadleaf.astype(np.float64), weight)


def _folds(place: NDArray[np.generic]) -> NDArray[np.intp]:
    _, number, size = np.unique(place, return_inverse=True, return_counts=True)
    load = np.zeros(min(_FOLDS, len(size)))
    fold_of = np.zeros(len(size), np.intp)
    for k in np.argsort(-size, kind="stable"):
        fold_of[k] = int(load.argmin())
        load[fold_of[k]] += size[k]
    return fold_of[number]


@dataclass(frozen=True, slots=True)
class BrightnessRule:
    """Two groups of crowns by the brightness of their first returns.

    Attributes
    ----------
    probability : float64 array, shape (n,)
        Of broadleaf; nan for crowns without brightness.
    separability : float
        Ashman's D of the two groups.
    """

    probability: Array
    separability: float


def by_brightness(int_first_mean: Array, *, leaf_on: bool) -> BrightnessRule:
    """Tell types apart without training, by two normal groups of log brightness.

    In the near infrared of airborne scanners broadleaf crowns in leaf are brighter than
    needles, bare ones are darker (Song et al. 2002; Ørka, Næsset and Bollandsås 2009). Larch
    turns with the broadleaves, so it is taken for one when bare.

    Parameters
    ----------
    int_first_mean : float64 array, shape (n,)
        Normalised by line.
    leaf_on : bool
        Whether the scan was made in leaf. There is no default: a wrong season turns every
        answer round.

    Raises
    ------
    LeafTypeError
        If the groups are not clearly apart: then nobody knows which crown is which.
    """
    known = np.isfinite(int_first_mean) & (int_first_mean > 0)
    light = np.log(int_first_mean[known])
    mean, spread, share = _two_groups(light)
    apart = float(np.sqrt(2) * (mean[1] - mean[0]) / np.sqrt((spread**2).sum()))
    if not apart >= LEAST_SEPARABILITY:
        raise LeafTypeError(
            f"leaf type: brightness does not part the crowns (separability {apart:.1f}, needs "
            f"{LEAST_SEPARABILITY}); give crowns or plots of known type",
            separability=apart,
        )
    density = share * norm.pdf(light[:, None], mean, spread)
    bright = density[:, 1] / np.maximum(density.sum(axis=1), 1e-300)
    probability = np.full(int_first_mean.size, np.nan)
    probability[known] = bright if leaf_on else 1 - bright
    return BrightnessRule(probability, apart)


def _two_groups(values: Array) -> tuple[Array, Array, Array]:
    """Return means (rising), spreads and shares of two normal groups by EM from the quartiles."""
    if values.size < 2 * LEAST_OF_EACH:
        raise LeafTypeError(
            f"leaf type: {values.size} crowns with brightness, at least {2 * LEAST_OF_EACH} are "
            "needed"
        )
    mean = np.percentile(values, [25, 75])
    floor = max(1e-3 * float(values.std()), 1e-9)
    spread = np.full(2, max(float(values.std()) / 2, floor))
    share = np.array([0.5, 0.5])
    for _ in range(_EM_ROUNDS):
        density = share * norm.pdf(values[:, None], mean, spread) + 1e-300
        belongs = density / density.sum(axis=1, keepdims=True)
        weight = belongs.sum(axis=0)
        mean = (belongs * values[:, None]).sum(axis=0) / weight
        spread = np.sqrt((belongs * (values[:, None] - mean) ** 2).sum(axis=0) / weight) + floor
        share = weight / values.size
    order = np.argsort(mean)
    return mean[order], spread[order], share[order]
