"""A random forest with an estimate of its own uncertainty, the surrogate of SMAC."""

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

from autosearch.strategies.bayes.encoding import Array, Features

# Where an inactive number lies for a tree: apart from every value.
INACTIVE = -1.0


class Forest:
    """Regression trees on bootstrap samples; their spread and their leaves' spread give the std.

    Thresholds are drawn at random: the mean of many trees then changes gradually between the known
    points instead of in steps at their midpoints. Hutter et al. (2014), section 4.3.1.
    """

    def __init__(self, features: Features, losses: Array, trees: int, leaf: int, seed: int) -> None:
        self._forest = ExtraTreesRegressor(
            n_estimators=trees,
            min_samples_leaf=leaf,
            max_features=5.0 / 6.0,
            bootstrap=True,
            random_state=seed,
        )
        self._forest.fit(_inputs(features), losses)

    def predict(self, features: Features) -> tuple[Array, Array]:
        """Return the (mean, deviation) of the loss, each of shape (n,).

        The variance is total: the mean of the leaves' variances and the variance of their means.
        Hutter, Xu, Hoos and Leyton-Brown (2014), section 4.3.2.
        """
        inputs = np.ascontiguousarray(_inputs(features), dtype=np.float32)
        means, variances = [], []
        for estimator in self._forest.estimators_:
            tree = estimator.tree_
            leaves = tree.apply(inputs)
            means.append(tree.value[leaves, 0, 0])
            variances.append(tree.impurity[leaves])
        by_tree = np.array(means)
        variance = np.mean(variances, axis=0) + by_tree.var(axis=0)
        return by_tree.mean(axis=0), np.sqrt(np.maximum(variance, 0.0))

    def mean(self, features: Features) -> Array:
        """Return the mean of the loss, shape (n,)."""
        return self.predict(features)[0]


def _inputs(features: Features) -> Array:
    return np.nan_to_num(features.units, nan=INACTIVE)
