"""Rare classes: does recall fall with support, and which classes are too small to judge."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy import optimize, stats

from evaluation.arrays import Floats, Ints, row_blocks
from evaluation.intervals import Estimate, quantile, wilson

FEWEST_IMAGES = 20
FEWEST_CLASSES = 4
EXACT_CLASSES = 8
SHUFFLES = 9999


@dataclass(frozen=True, eq=False)
class Tail:
    """How recall goes with support over the classes that have samples.

    correlation: Spearman's, of recall and support, with its p-value by permutation (exact for up
    to eight classes); None where all supports are equal or classes are too few. slope: of recall
    by the logarithm of support. rare: ids of classes below a fifth of the mean support. unjudged:
    ids of classes whose interval is wider than ±width. matched: recall that classes of the largest
    supports reach, per class, by monotone regression. needed: images per class for ±0.1.
    """

    correlation: float | None
    p: float | None
    slope: Estimate
    rare: tuple[int, ...]
    unjudged: tuple[int, ...]
    matched: Floats
    needed: Ints


def judge(counts: Ints, alpha: float, seed: int) -> Tail:
    """Return the long-tail figures of a confusion matrix."""
    k = len(counts)
    support, hits = counts.sum(axis=1), np.diag(counts)
    n = int(support.sum())
    recall = hits / np.maximum(support, 1)
    low, high = wilson(hits, support, alpha)
    present = support > 0
    z = quantile(alpha)
    shrunk = (hits + 1) / (support + 2)
    needed = np.ceil(z * z * shrunk * (1 - shrunk) / 0.1**2).astype(np.int64)
    unjudged = np.flatnonzero(((high - low) / 2 > 0.1) | (support < FEWEST_IMAGES))
    return Tail(
        **_trend(recall[present], support[present], alpha, seed),  # type: ignore[arg-type]
        rare=tuple(np.flatnonzero(support < n / (5 * k)).tolist()),
        unjudged=tuple(unjudged.tolist()),
        matched=_monotone(recall, support),
        needed=np.maximum(needed, FEWEST_IMAGES),
    )


def _trend(recall: Floats, support: Ints, alpha: float, seed: int) -> dict[str, object]:
    if len(recall) < FEWEST_CLASSES or np.ptp(support) == 0 or np.ptp(recall) == 0:
        nothing = Estimate(None, reason="too few classes, or all of one size or one recall")
        return {"correlation": None, "p": None, "slope": nothing}
    x, y = stats.rankdata(support), stats.rankdata(recall)
    correlation = float(np.corrcoef(x, y)[0, 1])
    centred, scaled = (x - x.mean()) / x.std() / len(x), (y - y.mean()) / y.std()
    if len(recall) <= EXACT_CLASSES:
        others = np.array(list(permutations(scaled))) @ centred
    else:
        rng = np.random.default_rng(seed)
        sizes = [part.stop - part.start for part in row_blocks(SHUFFLES, len(y))]
        others = np.concatenate(
            [rng.permuted(np.tile(scaled, (n, 1)), axis=1) @ centred for n in sizes]
        )
    extra = 0 if len(recall) <= EXACT_CLASSES else 1
    p = float((np.sum(np.abs(others) >= abs(correlation) - 1e-9) + extra) / (len(others) + extra))
    fit = stats.linregress(np.log(support), recall)
    half = float(stats.t.ppf(1 - alpha / 2, len(recall) - 2)) * float(fit.stderr)
    slope = Estimate(float(fit.slope), float(fit.slope) - half, float(fit.slope) + half)
    return {"correlation": correlation, "p": p, "slope": slope}


def _monotone(recall: Floats, support: Ints) -> Floats:
    """Return, per class, the largest value of the rising fit of recall over support."""
    present = np.flatnonzero(support > 0)
    order = present[np.lexsort((-recall[present], support[present]))]
    fitted = optimize.isotonic_regression(recall[order], weights=support[order]).x
    result = np.zeros(len(recall))
    result[present] = np.maximum(recall[present], float(fitted.max()))
    return result
