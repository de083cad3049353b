"""Regression by many trees: random forests and gradient boosting.

scikit-learn grows the trees; they are kept as plain arrays, so that a model is read from
JSON without that library and a row's prediction does not depend on which other rows are
asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lidar.core.kernel import kernel

Array = NDArray[np.float64]
Index = NDArray[np.int32]

KINDS = ("random forest", "extra trees", "gradient boosting")
_TREES = 300
_LEAST_LEAF = 3
_BOOSTED_TREES, _LEARNING_RATE, _BOOSTED_DEPTH, _BOOSTED_PART = 150, 0.05, 3, 0.7
_SEED = 20120


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees as arrays of nodes.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    root : int32 array, shape (tree,)
        First node of each tree.
    feature : int32 array, shape (node,)
        Column that decides, -1 in a leaf.
    threshold : float64 array, shape (node,)
        A row goes left when its value is not greater.
    left, right : int32 arrays, shape (node,)
    value : float64 array, shape (node,)
    base, scale : float
        Prediction is ``base + scale * sum(leaf values)``.
    """

    kind: str
    root: Index
    feature: Index
    threshold: Array
    left: Index
    right: Index
    value: Array
    base: float
    scale: float

    @classmethod
    def fit(cls, kind: str, features: Array, response: Array, weight: Array | None = None) -> Self:
        """Grow trees, the same ones each time.

        Parameters
        ----------
        kind : str
            Random forests (Breiman 2001), extremely randomised trees (Geurts, Ernst and
            Wehenkel 2006) or stochastic gradient boosting (Friedman 2002).
        features : float64 array, shape (n, p)
            Finite; rounded to single precision, as the trees compare them.
        response : float64 array, shape (n,)
        weight : float64 array, shape (n,), optional
        """
        grown = _estimator(kind).fit(features, response, sample_weight=weight)
        trees = [tree.tree_ for tree in np.ravel(grown.estimators_)]
        first = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]

        def nodes(name: str) -> NDArray[Any]:
            return np.concatenate([getattr(tree, name).ravel() for tree in trees])

        start = np.repeat(first, [tree.node_count for tree in trees])
        boosted = kind == "gradient boosting"
        return cls(
            kind,
            first.astype(np.int32),
            np.where(nodes("children_left") < 0, -1, nodes("feature")).astype(np.int32),
            nodes("threshold").astype(np.float64),
            (nodes("children_left") + start).astype(np.int32),
            (nodes("children_right") + start).astype(np.int32),
            nodes("value").astype(np.float64),
            float(np.average(response, weights=weight)) if boosted else 0.0,
            _LEARNING_RATE if boosted else 1.0 / len(trees),
        )

    def predict(self, features: Array) -> Array:
        """Return the predictions for rows of features, shape (m,)."""
        return np.asarray(
            self.base
            + self.scale
            * _sum_of_leaves(
                np.ascontiguousarray(features, np.float32),
                self.root,
                self.feature,
                self.threshold,
                self.left,
                self.right,
                self.value,
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the trees as lists for JSON."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in ((n, getattr(self, n)) for n in self.__dataclass_fields__)
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the forest that `to_dict` wrote."""
        index = {n: np.array(data[n], np.int32) for n in ("root", "feature", "left", "right")}
        return cls(
            data["kind"],
            index["root"],
            index["feature"],
            np.array(data["threshold"], np.float64),
            index["left"],
            index["right"],
            np.array(data["value"], np.float64),
            data["base"],
            data["scale"],
        )


def _estimator(kind: str) -> Any:  # noqa: ANN401  scikit-learn has no types
    # Imported here: it takes a second, which whoever only predicts need not wait.
    from sklearn import ensemble

    if kind == "gradient boosting":
        return ensemble.GradientBoostingRegressor(
            n_estimators=_BOOSTED_TREES,
            learning_rate=_LEARNING_RATE,
            max_depth=_BOOSTED_DEPTH,
            subsample=_BOOSTED_PART,
            min_samples_leaf=_LEAST_LEAF,
            random_state=_SEED,
        )
    growers = {
        "random forest": ensemble.RandomForestRegressor,
        "extra trees": ensemble.ExtraTreesRegressor,
    }
    return growers[kind](
        n_estimators=_TREES, min_samples_leaf=_LEAST_LEAF, max_features=0.4, random_state=_SEED
    )


@kernel
def _sum_of_leaves(
    x: NDArray[np.float32],
    root: Index,
    feature: Index,
    threshold: Array,
    left: Index,
    right: Index,
    value: Array,
) -> Array:
    out = np.zeros(len(x))
    for i in range(len(x)):
        for tree in range(root.size):
            node = root[tree]
            while feature[node] >= 0:
                below = x[i, feature[node]] <= threshold[node]
                node = left[node] if below else right[node]
            out[i] += value[node]
    return out
