"""This model against another one on the same samples."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaluation.arrays import Ints, Mask
from evaluation.decision import paired_macro_f1
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, benjamini_hochberg, mean_interval, quantile
from evaluation.samples import measure


@dataclass(frozen=True, slots=True)
class ClassChange:
    """How the recall of one class changed, with its q-value over all classes."""

    recall: Estimate
    q: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Paired differences, new less baseline; a positive one is an improvement.

    broken, fixed: samples that only the baseline, or only the new model, gets right. p: McNemar's
    exact test of the two. nll: difference of log-loss with its sign turned; None for class ids.
    """

    accuracy: Estimate
    macro_f1: Estimate
    nll: Estimate | None
    broken: Ints
    fixed: Ints
    p: float
    classes: list[ClassChange]

    @property
    def worse(self) -> bool:
        """Return whether accuracy fell beyond chance."""
        return self.accuracy.high is not None and self.accuracy.high < 0


def compare(new: Predictions, old: Predictions, alpha: float) -> Comparison:
    """Return the paired comparison of two sets of predictions with the same labels."""
    right, before = new.predicted == new.labels, old.predicted == old.labels
    broken, fixed = np.flatnonzero(before & ~right), np.flatnonzero(right & ~before)
    first, second, error = paired_macro_f1(new.labels, old.predicted, new.predicted, new.k)
    half = quantile(alpha) * error
    nll = None
    if new.scores is not None and old.scores is not None:
        nll = mean_interval(measure(old).log_loss - measure(new).log_loss, alpha)
    return Comparison(
        accuracy=paired_proportion(len(fixed), len(broken), len(right), alpha),
        macro_f1=Estimate(second - first, second - first - half, second - first + half),
        nll=nll,
        broken=broken,
        fixed=fixed,
        p=mcnemar(len(fixed), len(broken)),
        classes=_by_class(new.labels, right, before, new.k, alpha),
    )


def mcnemar(fixed: int, broken: int) -> float:
    """Return the exact two-sided p-value of discordant pairs. McNemar (1947)."""
    total = fixed + broken
    return 1.0 if total == 0 else float(stats.binomtest(fixed, total).pvalue)


def paired_proportion(gained: int, lost: int, n: int, alpha: float) -> Estimate:
    """Return (gained - lost)/n of paired samples, with half a pair added to each side.

    Agresti and Min (2005): the Wald interval is good once the discordant counts are smoothed.
    """
    a, b, size = gained + 0.5, lost + 0.5, n + 1.0
    middle = (a - b) / size
    half = quantile(alpha) * ((a + b - (a - b) ** 2 / size) ** 0.5) / size
    return Estimate((gained - lost) / n, max(-1.0, middle - half), min(1.0, middle + half))


def _by_class(labels: Ints, right: Mask, before: Mask, k: int, alpha: float) -> list[ClassChange]:
    fixed = np.bincount(labels[right & ~before], minlength=k)
    broken = np.bincount(labels[before & ~right], minlength=k)
    support = np.bincount(labels, minlength=k)
    q = benjamini_hochberg([mcnemar(int(f), int(b)) for f, b in zip(fixed, broken, strict=True)])
    return [
        ClassChange(
            paired_proportion(int(fixed[c]), int(broken[c]), int(support[c]), alpha)
            if support[c]
            else Estimate(None, reason="no samples"),
            float(q[c]),
        )
        for c in range(k)
    ]
