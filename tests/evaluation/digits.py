"""Scikit-learn's digits with planted faults, judged by cross-validated classifiers."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

Ints = NDArray[np.int64]


@cache
def flipped(
    seed: int, errors: int, to_next: bool = False
) -> tuple[NDArray[np.float64], Ints, Ints]:
    """Return (probabilities, given labels, true labels) with some labels turned.

    to_next: each into the class that follows, a habit that the classifier learns too.
    """
    pixels, truth = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    given = truth.copy()
    turned = rng.choice(len(truth), errors, replace=False)
    given[turned] = (truth[turned] + (1 if to_next else rng.integers(1, 10, errors))) % 10
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    model = LogisticRegression(max_iter=60, tol=1e-3)
    p = cross_val_predict(model, pixels / 16, given, cv=folds, method="predict_proba")
    return p, given, truth
