"""Pairs of classes that are confused more than their sizes explain."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaluation.arrays import Floats, Ints
from evaluation.inputs import Predictions
from evaluation.intervals import benjamini_hochberg

# With two classes every error is between them: there is nothing to compare with.
FEWEST_CLASSES = 3
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Pair:
    """Two classes, the errors between them, and how surprising these are.

    forward: samples of `first` taken for `second`; backward: the other way. expected: errors of
    both ways if each class's errors went to the others by their popularity.
    q: of more errors than expected. q_asymmetry: of one direction outweighing the other.
    ceiling: share of all samples that a perfect choice between the two, by the best threshold on
    the ratio of their scores, would gain; None without scores.
    """

    first: int
    second: int
    forward: int
    backward: int
    expected: float
    p: float
    q: float
    q_asymmetry: float
    ceiling: float | None


def confused_pairs(counts: Ints, predictions: Predictions) -> list[Pair]:
    """Return the pairs with errors, the most surprising first, with q-values over all pairs."""
    k = len(counts)
    if k < FEWEST_CLASSES:
        return []
    first, second = np.triu_indices(k, 1)
    wrong = counts.astype(float)
    np.fill_diagonal(wrong, 0.0)
    cells, shapes = expected_errors(wrong)
    observed = (counts + counts.T)[first, second]
    rate, shape = (cells + cells.T)[first, second], (shapes + shapes.T)[first, second]
    p = np.where(observed > 0, stats.nbinom.sf(observed - 1, shape, shape / (shape + rate)), 1.0)
    q = benjamini_hochberg(p)
    forward, backward = counts[first, second], counts[second, first]
    lopsided = _asymmetry(forward, backward)
    chosen = np.flatnonzero(observed > 0)
    chosen = chosen[np.lexsort((chosen, -observed[chosen], p[chosen]))][:SHOWN]
    return [
        Pair(
            first=int(first[i]),
            second=int(second[i]),
            forward=int(forward[i]),
            backward=int(backward[i]),
            expected=float(rate[i]),
            p=float(p[i]),
            q=float(q[i]),
            q_asymmetry=float(lopsided[i]),
            ceiling=_ceiling(predictions, int(first[i]), int(second[i])) if q[i] < 0.05 else None,
        )
        for i in chosen
    ]


def expected_errors(wrong: Floats) -> tuple[Floats, Floats]:
    """Return what each cell off the diagonal should hold, judged by all other cells.

    Where errors only follow how often a class errs and how often it is chosen wrongly, cell (i, j)
    is (rest of row i) · (rest of column j) / (everything outside both); the cell itself stays out,
    or two classes that are confused with each other alone would explain themselves. The factor
    makes up for the empty diagonal (it is exact for equal cells). The second result is the shape
    of the gamma distribution of that estimate: half a count is added, and counts are few.
    """
    k = len(wrong)
    row = wrong.sum(axis=1)[:, None] - wrong + 0.5
    column = wrong.sum(axis=0)[None, :] - wrong + 0.5
    outside = wrong.sum() - wrong.sum(axis=1)[:, None] - wrong.sum(axis=0)[None, :] + wrong + 0.5
    factor = (k * k - 3 * k + 3) / (k - 2) ** 2
    expected = factor * row * column / outside
    shape = 1 / (1 / row + 1 / column)
    np.fill_diagonal(expected, 0.0)
    np.fill_diagonal(shape, 0.0)
    return expected, shape


def _asymmetry(forward: Ints, backward: Ints) -> Floats:
    total = forward + backward
    p = np.ones(len(total))
    some = total > 0
    tail = stats.binom.cdf(np.minimum(forward, backward)[some], total[some], 0.5)
    p[some] = np.minimum(2 * tail, 1.0)
    q = np.ones(len(total))
    q[some] = benjamini_hochberg(p[some])
    return q


def _ceiling(predictions: Predictions, first: int, second: int) -> float | None:
    """Return the share gained by the best threshold between two classes, over all samples."""
    if predictions.scores is None:
        return None
    labels, predicted = predictions.labels, predictions.predicted
    both = np.isin(labels, (first, second)) & np.isin(predicted, (first, second))
    index = np.flatnonzero(both)
    scores = predictions.raw(index)[:, [first, second]].astype(float)
    if predictions.kind == "probability":
        scores = np.log(np.maximum(scores, 1e-300))
    ratio, truth = scores[:, 0] - scores[:, 1], labels[index] == first
    order = np.argsort(ratio)
    ordered = truth[order].astype(float)
    # Cut after position i: everything up to i is called `second`, the rest `first`.
    errors = np.concatenate([[0.0], np.cumsum(ordered)])
    errors += np.concatenate([[0.0], np.cumsum(1 - ordered)])[-1]
    errors -= np.concatenate([[0.0], np.cumsum(1 - ordered)])
    cuttable = np.concatenate([[True], np.diff(ratio[order]) > 0, [True]])
    best = float(errors[cuttable].min())
    now = float((labels[index] != predicted[index]).sum())
    return (now - min(best, now)) / len(predictions)
