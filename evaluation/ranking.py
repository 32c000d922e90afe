"""ROC-AUC and average precision of every class against the rest, exact and in row blocks.

Only the scores of a class's own samples matter as thresholds, so every block of rows is sorted once
per column and searched for them: nothing larger than a block is held beside the scores.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.arrays import Floats, Ints, Mask, Scores, content_sample
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, bounded, undefined

# Rows per sort: large enough for the sort to be fast, small beside the scores.
SORT_NUMBERS = 2**22
# Rows whose influence on the macro means is worked out one by one, for their standard errors.
INFLUENCE_ROWS = 2000


@dataclass(frozen=True, eq=False)
class ClassRanks:
    """Where the positives of one class stand among all samples.

    thresholds: distinct scores of the positives, ascending. positives: how many have each.
    below, upto: how many samples score less, and at most, each threshold. The leading axis of the
    last three is the half of the data (see content_folds); sums over it describe all of it.
    """

    thresholds: Scores
    positives: Ints
    below: Ints
    upto: Ints

    @property
    def p(self) -> int:
        """Return the number of positives."""
        return int(self.positives.sum())


@dataclass(frozen=True, eq=False)
class Ranking:
    """AUC and average precision; per class an Estimate or value, with the macro mean.

    fitted_on: rows that the errors of the macro means rest on.
    """

    auc: list[Estimate]
    average_precision: list[float | None]
    macro_auc: Estimate
    macro_average_precision: Estimate
    ranks: list[ClassRanks]
    fitted_on: int


def _sorted_blocks(
    predictions: Predictions, halves: Ints
) -> Iterator[tuple[int, NDArray[np.floating]]]:
    """Yield (half, scores sorted within each class, shape (K, rows))."""
    step = max(1, SORT_NUMBERS // predictions.k)
    for half in (0, 1):
        index = np.flatnonzero(halves == half)
        for start in range(0, len(index), step):
            block = predictions.rows(index[start : start + step])
            columns = np.ascontiguousarray(block.T)
            columns.sort(axis=1)
            yield half, columns


def class_ranks(predictions: Predictions, p_true: Floats, halves: Ints) -> list[ClassRanks]:
    """Return the ranks of each class's positives among all samples, by halves."""
    if predictions.scores is None:
        return []
    dtype = predictions.dtype
    k, labels = predictions.k, predictions.labels
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(k + 1))
    thresholds, positives = [], []
    for c in range(k):
        members = order[ends[c] : ends[c + 1]]
        distinct, place = np.unique(p_true[members].astype(dtype), return_inverse=True)
        thresholds.append(distinct)
        positives.append(
            np.stack(
                [
                    np.bincount(place[halves[members] == half], minlength=len(distinct))
                    for half in (0, 1)
                ]
            )
        )
    below = [np.zeros((2, len(t)), np.int64) for t in thresholds]
    upto = [np.zeros((2, len(t)), np.int64) for t in thresholds]
    for half, columns in _sorted_blocks(predictions, halves):
        for c in range(k):
            below[c][half] += columns[c].searchsorted(thresholds[c], "left")
            upto[c][half] += columns[c].searchsorted(thresholds[c], "right")
    return [ClassRanks(*parts) for parts in zip(thresholds, positives, below, upto, strict=True)]


def rank(
    predictions: Predictions, ranks: list[ClassRanks], order: Ints, alpha: float, seed: int
) -> Ranking:
    """Return AUC (DeLong intervals) and average precision of each class, and their macro means.

    AUC is the Mann-Whitney share with ties counted half. DeLong, DeLong and Clarke-Pearson (1988).
    Classes without positives or without negatives have none and stay out of the means.
    order: the rows in the order of their content (see content_order).
    """
    n = len(predictions)
    auc, precision = [], []
    for item in ranks:
        auc.append(_auc(item, n, alpha))
        precision.append(_average_precision(item, n))
    chosen = content_sample(order, INFLUENCE_ROWS, seed)
    block, labels = predictions.rows(chosen), predictions.labels[chosen]
    areas = [
        (estimate.value, _auc_influence(item, n, estimate.value, block[:, c], labels == c))
        for c, (item, estimate) in enumerate(zip(ranks, auc, strict=True))
        if estimate.value is not None
    ]
    precisions = [
        (value, _precision_influence(item, n, value, block[:, c], labels == c))
        for c, (item, value) in enumerate(zip(ranks, precision, strict=True))
        if value is not None
    ]
    return Ranking(
        auc,
        precision,
        _macro(areas, n, alpha, "no class has samples of its own and of others"),
        _macro(precisions, n, alpha, "no class has samples"),
        ranks,
        len(chosen),
    )


def _negatives(item: ClassRanks, n: int) -> tuple[Floats, Floats, Floats]:
    """Return negatives below, at, and above-up-to-the-next threshold, as running counts."""
    positives = item.positives.sum(axis=0)
    own = np.cumsum(positives)
    below = item.below.sum(axis=0) - (own - positives)
    upto = item.upto.sum(axis=0) - own
    return positives.astype(float), below.astype(float), upto.astype(float)


def _auc(item: ClassRanks, n: int, alpha: float) -> Estimate:
    p = item.p
    q = n - p
    if p == 0 or q == 0:
        return undefined("no sample of the class" if p == 0 else "no sample of another class")
    positives, below, upto = _negatives(item, n)
    share = (below + upto) / (2 * q)
    value = float(positives @ share) / p
    if p < 2 or q < 2:
        return Estimate(value, reason="too few samples for an interval")
    spread_p = float(positives @ (share - value) ** 2) / (p - 1)
    # A negative between two thresholds beats all positives below it, one at a threshold half of it.
    own = np.cumsum(positives)
    equal = upto - below
    between = np.diff(np.append(np.insert(upto, 0, 0.0), q))
    between[:-1] -= equal
    lost = np.insert(own, 0, 0.0) / p
    tied = (own - positives / 2) / p
    spread_q = float(between @ (lost - (1 - value)) ** 2 + equal @ (tied - (1 - value)) ** 2)
    error = (spread_p / p + spread_q / (q - 1) / q) ** 0.5
    return bounded(value, error, min(p, q), alpha)


def _average_precision(item: ClassRanks, n: int) -> float | None:
    if item.p == 0:
        return None
    positives, below = item.positives.sum(axis=0), item.below.sum(axis=0)
    hits = np.cumsum(positives[::-1])[::-1]
    return float(positives @ (hits / (n - below)) / item.p)


def _macro(parts: list[tuple[float, Floats]], n: int, alpha: float, missing: str) -> Estimate:
    """Return the mean of (figure, influence of each chosen row), one per class, with its interval.

    A sample moves the figure of its own class as a positive and those of all others as a negative,
    so the classes' errors are correlated and cannot be added up: their influences can.
    """
    if not parts:
        return undefined(missing)
    influence = np.mean([moved for _, moved in parts], axis=0)
    mean = float(np.mean([value for value, _ in parts]))
    return bounded(mean, float(influence.std() / np.sqrt(n)), n, alpha)


def _auc_influence(item: ClassRanks, n: int, value: float, scores: Scores, own: Mask) -> Floats:
    """Return how much rows of these scores move the AUC; own: whether they are of the class."""
    positives, below, upto = _negatives(item, n)
    q = n - item.p
    running = np.concatenate([[0.0], np.cumsum(positives)])
    left = item.thresholds.searchsorted(scores, "left")
    right = item.thresholds.searchsorted(scores, "right")
    lost = (running[left] + running[right]) / (2 * item.p)
    moved: Floats = (1 - lost - value) / (q / n)
    moved[own] = ((below + upto) / (2 * q))[left[own]] / (item.p / n) - value / (item.p / n)
    return moved


def _precision_influence(
    item: ClassRanks, n: int, value: float, scores: Scores, own: Mask
) -> Floats:
    """Return how much rows of these scores move the average precision.

    It is the mean of T/G over positives, T and G the shares of positives and of all that score at
    least as much. A row moves the T and G of every threshold up to its score; one of the class
    also enters the mean.
    """
    positives, below = item.positives.sum(axis=0), item.below.sum(axis=0)
    accepted = n - below
    precision = np.cumsum(positives[::-1])[::-1] / accepted
    gained = np.concatenate([[0.0], np.cumsum(positives / accepted)])
    diluted = np.concatenate([[0.0], np.cumsum(positives * precision / accepted)])
    right = item.thresholds.searchsorted(scores, "right")
    moved: Floats = -diluted[right]
    at = item.thresholds.searchsorted(scores[own], "left")
    moved[own] += gained[right[own]] + precision[at] - value
    moved *= n / item.p
    return moved
