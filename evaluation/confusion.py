"""The confusion matrix and everything that is a function of it, with closed-form intervals."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from evaluation.arrays import Floats, Ints
from evaluation.intervals import Estimate, bounded, proportion, quantile, undefined, wilson


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Precision, recall and F1 of one class. `undefined` names what had nothing to divide by."""

    support: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    undefined: tuple[str, ...]


def count(labels: Ints, predicted: Ints, k: int) -> Ints:
    """Return counts of shape (k, k): rows are true classes, columns are predicted ones."""
    return np.bincount(labels * k + predicted, minlength=k * k).reshape(k, k)


def class_scores(counts: Ints, alpha: float) -> list[ClassScores]:
    """Return the scores of each class; a score that divides by nothing is 0 and flagged.

    Precision and recall have Wilson intervals. F1 = 2J/(1+J) of the Jaccard share
    J = TP/(TP+FP+FN), which is a proportion: its Wilson bounds are mapped through.
    """
    hits, support, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    union = support + predicted - hits
    low, high = wilson(hits, union, alpha)
    result = []
    for k in range(len(counts)):
        tp, row, column = int(hits[k]), int(support[k]), int(predicted[k])
        flags = [
            name
            for name, size in (("precision", column), ("recall", row), ("f1", int(union[k])))
            if size == 0
        ]
        f1 = Estimate(
            2 * tp / (row + column) if row + column else 0.0,
            float(2 * low[k] / (1 + low[k])),
            float(2 * high[k] / (1 + high[k])),
        )
        result.append(
            ClassScores(
                support=row,
                predicted=column,
                precision=_or_zero(tp, column, alpha),
                recall=_or_zero(tp, row, alpha),
                f1=f1,
                undefined=tuple(flags),
            )
        )
    return result


def _or_zero(successes: int, trials: int, alpha: float) -> Estimate:
    return proportion(successes, trials, alpha) if trials else Estimate(0.0, 0.0, 1.0)


def summary(counts: Ints, alpha: float) -> dict[str, Estimate]:
    """Return the figures of the whole matrix, each with its interval.

    Macro averages run over the classes that occur as a label or as a prediction; balanced accuracy
    over those that occur as a label. Intervals come from the influence function of each figure:
    the variance of its derivative by the cell of a sample, over N.
    """
    n = int(counts.sum())
    shares = counts / n
    figures = {
        "balanced_accuracy": _balanced_accuracy(shares),
        "macro_precision": _macro_precision(shares),
        "macro_recall": _macro_recall(shares),
        "macro_f1": _macro_f1(shares),
        "weighted_precision": _weighted_precision(shares),
        "weighted_f1": _weighted_f1(shares),
        "kappa": _kappa(shares),
        "mcc": _mcc(shares),
    }
    result = {"accuracy": proportion(int(np.trace(counts)), n, alpha)}
    for name, (value, slope) in figures.items():
        if slope is None:
            result[name] = undefined("labels or predictions are all of one class")
            continue
        error = standard_error(shares, slope, n)
        if name in ("kappa", "mcc"):
            half = quantile(alpha) * error
            result[name] = Estimate(value, max(-1.0, value - half), min(1.0, value + half))
        else:
            result[name] = bounded(value, error, n, alpha)
    return result


def cluster_order(counts: Ints) -> list[int]:
    """Return the classes in an order that puts those that are confused side by side.

    Leaves of an average-linkage tree on the share of errors between two classes, in optimal order
    (Bar-Joseph et al. 2001).
    """
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    k = len(counts)
    if k < 3:
        return list(range(k))
    support = np.maximum(counts.sum(axis=1), 1)
    shares = counts / support[:, None]
    closeness = (shares + shares.T) / 2
    distance = 1 - closeness / max(float((closeness - np.diag(np.diag(closeness))).max()), 1e-12)
    np.fill_diagonal(distance, 0.0)
    tree = hierarchy.linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    return [int(leaf) for leaf in hierarchy.leaves_list(tree)]


def standard_error(shares: Floats, slope: Floats, n: int) -> float:
    """Return the standard error of a figure whose derivative by the shares is `slope`."""
    mean = float((shares * slope).sum())
    variance = float((shares * slope * slope).sum()) - mean * mean
    return float(np.sqrt(max(variance, 0.0) / n))


Slope: TypeAlias = tuple[float, Floats | None]


def _margins(shares: Floats) -> tuple[Floats, Floats, Floats]:
    return np.diag(shares), shares.sum(axis=1), shares.sum(axis=0)


def _inverse(values: Floats) -> Floats:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


def _balanced_accuracy(shares: Floats) -> Slope:
    hits, rows, _ = _margins(shares)
    inverse = _inverse(rows)
    present = int((rows > 0).sum())
    slope = np.diag(inverse) - (hits * inverse**2)[:, None]
    return float((hits * inverse).sum() / present), slope / present


def _macro_precision(shares: Floats) -> Slope:
    hits, rows, columns = _margins(shares)
    inverse = _inverse(columns)
    present = int((rows + columns > 0).sum())
    slope = np.diag(inverse) - (hits * inverse**2)[None, :]
    return float((hits * inverse).sum() / present), slope / present


def _macro_recall(shares: Floats) -> Slope:
    """Return the mean over all classes that occur; a class that is only predicted counts as 0."""
    _, rows, columns = _margins(shares)
    value, slope = _balanced_accuracy(shares)
    part = int((rows > 0).sum()) / int((rows + columns > 0).sum())
    return value * part, None if slope is None else slope * part


def _weighted_precision(shares: Floats) -> Slope:
    hits, rows, columns = _margins(shares)
    inverse = _inverse(columns)
    precision = hits * inverse
    slope = np.diag(rows * inverse) - (rows * precision * inverse)[None, :] + precision[:, None]
    return float((rows * precision).sum()), slope


def _f1(shares: Floats) -> tuple[Floats, Floats]:
    hits, rows, columns = _margins(shares)
    inverse = _inverse(rows + columns)
    return 2 * hits * inverse, inverse


def _macro_f1(shares: Floats) -> Slope:
    f1, inverse = _f1(shares)
    present = int((inverse > 0).sum())
    pull = f1 * inverse
    slope = 2 * np.diag(inverse) - pull[:, None] - pull[None, :]
    return float(f1.sum() / present), slope / present


def _weighted_f1(shares: Floats) -> Slope:
    f1, inverse = _f1(shares)
    _, rows, _ = _margins(shares)
    pull = rows * f1 * inverse
    slope = 2 * np.diag(rows * inverse) - pull[:, None] - pull[None, :] + f1[:, None]
    return float((rows * f1).sum()), slope


def _kappa(shares: Floats) -> Slope:
    hits, rows, columns = _margins(shares)
    agree, chance = float(hits.sum()), float(rows @ columns)
    if chance >= 1:
        return 0.0, None
    pull = columns[:, None] + rows[None, :]
    slope = np.eye(len(shares)) / (1 - chance) - pull * (1 - agree) / (1 - chance) ** 2
    return (agree - chance) / (1 - chance), slope


def _mcc(shares: Floats) -> Slope:
    """Gorodkin (2004), the correlation of two categorical variables."""
    hits, rows, columns = _margins(shares)
    spread_true, spread_predicted = 1 - float(rows @ rows), 1 - float(columns @ columns)
    if min(spread_true, spread_predicted) <= 0:
        return 0.0, None
    covariance = float(hits.sum() - rows @ columns)
    root = (spread_true * spread_predicted) ** 0.5
    value = covariance / root
    slope = (np.eye(len(shares)) - columns[:, None] - rows[None, :]) / root
    slope += value * (rows[:, None] / spread_true + columns[None, :] / spread_predicted)
    return value, slope
