"""How far confidences are from frequencies: ECE in its forms, reliability bins, Brier's parts."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaluation.arrays import Floats, Ints, content_folds
from evaluation.calibration_intervals import (
    debiased_squares,
    group_count,
    largest_gap,
    sum_of_gaps,
    sum_of_group_gaps,
)
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, wilson
from evaluation.samples import Samples
from evaluation.smooth_calibration import smooth_ece


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
    mce: Estimate
    ace: Estimate
    classwise: Estimate
    debiased: Estimate
    bins: Bins
    brier: BrierParts
    classwise_by_class: Floats


def calibrate(
    predictions: Predictions, samples: Samples, order: Ints, bins: int, alpha: float, seed: int
) -> Calibration:
    """Return the calibration errors of probabilities. Naeini et al. (2015), Guo et al. (2017).

    order: the rows in the order of their content (see content_order).
    """
    correct = samples.correct.astype(float)
    reliability = reliability_bins(samples.confidence, correct, bins, alpha)
    filled = reliability.n > 0
    cells = (reliability.hits[filled], reliability.n[filled], reliability.confidence[filled])
    groups = content_folds(order, group_count(len(predictions), predictions.k * bins), seed)
    differences, brier = _classwise(predictions, samples, groups, bins)
    return Calibration(
        ece=sum_of_gaps(*cells, alpha, seed),
        smooth=smooth_ece(samples.confidence, correct, alpha, seed),
        mce=largest_gap(*cells, alpha),
        ace=sum_of_gaps(*_equal_mass(samples.confidence, correct, bins), alpha, seed),
        classwise=sum_of_group_gaps(differences, len(predictions), alpha, seed),
        debiased=debiased_squares(*cells, alpha, seed),
        bins=reliability,
        brier=brier,
        classwise_by_class=np.abs(differences.sum(axis=0)).sum(axis=1) / len(predictions),
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


def _equal_mass(confidence: Floats, correct: Floats, bins: int) -> tuple[Ints, Ints, Floats]:
    """Return hits, sizes and mean confidence of bins of equal mass. Nixon et al. (2019)."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    hits = np.array([correct[part].sum() for part in parts]).astype(np.int64)
    n = np.array([len(part) for part in parts])
    return hits, n, np.array([confidence[part].mean() for part in parts])


def _classwise(
    predictions: Predictions, samples: Samples, groups: Ints, bins: int
) -> tuple[Floats, BrierParts]:
    """Return confidence less hits, (groups, K, bins), Kull et al. (2019), and Brier's parts."""
    k, n, labels = predictions.k, len(predictions), predictions.labels
    cells = (int(groups.max()) + 1) * k * bins
    sizes, totals, hits = np.zeros(cells), np.zeros(cells), np.zeros(cells)
    shifts = (groups * (k * bins)).astype(np.int32)
    offsets = (np.arange(k) * bins).astype(np.int32)
    for rows, block in predictions.blocks():
        # Right-closed: the bin of p is ceil(p·bins) - 1, and 0 belongs to the first.
        index = np.ceil(block * block.dtype.type(bins)).astype(np.int32)
        index -= 1
        np.clip(index, 0, bins - 1, out=index)
        index += offsets
        index += shifts[rows, None]
        flat = index.ravel()
        sizes += np.bincount(flat, minlength=cells)
        totals += np.bincount(flat, weights=block.ravel(), minlength=cells)
        own = np.take_along_axis(index, labels[rows, None], axis=1)[:, 0]
        hits += np.bincount(own, minlength=cells)
    differences = (totals - hits).reshape(-1, k, bins)
    sizes, totals, hits = (part.reshape(-1, k * bins).sum(axis=0) for part in (sizes, totals, hits))
    safe = np.maximum(sizes, 1)
    shares = (np.bincount(labels, minlength=k) / n).repeat(bins)
    reliability = float((sizes / n) @ (totals / safe - hits / safe) ** 2)
    resolution = float((sizes / n) @ (hits / safe - shares) ** 2)
    prior = np.bincount(labels, minlength=k) / n
    uncertainty = float((prior * (1 - prior)).sum())
    within = float(samples.brier.mean()) - (reliability - resolution + uncertainty)
    return differences, BrierParts(reliability, resolution, uncertainty, within)
