"""Flipped labels: how many of them are listed, and whether their estimated number is right."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation import analyse

SEEDS = 7
FLIPPED = 0.037
FOLDS = 5

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Flips:
    """Cross-validated probabilities of a classifier that was trained on the given labels."""

    p: Array
    given: Array
    truth: Array

    @property
    def wrong(self) -> Array:
        """Return which labels were flipped."""
        return self.given != self.truth


@dataclass(frozen=True)
class Score:
    """Shares in 0…1; covered: the interval of the number of wrong labels holds the true one."""

    precision: float
    recall: float
    ranking: float
    covered: bool


def flip(truth: Array, rate: float, to_next: bool, seed: int) -> Array:
    """Return labels of which a share is turned, at random or each into the class that follows."""
    rng = np.random.default_rng(seed)
    classes, count = int(truth.max()) + 1, round(rate * len(truth))
    turned, given = rng.choice(len(truth), count, replace=False), truth.copy()
    shift = 1 if to_next else rng.integers(1, classes, count)
    given[turned] = (truth[turned] + shift) % classes
    return given


def cross_validated(x: Array, truth: Array, given: Array, model: Any, seed: int) -> Flips:
    """Return what `model` says of each sample when it was trained on the other folds."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A model that stopped early is still a model to judge.
        warnings.simplefilter("ignore", ConvergenceWarning)
        p = cross_val_predict(model, x, given, cv=folds, method="predict_proba")
    return Flips(p, given, truth)


def digits(model: Callable[[int], Any], scale: float, to_next: bool, seed: int) -> Flips:
    """Return scikit-learn's digits, judged by a model."""
    from sklearn.datasets import load_digits

    x, truth = load_digits(return_X_y=True)
    given = flip(truth, FLIPPED, to_next, seed)
    return cross_validated(x / scale, truth, given, model(seed), seed)


def clusters(classes: int, samples: int, to_next: bool, seed: int) -> Flips:
    """Return Gaussian clusters that overlap, judged by linear discriminant analysis."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng = np.random.default_rng([seed, classes])
    size = max(4, 2 * int(np.ceil(np.log2(classes))))
    truth = rng.integers(0, classes, samples)
    x = (rng.normal(size=(classes, size)) * 2)[truth] + rng.normal(size=(samples, size))
    given = flip(truth, FLIPPED, to_next, seed)
    return cross_validated(x, truth, given, LinearDiscriminantAnalysis(), seed)


@cache
def _mnist(path: Path) -> tuple[Array, Array]:
    from sklearn.decomposition import PCA

    rows = np.loadtxt(path, delimiter=",", dtype=np.float32)
    return PCA(60, random_state=0).fit_transform(rows[:, :-1] / 255), rows[:, -1].astype(int)


def mnist(path: Path, model: Callable[[int], Any], to_next: bool, seed: int) -> Flips:
    """Return 5,000 MNIST digits (their 60 principal components), judged by a model."""
    x, truth = _mnist(path)
    return cross_validated(x, truth, flip(truth, FLIPPED, to_next, seed), model(seed), seed)


def logistic(_: int) -> Any:
    """Return logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=60, tol=1e-3)


def forest(seed: int) -> Any:
    """Return a random forest."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, random_state=seed)


def kernel(seed: int) -> Any:
    """Return logistic regression on the features of an approximated kernel."""
    from sklearn.kernel_approximation import Nystroem
    from sklearn.pipeline import make_pipeline

    return make_pipeline(Nystroem(n_components=250, random_state=seed), logistic(seed))


def sets(path: Path | None) -> dict[str, Callable[[int], Flips]]:
    """Return name to the set of a seed."""
    found: dict[str, Callable[[int], Flips]] = {
        "digits, logistic": lambda s: digits(logistic, 16, False, s),
        "digits, logistic on raw pixels": lambda s: digits(logistic, 1, False, s),
        "digits, forest": lambda s: digits(forest, 16, False, s),
        "digits, logistic, to the next class": lambda s: digits(logistic, 16, True, s),
        "digits, forest, to the next class": lambda s: digits(forest, 16, True, s),
        "5 clusters": lambda s: clusters(5, 2000, False, s),
        "5 clusters, to the next class": lambda s: clusters(5, 2000, True, s),
        "100 clusters": lambda s: clusters(100, 10_000, False, s),
    }
    if path is not None:
        found |= {
            "MNIST, logistic": lambda s: mnist(path, logistic, False, s),
            "MNIST, forest": lambda s: mnist(path, forest, False, s),
            "MNIST, kernel": lambda s: mnist(path, kernel, False, s),
            "MNIST, kernel, to the next class": lambda s: mnist(path, kernel, True, s),
        }
    return found


def ours(flips: Flips) -> Score:
    """Return how the list of `analyse` at its default cut compares with the flips."""
    from sklearn.metrics import average_precision_score

    result = analyse("image_classification", flips.p, flips.given, op_list=["label_errors"])
    confidences = result.findings.confidences
    errors = confidences.label_errors if confidences else None
    assert errors is not None
    listed = np.isin(np.arange(len(flips.given)), errors.listed)
    low, high = errors.expected_count.low, errors.expected_count.high
    assert low is not None and high is not None
    return Score(
        precision=float(flips.wrong[listed].mean()) if listed.any() else 0.0,
        recall=float(listed[flips.wrong].mean()),
        ranking=float(average_precision_score(flips.wrong, errors.posterior)),
        covered=low <= flips.wrong.sum() <= high,
    )


def cleanlab(flips: Flips) -> Score:
    """Return the same of cleanlab's find_label_issues; it gives a number without an interval."""
    from cleanlab.filter import find_label_issues
    from sklearn.metrics import average_precision_score

    listed = find_label_issues(flips.given, flips.p, n_jobs=1)
    own = flips.p[np.arange(len(flips.given)), flips.given]
    return Score(
        precision=float(flips.wrong[listed].mean()) if listed.any() else 0.0,
        recall=float(listed[flips.wrong].mean()),
        ranking=float(average_precision_score(flips.wrong, -own)),
        covered=False,
    )


def line(name: str, scores: list[Score], interval: bool) -> str:
    """Return a row of the table: means over seeds, and the spread of F1."""
    f1 = [2 * s.precision * s.recall / max(s.precision + s.recall, 1e-9) for s in scores]
    covered = f"{sum(s.covered for s in scores)} of {len(scores)}" if interval else "–"
    return (
        f"{name:<38}{np.mean([s.precision for s in scores]):>10.2f}"
        f"{np.mean([s.recall for s in scores]):>8.2f}{np.mean(f1):>6.2f}"
        f" ({min(f1):.2f}..{max(f1):.2f}){np.mean([s.ranking for s in scores]):>8.2f}{covered:>10}"
    )


def report(quick: bool, path: Path | None) -> Iterator[str]:
    """Yield a table of all sets."""
    yield f"{'flipped labels (3.7 %)':<38} precision  recall    F1  (spread)  ranking   covered"
    total: list[Score] = []
    theirs: list[Score] = []
    for name, make in sets(path).items():
        flips = [make(seed) for seed in range(2 if quick else SEEDS)]
        scores = [ours(item) for item in flips]
        total += scores
        yield line(name, scores, interval=True)
        if find_spec("cleanlab") is not None:
            theirs += [cleanlab(item) for item in flips]
            yield line("  cleanlab", theirs[-len(flips) :], interval=False)
    yield line("all", total, interval=True)
    if theirs:
        yield line("all, cleanlab", theirs, interval=False)
