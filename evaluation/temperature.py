"""Temperature scaling: the one number that logits should be divided by, and what it gains."""

from dataclasses import dataclass

import numpy as np

from evaluation.arrays import (
    Floats,
    Ints,
    Scores,
    content_folds,
    content_sample,
    row_blocks,
    row_max,
    row_sums,
)
from evaluation.calibration import expected_error
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, mean_interval

FOLDS = 5
NEWTON_STEPS = 30
# Above this many numbers a random part of the rows is used: T is one parameter.
MAX_NUMBERS = 2**23
# With as many rows as this, every eighth one alone brings Newton's method close to the optimum.
COARSE, COARSE_STEP = 1000, 8
LOWEST, HIGHEST = 0.01, 100.0


@dataclass(frozen=True, eq=False)
class Temperature:
    """The fitted temperature and its cross-fitted effect; losses are means per sample.

    nll_gain: log-loss before less after, each sample scaled by the T of the other folds.
    fitted_on: rows used.
    """

    t: float
    nll_before: float
    nll_after: float
    nll_gain: Estimate
    ece_before: float
    ece_after: float
    fitted_on: int

    @property
    def helps(self) -> bool:
        """Return whether confidences come nearer to accuracies too."""
        return self.ece_after < self.ece_before


def log_scores(predictions: Predictions, rows: Ints | slice) -> Scores:
    """Return logits, or the logarithms of probabilities clipped at their dtype's tiny."""
    block = predictions.raw(rows)
    if predictions.kind == "logits":
        return block
    positive = np.maximum(block, np.finfo(block.dtype).tiny)
    return np.log(positive, out=positive)


def fit(predictions: Predictions, order: Ints, bins: int, alpha: float, seed: int) -> Temperature:
    """Return the temperature that minimises the log-loss, by Newton's method in 1/T.

    order: the rows in the order of their content (see content_order), which sets the folds and, of
    a huge input, the part that is used.

    The loss is convex in 1/T. The T without a fold is one further Newton step from the common
    optimum, with the gradient and curvature of the other folds. Guo et al. (2017).
    """
    rows = content_sample(order, max(1000, MAX_NUMBERS // predictions.k), seed)
    z = log_scores(predictions, rows)
    labels, fold = predictions.labels[rows], content_folds(order, FOLDS, seed)[rows]
    start = 1.0
    if len(rows) >= COARSE * COARSE_STEP:
        some = slice(None, None, COARSE_STEP)
        start, _, _ = _newton(z[some], labels[some], fold[some], start)
    inverse, gradient, curvature = _newton(z, labels, fold, start)
    others_gradient = gradient.sum() - gradient
    others_curvature = np.maximum(curvature.sum() - curvature, 1e-12)
    by_fold = np.clip(inverse - others_gradient / others_curvature, 1 / HIGHEST, 1 / LOWEST)
    before, top_before = _losses(z, labels, np.ones(len(rows)))
    after, top_after = _losses(z, labels, by_fold[fold])
    correct = (predictions.predicted[rows] == labels).astype(float)
    return Temperature(
        t=float(1 / inverse),
        nll_before=float(before.mean()),
        nll_after=float(after.mean()),
        nll_gain=mean_interval(before - after, alpha),
        ece_before=expected_error(top_before, correct, bins),
        ece_after=expected_error(top_after, correct, bins),
        fitted_on=len(rows),
    )


def _newton(z: Scores, labels: Ints, fold: Ints, start: float) -> tuple[float, Floats, Floats]:
    """Return 1/T at the optimum with gradient and curvature per fold there."""
    inverse = start
    gradient, curvature = _slopes(z, labels, fold, inverse)
    for _ in range(NEWTON_STEPS):
        step = float(gradient.sum()) / max(float(curvature.sum()), 1e-12)
        # A factor of 3 at most per step: far from the optimum the curvature may vanish.
        candidate = float(np.clip(inverse - step, inverse / 3, inverse * 3))
        candidate = float(np.clip(candidate, 1 / HIGHEST, 1 / LOWEST))
        moved = abs(candidate - inverse)
        inverse = candidate
        gradient, curvature = _slopes(z, labels, fold, inverse)
        # Newton's error is squared at each step: after one this small the next is below 1e-8.
        if moved <= 1e-4 * inverse:
            break
    return inverse, gradient, curvature


def _slopes(z: Scores, labels: Ints, fold: Ints, inverse: float) -> tuple[Floats, Floats]:
    """Return d and d² of the summed log-loss by 1/T, per fold: mean E[z] - z_y, and Var[z]."""
    gradient, curvature = np.empty(len(z)), np.empty(len(z))
    for rows in row_blocks(*z.shape):
        centred = z[rows] - row_max(z[rows])[:, None]
        weights = np.exp(centred * z.dtype.type(inverse))
        total = row_sums(weights)
        weights *= centred
        first = row_sums(weights) / total
        second = np.einsum("ij,ij->i", weights, centred) / total
        own = np.take_along_axis(centred, labels[rows, None], axis=1)[:, 0]
        gradient[rows] = first - own
        curvature[rows] = second - first * first
    sums = (np.bincount(fold, weights=part, minlength=FOLDS) for part in (gradient, curvature))
    first_sum, second_sum = (part.astype(np.float64) for part in sums)
    return first_sum, second_sum


def _losses(z: Scores, labels: Ints, inverse: Floats) -> tuple[Floats, Floats]:
    """Return log-loss and top confidence of each row with its own 1/T."""
    loss, top = np.empty(len(z)), np.empty(len(z))
    for rows in row_blocks(*z.shape):
        scaled = z[rows] * inverse[rows, None].astype(z.dtype)
        scaled -= row_max(scaled)[:, None]
        own = np.take_along_axis(scaled, labels[rows, None], axis=1)[:, 0]
        total = row_sums(np.exp(scaled, out=scaled))
        loss[rows] = np.log(total) - own
        top[rows] = 1 / total
    return loss, top
