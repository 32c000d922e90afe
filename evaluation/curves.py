"""ROC and precision-recall curves, thinned to what a picture can show."""

from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats
from evaluation.ranking import ClassRanks

POINTS = 41
# Curves of single classes are kept for this many classes at most; beyond, the macro means only.
MAX_CLASSES = 100


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve y(x) on a common grid of x."""

    x: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class Curves:
    """ROC (true over false positive rate) and precision over recall, macro and per class."""

    macro_roc: Curve | None
    macro_pr: Curve | None
    roc: dict[int, Curve]
    pr: dict[int, Curve]


def class_curves(ranks: list[ClassRanks], n: int) -> Curves:
    """Return the curves of every class with positives and negatives.

    Macro curves are the mean of the classes' y at equal x. ROC is linear between its points;
    precision is the best one reached at this recall or a higher one.
    """
    grid = np.linspace(0, 1, POINTS)
    roc, pr = {}, {}
    for c, item in enumerate(ranks):
        p = item.p
        if p == 0 or p == n:
            continue
        positives = item.positives.sum(axis=0)
        hits = np.cumsum(positives[::-1])
        accepted = n - item.below.sum(axis=0)[::-1]
        recall, fall_out = hits / p, (accepted - hits) / (n - p)
        precision = np.maximum.accumulate((hits / accepted)[::-1])[::-1]
        at = np.minimum(np.searchsorted(recall, grid, side="left"), len(recall) - 1)
        x, y = np.concatenate([[0.0], fall_out, [1.0]]), np.concatenate([[0.0], recall, [1.0]])
        roc[c] = Curve(grid, np.interp(grid, x, y))
        pr[c] = Curve(grid, precision[at])
    if not roc:
        return Curves(None, None, {}, {})
    macro_roc = Curve(grid, np.mean([curve.y for curve in roc.values()], axis=0))
    macro_pr = Curve(grid, np.mean([curve.y for curve in pr.values()], axis=0))
    if len(roc) > MAX_CLASSES:
        return Curves(macro_roc, macro_pr, {}, {})
    return Curves(macro_roc, macro_pr, roc, pr)
