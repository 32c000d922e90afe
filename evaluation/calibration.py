"""How far confidences are from frequencies: ECE in its forms, reliability bins, Brier's parts."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaluation.arrays import Floats, Ints
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, wilson
from evaluation.samples import Samples
from evaluation.smooth_calibration import smooth_ece

BOOTSTRAP_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Bins:
    """Right-closed bins of the top confidence; arrays of one number per bin.

    low, high: Wilson bounds of the accuracy. expected_low, expected_high: where the accuracy of a
    calibrated model falls with probability 1 - alpha, Bröcker and Smith (2007).
    """

    edges: Floats
    n: Ints
    hits: Ints
    confidence: Floats
    low: Floats
    high: Floats
    expected_low: Floats
    expected_high: Floats


@dataclass(frozen=True, eq=False)
class BrierParts:
    """Murphy's parts of the multiclass Brier score; `within` is what binning leaves over."""

    reliability: float
    resolution: float
    uncertainty: float
    within: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """ECE, SmoothECE, MCE, equal-mass and classwise ECE, debiased squared ECE, reliability bins."""

    ece: Estimate
    smooth: Estimate
    mce: float
    ace: float
    classwise: float
    debiased: float
    bins: Bins
    brier: BrierParts
    classwise_by_class: Floats


def calibrate(
    predictions: Predictions, samples: Samples, bins: int, alpha: float, seed: int
) -> Calibration:
    """Return the calibration errors of probabilities. Naeini et al. (2015), Guo et al. (2017)."""
    correct = samples.correct.astype(float)
    reliability = reliability_bins(samples.confidence, correct, bins, alpha)
    filled = reliability.n > 0
    n = int(reliability.n.sum())
    accuracy = reliability.hits[filled] / reliability.n[filled]
    gaps = np.abs(accuracy - reliability.confidence[filled])
    weights = reliability.n[filled] / n
    classwise, brier = _classwise(predictions, samples, bins)
    return Calibration(
        ece=_ece_interval(reliability, float(weights @ gaps), alpha, seed),
        smooth=smooth_ece(samples.confidence, correct, alpha, seed),
        mce=float(gaps.max()),
        ace=adaptive_ece(samples.confidence, correct, bins),
        classwise=float(classwise.mean()),
        debiased=_debiased(reliability, n),
        bins=reliability,
        brier=brier,
        classwise_by_class=classwise,
    )


def bin_index(values: Floats, bins: int) -> Ints:
    """Return the right-closed bin of numbers in [0, 1]; 0 belongs to the first."""
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    return np.searchsorted(edges, values, side="left").astype(np.int64)


def reliability_bins(confidence: Floats, correct: Floats, bins: int, alpha: float) -> Bins:
    """Return counts, hits and mean confidence of equal-width bins."""
    index = bin_index(confidence, bins)
    n = np.bincount(index, minlength=bins)
    hits = np.bincount(index, weights=correct, minlength=bins).astype(np.int64)
    total = np.bincount(index, weights=confidence, minlength=bins)
    mean = np.divide(total, n, out=np.zeros(bins), where=n > 0)
    low, high = wilson(hits, n, alpha)
    safe = np.maximum(n, 1)
    return Bins(
        edges=np.linspace(0, 1, bins + 1),
        n=n,
        hits=hits,
        confidence=mean,
        low=low,
        high=high,
        expected_low=stats.binom.ppf(alpha / 2, safe, np.minimum(mean, 1)) / safe,
        expected_high=stats.binom.ppf(1 - alpha / 2, safe, np.minimum(mean, 1)) / safe,
    )


def expected_error(confidence: Floats, correct: Floats, bins: int) -> float:
    """Return the ECE of top confidences with right-closed bins of equal width."""
    index = bin_index(confidence, bins)
    difference = np.bincount(index, weights=correct - confidence, minlength=bins)
    return float(np.abs(difference).sum() / len(confidence))


def adaptive_ece(confidence: Floats, correct: Floats, bins: int) -> float:
    """Return the ECE over bins of equal mass. Nixon et al. (2019), for the top label."""
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split((correct - confidence)[order], bins)
    return float(sum(abs(part.sum()) for part in parts) / len(confidence))


def _debiased(bins: Bins, n: int) -> float:
    """Return the squared ECE less the part that sampling adds. Kumar, Liang and Ma (2019)."""
    enough = bins.n > 1
    size = bins.n[enough]
    accuracy = bins.hits[enough] / size
    squares = (accuracy - bins.confidence[enough]) ** 2 - accuracy * (1 - accuracy) / (size - 1)
    return float((size / n) @ squares)


def _ece_interval(bins: Bins, value: float, alpha: float, seed: int) -> Estimate:
    """Return the ECE with its bootstrap interval over the cells (bin, right or wrong).

    Noise only adds to absolute values. The lower end takes that bias off, and is 0 unless a
    calibrated model of these confidences would show less with probability 1 - alpha/2.
    """
    n = int(bins.n.sum())
    rng = np.random.default_rng(seed)
    cells = np.concatenate([bins.hits, bins.n - bins.hits])
    draws = rng.multinomial(n, cells / n, size=BOOTSTRAP_DRAWS)
    hits, misses = draws[:, : len(bins.n)], draws[:, len(bins.n) :]
    middle, up = np.quantile(_gaps(hits, hits + misses, bins), [0.5, 1 - alpha / 2])
    sound = rng.binomial(bins.n, np.minimum(bins.confidence, 1), (BOOTSTRAP_DRAWS, len(bins.n)))
    significant = value > np.quantile(_gaps(sound, bins.n, bins), 1 - alpha / 2)
    low = max(0.0, 2 * value - float(up)) if significant else 0.0
    return Estimate(value, min(low, value), min(1.0, value + float(up - middle)))


def _gaps(hits: Ints, n: Ints, bins: Bins) -> Floats:
    """Return the ECE of each draw of hits among n samples per bin."""
    result: Floats = np.abs(hits - n * bins.confidence).sum(axis=1) / bins.n.sum()
    return result


def _classwise(predictions: Predictions, samples: Samples, bins: int) -> tuple[Floats, BrierParts]:
    """Return the classwise ECE of each class (Kull et al. 2019) and Brier's parts."""
    k, n, labels = predictions.k, len(predictions), predictions.labels
    sizes, totals, hits = np.zeros(k * bins), np.zeros(k * bins), np.zeros(k * bins)
    offsets = (np.arange(k) * bins).astype(np.int32)
    for rows, block in predictions.blocks():
        # Right-closed: the bin of p is ceil(p·bins) - 1, and 0 belongs to the first.
        index = np.ceil(block * block.dtype.type(bins)).astype(np.int32)
        index -= 1
        np.clip(index, 0, bins - 1, out=index)
        index += offsets
        flat = index.ravel()
        sizes += np.bincount(flat, minlength=k * bins)
        totals += np.bincount(flat, weights=block.ravel(), minlength=k * bins)
        own = np.take_along_axis(index, labels[rows, None], axis=1)[:, 0]
        hits += np.bincount(own, minlength=k * bins)
    by_class = np.abs(totals - hits).reshape(k, bins).sum(axis=1) / n
    safe = np.maximum(sizes, 1)
    shares = (np.bincount(labels, minlength=k) / n).repeat(bins)
    reliability = float((sizes / n) @ (totals / safe - hits / safe) ** 2)
    resolution = float((sizes / n) @ (hits / safe - shares) ** 2)
    prior = np.bincount(labels, minlength=k) / n
    uncertainty = float((prior * (1 - prior)).sum())
    within = float(samples.brier.mean()) - (reliability - resolution + uncertainty)
    return by_class, BrierParts(reliability, resolution, uncertainty, within)
