"""What rejecting unsure predictions buys: risk and coverage, thresholds, guaranteed coverage."""

from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats, Ints, Mask
from evaluation.intervals import Estimate, bounded, clopper_pearson
from evaluation.ranking import ClassRanks

RISK_TARGETS = (0.01, 0.02, 0.05)
CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Guarantee:
    """The largest tested coverage whose error is at most `risk` with confidence 1 - alpha.

    coverage and threshold are None where no coverage passes. risk_high: the exact upper bound.
    """

    risk: float
    coverage: float | None
    threshold: float | None
    observed: float | None
    risk_high: float | None


@dataclass(frozen=True, eq=False)
class Selective:
    """Risk against coverage, from the surest sample to all of them; curves are thinned."""

    aurc: Estimate
    excess_aurc: Estimate
    coverage: Floats
    risk: Floats
    guarantees: list[Guarantee]


@dataclass(frozen=True, eq=False)
class Sweep:
    """For thresholds 0, 0.01, …, 1: what is accepted where confidence >= threshold.

    macro_f1 counts a rejected sample as no prediction: it lowers recall, not precision.
    """

    threshold: Floats
    coverage: Floats
    accuracy: Floats
    macro_f1: Floats


@dataclass(frozen=True, slots=True)
class ClassThreshold:
    """The score above which "is of this class" has the best F1, found on one half of the data.

    f1: on the other half, both ways averaged. f1_argmax: of the plain decision, for comparison.
    """

    threshold: float
    f1: float


def risk_coverage(confidence: Floats, correct: Mask, alpha: float) -> Selective:
    """Return the risk-coverage curve and its area. Geifman and El-Yaniv (2017).

    Among equal confidences the order is taken as random: errors enter at their mean rate.
    """
    n = len(confidence)
    errors = _running_errors(confidence, correct)
    covered = np.arange(1, n + 1)
    risk = errors / covered
    wrong = int(n - correct.sum())
    best = np.maximum(covered - (n - wrong), 0) / covered
    area, excess = float(risk.mean()), float(risk.mean() - best.mean())
    moved = _area_influence(confidence, correct, risk)
    # The best area of an error rate r is r + (1 - r) ln(1 - r), whose slope is -ln(1 - r).
    slope = -np.log(max(1 - wrong / n, 1 / n))
    beyond = moved - slope * (~correct - wrong / n)
    points = np.unique(np.linspace(0, n - 1, min(n, CURVE_POINTS)).astype(np.int64))
    return Selective(
        aurc=bounded(area, float(moved.std() / n**0.5), n, alpha),
        excess_aurc=bounded(excess, float(beyond.std() / n**0.5), n, alpha),
        coverage=covered[points] / n,
        risk=risk[points],
        guarantees=[_guarantee(confidence, correct, target, alpha) for target in RISK_TARGETS],
    )


def _area_influence(confidence: Floats, correct: Mask, risk: Floats) -> Floats:
    """Return how much each sample moves the area under risk, given along falling confidence.

    It enters the mean over coverages, and the risk of each coverage that includes it. Equal
    confidences share the mean of their places.
    """
    n = len(confidence)
    order = np.argsort(-confidence, kind="stable")
    covered = np.arange(1, n + 1)
    later = np.cumsum((1 / covered)[::-1])[::-1]
    fixed = risk - np.cumsum((risk / covered)[::-1])[::-1]
    starts = np.flatnonzero(np.append(True, np.diff(confidence[order]) != 0))
    sizes = np.diff(np.append(starts, n))
    later, fixed = (
        np.repeat(np.add.reduceat(part, starts) / sizes, sizes) for part in (later, fixed)
    )
    result = np.empty(n)
    result[order] = fixed - risk.mean() + (~correct[order]) * later
    return result


def _running_errors(confidence: Floats, correct: Mask) -> Floats:
    order = np.argsort(-confidence, kind="stable")
    ordered, wrong = confidence[order], (~correct[order]).astype(float)
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    sizes = np.diff(np.append(starts, len(ordered)))
    rates = np.add.reduceat(wrong, starts) / sizes
    return np.cumsum(np.repeat(rates, sizes))


def _guarantee(confidence: Floats, correct: Mask, risk: float, alpha: float) -> Guarantee:
    """Return the widest coverage that holds the risk, by fixed-sequence testing.

    Thresholds are tried from the strictest on and testing ends at the first that fails, so no
    correction for their number is due (Bauer 1991; Angelopoulos et al. 2021, Learn then Test).
    """
    n = len(confidence)
    ordered = np.sort(confidence)[::-1]
    needed = int(np.ceil(np.log(alpha) / np.log1p(-risk)))
    grid = np.unique(ordered[np.linspace(min(needed, n) - 1, n - 1, 100).astype(np.int64)])[::-1]
    accepted = np.searchsorted(-ordered, -grid, side="right")
    wrong = np.sort(confidence[~correct])[::-1]
    errors = np.searchsorted(-wrong, -grid, side="right")
    _, high = clopper_pearson(errors, accepted, 2 * alpha)
    failing = np.flatnonzero(high > risk)
    last = (int(failing[0]) if len(failing) else len(grid)) - 1
    if last < 0:
        return Guarantee(risk, None, None, None, None)
    share = errors[last] / accepted[last]
    return Guarantee(
        risk, float(accepted[last] / n), float(grid[last]), float(share), float(high[last])
    )


def sweep(confidence: Floats, labels: Ints, predicted: Ints, k: int) -> Sweep:
    """Return what each confidence threshold accepts, and how good it is."""
    thresholds = np.linspace(0, 1, 101)
    step = np.searchsorted(thresholds, confidence, side="right") - 1
    correct = labels == predicted

    def from_top(values: Ints, weight: Mask | None) -> Ints:
        chosen = slice(None) if weight is None else weight
        flat = np.bincount(values[chosen] * 101 + step[chosen], minlength=k * 101)
        return flat.reshape(k, 101)[:, ::-1].cumsum(axis=1)[:, ::-1]

    hits, accepted = from_top(predicted, correct), from_top(predicted, None)
    support = np.bincount(labels, minlength=k)
    total = accepted + support[:, None]
    f1 = np.divide(2 * hits, total, out=np.zeros(total.shape), where=total > 0)
    present = (support > 0) | (accepted[:, 0] > 0)
    covered = accepted.sum(axis=0)
    accuracy = np.divide(hits.sum(axis=0), covered, out=np.full(101, np.nan), where=covered > 0)
    return Sweep(thresholds, covered / len(labels), accuracy, f1[present].mean(axis=0))


def class_thresholds(
    ranks: list[ClassRanks], sizes: tuple[int, int]
) -> list[ClassThreshold | None]:
    """Return the cross-fitted one-against-rest threshold of each class; None below 4 positives.

    sizes: samples in each half.
    """
    result: list[ClassThreshold | None] = []
    for item in ranks:
        own = item.positives.sum(axis=1)
        if min(own) < 2:
            result.append(None)
            continue
        f1 = []
        for half in (0, 1):
            hits = np.cumsum(item.positives[half][::-1])[::-1]
            f1.append(2 * hits / (own[half] + sizes[half] - item.below[half]))
        chosen = [int(f1[0].argmax()), int(f1[1].argmax())]
        threshold = float(np.mean([item.thresholds[c] for c in chosen]))
        result.append(ClassThreshold(threshold, float((f1[1][chosen[0]] + f1[0][chosen[1]]) / 2)))
    return result
