"""Labels that are probably wrong: a posterior for each sample, and an interval for their number.

A label is taken to be the truth passed through noise: with probability 1 - e it is kept, else it
becomes another class. The model's scores, divided by a temperature T, give the probabilities of the
label before that noise. T and e are fitted together by maximum likelihood, for a T fitted to the
noisy labels alone is too high (every flipped label looks like overconfidence) and hides half of
them. Noise that repeats (cats called dogs) was learned by the model with everything else: it shows
in what the model says of the surest samples of each class, its anchors, and is taken out of the
scores again. The noise matrix is then refined per pair of classes by expectation maximisation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from evaluation.arrays import Floats, Ints, Mask, Scores, row_blocks, row_max, row_sums, softmax
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
# Numbers in the rows that the noise of single pairs is fitted on.
MOST_NUMBERS = 2**22
# Rows whose label is predicted this surely do not shape the noise of single pairs.
SETTLED = 0.95
# Of the samples predicted as a class the surer half are its anchors, thinned to at most so many.
MOST_ANCHORS, FEWEST_ANCHORS, ANCHOR_NUMBERS = 100, 10, 2**19
# At most this share of a class's anchors is taken for learned noise: beyond, it is no anchor.
MOST_LEARNED = 0.3
# Taking out noise leaves at least this part of a probability: below 0 all would be alike.
KEPT_PART = 0.03
SMALLEST = 1e-30
SCALES = (1 / 16, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 16.0)
# What the sum of the posteriors was off by on planted sets: a share of itself, and of the labels
# that the model contradicts and that were not counted; see docs/evaluation.md.
CALIBRATION_SLACK, OPEN_SLACK = 0.15, 0.25


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """Posterior of a wrong label per sample, and what it adds up to.

    suggested: the most probable class; of listed labels, the most probable other one.
    agrees: probability that the truth is the prediction.
    listed: samples with a posterior of at least `cut`, most probable first. p: of "no label is
    wrong", by likelihood ratio.
    fitted_on: rows that the temperature was fitted on; pairs_fitted_on: of those that shape the
    noise of single pairs, how many were used, of how many.
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
    fitted_on: int
    pairs_fitted_on: tuple[int, int]
    joint: Floats


def find(predictions: Predictions, p_true: Floats, cut: float, alpha: float) -> LabelErrors:
    """Return the label errors of probabilities or logits."""
    scale, p = _fit_scale(predictions, p_true)
    own, top = _probabilities(predictions, scale)
    rate, curvature = _fit_rate(own, predictions.k)
    learned = _learned_noise(predictions, scale, top)
    kept = np.minimum(own / np.diag(learned)[predictions.labels], 1.0)
    posterior = _uniform_posterior(kept, rate, predictions.k)
    agrees = (predictions.labels == predictions.predicted).astype(float)
    suspects = np.flatnonzero((kept < SETTLED) | (agrees == 0))
    truth = _Truth(predictions, scale, np.linalg.inv(learned))
    noise = _noise_matrix(truth, learned @ _uniform_noise(rate, predictions.k), suspects, p_true)
    suggested = predictions.labels.copy()
    for rows in row_blocks(len(suspects), predictions.k):
        index = suspects[rows]
        q = truth.given_label(index, noise)
        here = np.arange(len(index))
        posterior[index] = 1 - q[here, predictions.labels[index]]
        agrees[index] = q[here, predictions.predicted[index]]
        # Of a label that is listed, the best of the others is of use, even where it is not likely.
        q[here, predictions.labels[index]] *= posterior[index] < cut
        suggested[index] = q.argmax(axis=1)
    order = np.lexsort((p_true, -posterior))
    listed = order[: int((posterior >= cut).sum())]
    doubt = _doubt(predictions, (own, rate, curvature), learned, float(posterior.sum()))
    return LabelErrors(
        posterior=posterior,
        suggested=suggested,
        agrees=agrees,
        listed=listed,
        cut=cut,
        expected_count=_count(posterior, doubt, p < alpha, alpha),
        noise_rate=rate,
        p=p,
        temperature=float(1 / scale),
        fitted_on=min(len(predictions), _most_rows(predictions.k)),
        pairs_fitted_on=(min(len(suspects), _most_suspects(predictions.k)), len(suspects)),
        joint=confident_joint(predictions, p_true),
    )


def _fit_scale(predictions: Predictions, p_true: Floats) -> tuple[float, float]:
    """Return 1/T of the largest likelihood, and the p-value of "no label is wrong".

    Of many samples a part is used that is spread evenly over the order of their losses.
    The likelihood ratio of a noise rate above 0 follows, without noise, half a chi-square with one
    degree of freedom, for the rate lies at the edge of its range. Self and Liang (1987).
    """
    n, most, k = len(predictions), _most_rows(predictions.k), predictions.k
    rows = np.arange(n)
    if n > most:
        rows = np.sort(np.argsort(p_true, kind="stable")[np.linspace(0, n - 1, most).astype(int)])
    z, labels = log_scores(predictions, rows), predictions.labels[rows]
    centred = z - row_max(z)[:, None]
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


def _most_rows(k: int) -> int:
    return max(2000, FIT_NUMBERS // k)


def _most_suspects(k: int) -> int:
    return max(1, MOST_NUMBERS // k)


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
        total = row_sums(np.exp(centred[rows] * factor))
        result[rows] = np.exp(own[rows] * factor) / total
    return result


def _probabilities(predictions: Predictions, scale: float) -> tuple[Floats, Floats]:
    """Return the probability of each label, and of each prediction, at 1/T = scale."""
    own, top = np.empty(len(predictions)), np.empty(len(predictions))
    for rows in row_blocks(len(predictions), predictions.k):
        z = log_scores(predictions, rows)
        centred = z - row_max(z)[:, None]
        centred *= centred.dtype.type(scale)
        label = np.take_along_axis(centred, predictions.labels[rows, None], axis=1)[:, 0]
        top[rows] = 1 / row_sums(np.exp(centred, out=centred))
        own[rows] = np.exp(label) * top[rows]
    return own, top


def _learned_noise(predictions: Predictions, scale: float, top: Floats) -> Floats:
    """Return the noise that the scores repeat, P(label | truth), from the anchors of each class.

    Anchors: Patrini et al. (2017). The median over them, for some lie between classes after all.
    """
    k = predictions.k
    most = int(np.clip(ANCHOR_NUMBERS // k**2, 2 * FEWEST_ANCHORS, MOST_ANCHORS))
    result = np.eye(k)
    order = np.lexsort((-top, predictions.predicted))
    ends = np.cumsum(np.bincount(predictions.predicted, minlength=k))
    for c, rows in enumerate(np.split(order, ends[:-1])):
        surer = rows[: len(rows) // 2]
        if len(surer) < FEWEST_ANCHORS:
            continue
        chosen = surer[np.linspace(0, len(surer) - 1, min(most, len(surer))).astype(int)]
        typical = np.median(_softmax(predictions, scale, chosen), axis=0)
        typical[c] = 0.0
        lost = min(float(typical.sum()), MOST_LEARNED)
        result[c] = typical * (lost / max(float(typical.sum()), 1e-300))
        result[c, c] = 1 - lost
    return result


def _softmax(predictions: Predictions, scale: float, index: Ints) -> Scores:
    z = log_scores(predictions, index)
    return softmax(z * z.dtype.type(scale))


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


def _uniform_noise(rate: float, k: int) -> Floats:
    noise = np.full((k, k), rate / max(k - 1, 1))
    np.fill_diagonal(noise, 1 - rate)
    return noise


@dataclass(frozen=True, eq=False)
class _Truth:
    """Probabilities of the true classes: scores at 1/T = scale, without the noise in them."""

    predictions: Predictions
    scale: float
    unlearn: Scores

    def unlabelled(self, index: Ints) -> Scores:
        """Return P(truth | scores) of some rows, shape (rows, K); their sums are close to 1."""
        learned = _softmax(self.predictions, self.scale, index)
        q = learned @ self.unlearn.astype(learned.dtype)
        learned *= learned.dtype.type(KEPT_PART)
        learned += learned.dtype.type(SMALLEST)
        return np.maximum(q, learned, out=q)

    def given_label(self, index: Ints, noise: Floats) -> Floats:
        """Return P(truth | scores, label) of some rows, shape (rows, K)."""
        q = self.unlabelled(index) * noise[:, self.predictions.labels[index]].T
        q /= np.maximum(q.sum(axis=1, keepdims=True), 1e-300)
        return q


def _noise_matrix(truth: _Truth, start: Floats, suspects: Ints, p_true: Floats) -> Floats:
    """Return P(label | truth), rows are true classes, fitted from `start` and shrunk to it."""
    labels, k = truth.predictions.labels, truth.predictions.k
    if len(suspects) == 0 or k < 2:
        return start
    settled = np.bincount(labels, minlength=k) - np.bincount(labels[suspects], minlength=k)
    base = PRIOR_SAMPLES * start + np.diag(settled)
    chosen = suspects[np.lexsort((p_true[suspects], labels[suspects]))]
    most = _most_suspects(k)
    if len(chosen) > most:
        chosen = chosen[np.linspace(0, len(chosen) - 1, most).astype(int)]
    weight = len(suspects) / len(chosen)
    given, starts = np.unique(labels[chosen], return_index=True)
    parts = [truth.unlabelled(rows) for rows in np.split(chosen, starts[1:])]
    noise = start
    for _ in range(EM_STEPS):
        counts = base.copy()
        for c, q in zip(given, parts, strict=True):
            column = noise[:, c].astype(q.dtype)
            counts[:, c] += weight * column * (1 / np.maximum(q @ column, SMALLEST) @ q)
        noise = counts / counts.sum(axis=1, keepdims=True)
    return noise


@dataclass(frozen=True, eq=False)
class _Doubt:
    """What the number of wrong labels may be off by besides chance.

    rate: how it moves with one standard error of the fitted noise rate. open: labels that the model
    contradicts and that are not counted. learned: labels whose noise the model repeats. least: what
    cannot be excluded even where no error is seen.
    """

    rate: float
    open: float
    learned: float
    least: float


def _count(posterior: Floats, doubt: _Doubt, significant: bool, alpha: float) -> Estimate:
    """Return the expected number of wrong labels with an interval for their true number.

    Chance given the posteriors (Poisson-binomial), the fitted rate, and how far the posteriors were
    off on sets with planted errors. Below, it ends at 0 where no error at all explains as much.
    """
    total = float(posterior.sum())
    chance = float((posterior * (1 - posterior)).sum()) ** 0.5
    spread = float(np.hypot(chance, doubt.rate)) * quantile(alpha)
    slack = float(np.hypot(CALIBRATION_SLACK * total, OPEN_SLACK * doubt.open))
    half = float(np.hypot(spread, slack))
    low = max(0.0, total - half) if significant else 0.0
    high = max(total + float(np.hypot(half, doubt.learned)), doubt.least)
    return Estimate(total, low, min(float(len(posterior)), high))


def _doubt(
    predictions: Predictions, fitted: tuple[Floats, float, float], learned: Floats, total: float
) -> _Doubt:
    """Return the doubts about a count; fitted: label probabilities, noise rate, information."""
    kept, rate, information = fitted
    k = predictions.k
    step = min(1 / max(information, 1e-12) ** 0.5, 0.5 * rate)
    above, below = (_uniform_posterior(kept, rate + sign * step, k).sum() for sign in (1, -1))
    # Without an error in sight the likelihood still allows those that lower it least.
    least = 2.0 / max(-_slope_at_zero(kept, k), 2.0 / len(kept)) if rate == 0.0 else 0.0
    return _Doubt(
        rate=float(above - below) / 2,
        open=max(float((predictions.predicted != predictions.labels).sum()) - total, 0.0),
        learned=float((1 - np.diag(learned))[predictions.predicted].sum()),
        least=least,
    )


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
