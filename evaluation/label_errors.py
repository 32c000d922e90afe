"""Labels that are probably wrong: a posterior for each sample, and an interval for their number.

A label is taken to be the truth passed through noise: with probability 1 - e it is kept, else it
becomes another class. The model's scores, divided by a temperature T, give the probabilities of the
truth. T and e are fitted together by maximum likelihood, for a T fitted to the noisy labels alone
is too high (every flipped label looks like overconfidence) and hides half of them. The noise matrix
is then refined per pair of classes by expectation maximisation, shrunk towards the uniform one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from evaluation.arrays import Floats, Ints, Mask, Scores, row_blocks
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, quantile
from evaluation.temperature import log_scores

# A label is called wrong where that is more probable than not.
DEFAULT_CUT = 0.5
# Numbers in the random part of the scores on which T is fitted; e is then fitted on every row.
FIT_NUMBERS = 2**20
# Samples' worth of the uniform noise that each class's own noise is shrunk towards.
PRIOR_SAMPLES = 50.0
EM_STEPS = 10
# Rows less suspect than this do not shape the noise of single pairs.
SUSPECT = 0.005
SCALES = (1 / 16, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 16.0)
# The fitted posteriors are off by a tenth either way on real models; see docs/evaluation.md.
CALIBRATION_SLACK = 0.1


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """Posterior of a wrong label per sample, and what it adds up to.

    suggested: the most probable class; of listed labels, the most probable other one.
    agrees: probability that the truth is the prediction.
    listed: samples with a posterior of at least `cut`, most probable first. p: of "no label is
    wrong", by likelihood ratio.
    joint: the confident joint, shares of (given, true) that sum to 1. Northcutt et al. (2021).
    """

    posterior: Floats
    suggested: Ints
    agrees: Floats
    listed: Ints
    cut: float
    expected_count: Estimate
    noise_rate: float
    p: float
    temperature: float
    joint: Floats


def find(
    predictions: Predictions, p_true: Floats, cut: float, alpha: float, seed: int
) -> LabelErrors:
    """Return the label errors of probabilities or logits."""
    scale, p = _fit_scale(predictions, seed)
    own = _own_probability(predictions, scale)
    rate, curvature = _fit_rate(own, predictions.k)
    posterior = _uniform_posterior(own, rate, predictions.k)
    suspects = np.flatnonzero(posterior >= SUSPECT)
    noise = _noise_matrix(predictions, scale, rate, suspects)
    suggested = predictions.labels.copy()
    agrees = (predictions.labels == predictions.predicted).astype(float)
    for rows in row_blocks(len(suspects), predictions.k):
        index = suspects[rows]
        q = _truth(predictions, scale, noise, index)
        here = np.arange(len(index))
        posterior[index] = 1 - q[here, predictions.labels[index]]
        agrees[index] = q[here, predictions.predicted[index]]
        # Of a label that is listed, the best of the others is of use, even where it is not likely.
        q[here, predictions.labels[index]] *= posterior[index] < cut
        suggested[index] = q.argmax(axis=1)
    order = np.lexsort((p_true, -posterior))
    listed = order[: int((posterior >= cut).sum())]
    return LabelErrors(
        posterior=posterior,
        suggested=suggested,
        agrees=agrees,
        listed=listed,
        cut=cut,
        expected_count=_count(own, posterior, rate, curvature, predictions.k, alpha),
        noise_rate=rate,
        p=p,
        temperature=float(1 / scale),
        joint=confident_joint(predictions, p_true),
    )


def _fit_scale(predictions: Predictions, seed: int) -> tuple[float, float]:
    """Return 1/T of the largest likelihood, and the p-value of "no label is wrong".

    The likelihood ratio of a noise rate above 0 follows, without noise, half a chi-square with one
    degree of freedom, for the rate lies at the edge of its range. Self and Liang (1987).
    """
    n, most, k = len(predictions), max(2000, FIT_NUMBERS // predictions.k), predictions.k
    rows = np.arange(n)
    if n > most:
        rows = np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
    z, labels = log_scores(predictions, rows), predictions.labels[rows]
    centred = z - z.max(axis=1, keepdims=True)
    own = np.take_along_axis(centred, labels[:, None], axis=1)[:, 0]

    def noisy(p: Floats) -> float:
        return -float(np.log(_mixture(p, _fit_rate(p, k)[0], k)).mean())

    def clean(p: Floats) -> float:
        return -float(np.log(_mixture(p, 0.0, k)).mean())

    coarse = [_scaled(centred, own, scale) for scale in SCALES]
    found = []
    for loss in (noisy, clean):
        losses = [loss(p) for p in coarse]
        found.append(_refine(lambda s, loss=loss: loss(_scaled(centred, own, s)), losses))  # type: ignore[misc]
    (scale, best), (_, plain) = found
    statistic = 2 * len(rows) * max(plain - best, 0.0)
    return scale, float(stats.chi2.sf(statistic, 1)) / 2


def _refine(loss: Callable[[float], float], losses: list[float]) -> tuple[float, float]:
    """Return the 1/T of the lowest loss and that loss, given the losses at SCALES."""
    best = int(np.argmin(losses))
    grid = np.log(SCALES)
    found = optimize.minimize_scalar(
        lambda log_scale: loss(float(np.exp(log_scale))),
        bounds=(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]),
        method="bounded",
        options={"xatol": 5e-3, "maxiter": 12},
    )
    if found.fun > losses[best]:
        return SCALES[best], losses[best]
    return float(np.exp(found.x)), float(found.fun)


def _scaled(centred: Scores, own: Scores, scale: float) -> Floats:
    """Return the probability of each row's label at 1/T = scale."""
    factor = centred.dtype.type(scale)
    result = np.empty(len(centred))
    for rows in row_blocks(*centred.shape):
        total = np.exp(centred[rows] * factor).sum(axis=1)
        result[rows] = np.exp(own[rows] * factor) / total
    return result


def _own_probability(predictions: Predictions, scale: float) -> Floats:
    result = np.empty(len(predictions))
    for rows in row_blocks(len(predictions), predictions.k):
        z = log_scores(predictions, rows)
        centred = z - z.max(axis=1, keepdims=True)
        own = np.take_along_axis(centred, predictions.labels[rows, None], axis=1)[:, 0]
        result[rows] = _scaled(centred, own, scale)
    return result


def _mixture(own: Floats, rate: float, k: int) -> Floats:
    """Return the likelihood of the labels where `rate` of them turned into a random other class."""
    return np.maximum((1 - rate) * own + rate * (1 - own) / max(k - 1, 1), 1e-300)


def _uniform_posterior(own: Floats, rate: float, k: int) -> Floats:
    return rate * (1 - own) / max(k - 1, 1) / _mixture(own, rate, k)


def _fit_rate(own: Floats, k: int) -> tuple[float, float]:
    """Return the noise rate of the largest likelihood and the curvature (information) there.

    The likelihood is concave in the rate: Newton's method, kept inside [0, 0.9].
    """
    contrast = (1 - own) / max(k - 1, 1) - own
    rate, information = 0.01, 0.0
    for _ in range(50):
        slope = contrast / np.maximum(own + rate * contrast, 1e-300)
        gradient, information = float(slope.sum()), float(slope @ slope)
        moved = float(np.clip(rate + gradient / max(information, 1e-300), rate / 10, 0.9))
        if rate < 1e-9 or abs(moved - rate) <= 1e-7 * rate:
            break
        rate = moved
    return (0.0, information) if rate < 1e-9 else (rate, information)


def _truth(predictions: Predictions, scale: float, noise: Floats, index: Ints) -> Floats:
    """Return the probabilities of the true class of some rows, shape (rows, K)."""
    z = log_scores(predictions, index).astype(np.float64) * scale
    z -= z.max(axis=1, keepdims=True)
    q = np.exp(z) * noise[:, predictions.labels[index]].T
    q /= np.maximum(q.sum(axis=1, keepdims=True), 1e-300)
    return q


def _noise_matrix(predictions: Predictions, scale: float, rate: float, suspects: Ints) -> Floats:
    """Return P(given | true), rows are true classes."""
    k = predictions.k
    uniform = np.full((k, k), rate / max(k - 1, 1))
    np.fill_diagonal(uniform, 1 - rate)
    if rate == 0.0 or len(suspects) == 0 or k < 2:
        return uniform
    labels = predictions.labels
    settled = np.ones(len(labels), bool)
    settled[suspects] = False
    base = PRIOR_SAMPLES * uniform + np.diag(np.bincount(labels[settled], minlength=k))
    noise = uniform
    for _ in range(EM_STEPS):
        counts = base.copy()
        for rows in row_blocks(len(suspects), k):
            index = suspects[rows]
            q = _truth(predictions, scale, noise, index)
            order = np.argsort(labels[index], kind="stable")
            given, starts = np.unique(labels[index][order], return_index=True)
            counts[:, given] += np.add.reduceat(q[order], starts, axis=0).T
        noise = counts / counts.sum(axis=1, keepdims=True)
    return noise


def _count(
    own: Floats, posterior: Floats, rate: float, information: float, k: int, alpha: float
) -> Estimate:
    """Return the expected number of wrong labels with an interval for their true number.

    Three sources of error: chance given the posteriors (Poisson-binomial), the fitted rate moved by
    its standard error, and the slack of the posteriors themselves.
    """
    total = float(posterior.sum())
    if rate == 0.0:
        # No error seen: the likelihood still allows those that raise it least.
        high = 2.0 / max(-_slope_at_zero(own, k), 2.0 / len(own))
        return Estimate(0.0, 0.0, float(min(high, len(own))))
    chance = float((posterior * (1 - posterior)).sum())
    step = min(1 / max(information, 1e-12) ** 0.5, 0.5 * rate)
    moved = (
        _uniform_posterior(own, rate + step, k).sum()
        - _uniform_posterior(own, rate - step, k).sum()
    )
    spread = (chance + (float(moved) / 2) ** 2) ** 0.5 * quantile(alpha)
    slack = CALIBRATION_SLACK * total
    half = float(np.hypot(spread, slack))
    return Estimate(total, max(0.0, total - half), min(float(len(own)), total + half))


def _slope_at_zero(own: Floats, k: int) -> float:
    """Return d log-likelihood / d rate at 0, per sample."""
    ratio = ((1 - own) / max(k - 1, 1) - own) / np.maximum(own, 1e-12)
    return float(ratio.mean())


def confident_joint(predictions: Predictions, p_true: Floats) -> Floats:
    """Return shares of (given, true) classes, shape (K, K), by confident learning.

    A sample counts for the most probable class among those whose mean self-confidence it reaches;
    rows are then scaled to the counts of the given labels.
    """
    k, labels = predictions.k, predictions.labels
    support = np.bincount(labels, minlength=k)
    means = np.bincount(labels, weights=p_true, minlength=k) / np.maximum(support, 1)
    counts = np.zeros(k * k)
    for rows, block in predictions.blocks():
        # Classes without samples have no threshold and cannot be reached.
        limits = np.where(support > 0, means, 2.0).astype(block.dtype)
        passing: Mask = block >= limits
        chosen = np.where(passing, block, -1).argmax(axis=1)
        kept = passing.any(axis=1)
        counts += np.bincount((labels[rows] * k + chosen)[kept], minlength=k * k)
    joint = counts.reshape(k, k)
    totals = joint.sum(axis=1, keepdims=True)
    joint = np.where(totals > 0, joint / np.maximum(totals, 1), np.eye(k)) * support[:, None]
    result: Floats = joint / joint.sum()
    return result
