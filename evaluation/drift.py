"""How the data differ from a reference set, such as the training data."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from evaluation.arrays import Floats, Ints
from evaluation.intervals import Estimate, benjamini_hochberg, newcombe

BINS = 10


@dataclass(frozen=True, slots=True)
class Shift:
    """One quantity in both sets. kind: "share" (categories) or "range" (numbers).

    psi: population stability index over deciles or categories (0.1 moderate, 0.25 large, by
    custom). statistic: Kolmogorov-Smirnov's D, or Cramér's V.
    """

    name: str
    kind: str
    statistic: float
    psi: float
    p: float
    q: float


@dataclass(frozen=True, eq=False)
class Drift:
    """Every quantity that both sets have; gap: reference accuracy less accuracy here."""

    shifts: list[Shift]
    gap: Estimate


def compare(
    here: Mapping[str, Floats | list[str]],
    there: Mapping[str, Floats | list[str]],
    right: tuple[tuple[int, int], tuple[int, int]],
    alpha: float,
) -> Drift:
    """Return the shifts of quantities that both sets have under the same name.

    right: (correct, all) of the reference, and of the samples here.
    """
    found = []
    for name, values in here.items():
        other = there.get(name)
        if other is None or isinstance(other, list) != isinstance(values, list):
            continue
        if isinstance(values, list):
            found.append((name, "share", *_categories(values, other)))
        else:
            shift = _numbers(values, np.asarray(other, float))
            if shift is not None:
                found.append((name, "range", *shift))
    if not found:
        return Drift([], newcombe(right[0], right[1], alpha))
    q = benjamini_hochberg([item[-1] for item in found])
    shifts = [Shift(*item, float(value)) for item, value in zip(found, q, strict=True)]
    shifts.sort(key=lambda shift: (shift.q, -shift.psi, shift.name))
    return Drift(shifts, newcombe(right[0], right[1], alpha))


def _categories(here: ArrayLike, there: ArrayLike) -> tuple[float, float, float]:
    values, codes = np.unique(
        np.concatenate([np.asarray(here), np.asarray(there)]), return_inverse=True
    )
    size = len(np.asarray(here))
    table = np.stack(
        [np.bincount(part, minlength=len(values)) for part in (codes[:size], codes[size:])]
    )
    if len(values) < 2:
        return 0.0, 0.0, 1.0
    test = stats.chi2_contingency(table, correction=False)
    return float((test.statistic / table.sum()) ** 0.5), _psi(table), float(test.pvalue)


def _numbers(here: Floats, there: Floats) -> tuple[float, float, float] | None:
    first, second = here[np.isfinite(here)], there[np.isfinite(there)]
    if min(len(first), len(second)) < 2:
        return None
    test = stats.ks_2samp(first, second, method="asymp")
    cuts = np.unique(np.quantile(second, np.linspace(0, 1, BINS + 1)[1:-1]))
    table = np.stack(
        [
            np.bincount(np.searchsorted(cuts, part, side="right"), minlength=len(cuts) + 1)
            for part in (first, second)
        ]
    )
    return float(test.statistic), _psi(table), float(test.pvalue)


def _psi(table: Ints) -> float:
    """Return the population stability index of two rows of counts, empty cells taken as half."""
    shares = np.maximum(table, 0.5) / table.sum(axis=1, keepdims=True)
    return float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
