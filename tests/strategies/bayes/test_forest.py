import numpy as np

from autosearch.space import Choice, Float, Space
from autosearch.strategies.bayes.encoding import Encoding
from autosearch.strategies.bayes.forest import Forest


def test_mean_is_that_of_the_trees_and_the_variance_adds_leaves_and_trees() -> None:
    encoding = Encoding(Space({"x": Float(0, 1), "c": Choice(["a", "b"])}))
    rng = np.random.default_rng(0)
    features = encoding.features(encoding.canonical(rng.random((60, 2))))
    losses = features.columns[:, 0] + rng.standard_normal(60)
    forest = Forest(features, losses, trees=7, leaf=5, seed=3)
    mean, std = forest.predict(features)

    trees = forest._forest.estimators_
    predictions = np.array([t.predict(features.units) for t in trees])
    within = np.array([t.tree_.impurity[t.apply(features.units)] for t in trees])
    np.testing.assert_allclose(mean, predictions.mean(axis=0))
    np.testing.assert_allclose(std**2, within.mean(axis=0) + predictions.var(axis=0))
    assert std.min() > 0.1


def test_equal_seeds_grow_equal_forests() -> None:
    encoding = Encoding(Space({"x": Float(0, 1), "y": Float(0, 1)}))
    features = encoding.features(np.random.default_rng(0).random((30, 2)))
    losses = features.columns.sum(axis=1)
    one, two = (Forest(features, losses, 10, 3, 5).predict(features) for _ in range(2))
    np.testing.assert_array_equal(one, two)
