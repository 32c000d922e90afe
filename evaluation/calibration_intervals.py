"""Intervals of calibration errors: sums, maxima and squares of gaps, whose noise is one-sided."""

import numpy as np
from scipy import stats

from evaluation.arrays import BLOCK_NUMBERS, Floats, Ints, row_blocks
from evaluation.intervals import Estimate, clopper_pearson, quantile

DRAWS = 1000
# Parts of the rows whose sums stand for independent draws of the whole.
GROUPS, FEWEST_GROUPS = 50, 10
GROUP_NUMBERS = 2**15
GROUP_DRAWS = 500


def sum_of_gaps(hits: Ints, n: Ints, confidence: Floats, alpha: float, seed: int) -> Estimate:
    """Return Σ|hits - n·confidence|/N, its bootstrap interval over the cells (bin, right or wrong).

    hits, n, confidence: (bins,), the mean confidence of each. Noise only adds to absolute values.
    The lower end takes that bias off, and is 0 unless a calibrated model of these confidences would
    show less with probability 1 - alpha/2.
    """
    value = float(_gaps(hits[None], n, confidence)[0])
    rng = np.random.default_rng(seed)
    right, sizes = _cell_draws(hits, n, rng)
    draws = _gaps(right, sizes, confidence)
    sound = _gaps(rng.binomial(n, np.minimum(confidence, 1), (DRAWS, len(n))), n, confidence)
    middle, up = np.quantile(draws, [0.5, 1 - alpha / 2])
    significant = value > np.quantile(sound, 1 - alpha / 2)
    low = max(0.0, 2 * value - float(up)) if significant else 0.0
    return Estimate(value, min(low, value), min(1.0, value + float(up - middle)))


def group_count(rows: int, cells: int) -> int:
    """Return how many groups to sum rows in: few for many cells, to stay in the cache."""
    return min(rows, int(np.clip(GROUP_NUMBERS // cells, FEWEST_GROUPS, GROUPS)))


def sum_of_group_gaps(differences: Floats, n: int, alpha: float, seed: int) -> Estimate:
    """Return the mean over classes of Σ|difference|/n, with the interval of `sum_of_gaps`.

    differences: (groups, classes, bins), confidence less hits, summed over each group of rows. A
    row falls into one bin of every class, so classes are not independent; groups are: the draws
    weigh them by normal numbers (multiplier bootstrap). Most of many small gaps are noise:
    the bias taken off the lower end is that of gaps of 0 where they are within two errors of it.
    """
    groups, classes, bins = differences.shape
    flat = differences.reshape(groups, classes * bins)
    total = flat.sum(axis=0)
    # Few groups know the spread less well: Student's quantile in place of the normal one.
    freedom = max(groups - 1, 1)
    wider = float(stats.t.ppf(1 - alpha / 2, freedom)) / quantile(alpha)
    weights = np.random.default_rng(seed).standard_normal((GROUP_DRAWS, groups))
    weights *= wider * (groups / freedom) ** 0.5
    scale = 1 / (classes * n)
    centred = flat - total / groups
    variance = (centred**2).sum(axis=0) * groups / freedom
    shrunken = np.where(total**2 > 4 * variance, np.abs(total), 0.0)
    draws, off, sound = np.empty((3, GROUP_DRAWS))
    for rows in row_blocks(GROUP_DRAWS, classes * bins, 8 * BLOCK_NUMBERS):
        noise = weights[rows] @ centred
        sound[rows] = np.abs(noise).sum(axis=1) * scale
        draws[rows] = np.abs(total + noise).sum(axis=1) * scale
        off[rows] = (np.abs(shrunken + noise * np.sign(total)) - shrunken).sum(axis=1) * scale
    value = float(np.abs(total).sum() * scale)
    middle, up = np.quantile(draws, [0.5, 1 - alpha / 2])
    significant = value > np.quantile(sound, 1 - alpha / 2)
    low = max(0.0, value - float(np.quantile(off, 1 - alpha / 2))) if significant else 0.0
    return Estimate(value, min(low, value), min(1.0, value + float(up - middle)))


def largest_gap(hits: Ints, n: Ints, confidence: Floats, alpha: float) -> Estimate:
    """Return the largest |accuracy - confidence| of bins that hold samples.

    The largest of many gaps errs high. The interval is that of the truth all the same: each bin's
    accuracy has an exact interval at alpha over the number of bins (Bonferroni), and the ends are
    the least and the most that the largest gap can be where all of them hold. A bin with few
    samples makes it wide.
    """
    accuracy = hits / n
    lowest, highest = clopper_pearson(hits, n, alpha / len(n))
    low = np.maximum(np.maximum(lowest - confidence, confidence - highest), 0)
    high = np.maximum(np.abs(lowest - confidence), np.abs(highest - confidence))
    return Estimate(float(np.abs(accuracy - confidence).max()), float(low.max()), float(high.max()))


def debiased_squares(hits: Ints, n: Ints, confidence: Floats, alpha: float, seed: int) -> Estimate:
    """Return the squared ECE less the part that sampling adds. Kumar, Liang and Ma (2019).

    It may fall below 0. Interval: the larger of the two sides of the bootstrap over the cells, both
    ways, for its spread is lopsided near 0; the upper end is at least 0, as the truth is.
    """
    value = float(_debiased(hits[None], n[None], confidence)[0])
    draws = _debiased(*_cell_draws(hits, n, np.random.default_rng(seed)), confidence)
    low, high = np.quantile(draws, [alpha / 2, 1 - alpha / 2])
    half = float(max(high - draws.mean(), draws.mean() - low))
    return Estimate(value, value - half, max(value + half, 0.0))


def _cell_draws(hits: Ints, n: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return draws of (hits, sizes), each of shape (DRAWS, bins)."""
    cells = np.concatenate([hits, n - hits])
    draws = rng.multinomial(int(n.sum()), cells / n.sum(), size=DRAWS)
    right, wrong = draws[:, : len(n)], draws[:, len(n) :]
    return right, right + wrong


def _gaps(hits: Ints, n: Ints, confidence: Floats) -> Floats:
    result: Floats = np.abs(hits - n * confidence).sum(axis=1) / n.sum(axis=-1)
    return result


def _debiased(hits: Ints, n: Ints, confidence: Floats) -> Floats:
    enough = n > 1
    size = np.where(enough, n, 2)
    accuracy = hits / size
    squares = (accuracy - confidence) ** 2 - accuracy * (1 - accuracy) / (size - 1)
    result: Floats = (np.where(enough, n, 0) * squares).sum(axis=1) / n.sum(axis=1)
    return result
