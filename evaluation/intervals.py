"""Confidence intervals and corrections for many tests."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from evaluation.arrays import Floats

Interval: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its confidence interval; `reason` says why a part is missing."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """Return the estimate times a known factor of at least 0."""
    parts = (estimate.value, estimate.low, estimate.high)
    value, low, high = (None if part is None else part * factor for part in parts)
    return Estimate(value, low, high, estimate.reason)


def undefined(reason: str) -> Estimate:
    """Return an estimate without a value."""
    return Estimate(None, reason=reason)


def quantile(alpha: float) -> float:
    """Return the two-sided standard normal quantile, 1.96 for alpha 0.05."""
    return float(special.ndtri(1 - alpha / 2))


def wilson(successes: ArrayLike, trials: ArrayLike, alpha: float) -> tuple[Floats, Floats]:
    """Return the bounds of the score interval of a proportion; [0, 1] where trials is 0.

    Wilson (1927), J. Am. Stat. Assoc. 22.
    """
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    z = quantile(alpha)
    safe = np.maximum(n, 1)
    p = k / safe
    centre = (p + z * z / (2 * safe)) / (1 + z * z / safe)
    half = z / (1 + z * z / safe) * np.sqrt(p * (1 - p) / safe + z * z / (4 * safe * safe))
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def proportion(successes: float, trials: float, alpha: float) -> Estimate:
    """Return a proportion with its Wilson interval; undefined where trials is 0."""
    if trials <= 0:
        return undefined("no samples")
    low, high = wilson(successes, trials, alpha)
    return Estimate(successes / trials, float(low), float(high))


def clopper_pearson(successes: ArrayLike, trials: ArrayLike, alpha: float) -> tuple[Floats, Floats]:
    """Return the bounds of the exact interval of a proportion. Clopper and Pearson (1934)."""
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    low = stats.beta.ppf(alpha / 2, k, n - k + 1)
    high = stats.beta.ppf(1 - alpha / 2, k + 1, n - k)
    return np.where(k > 0, low, 0.0), np.where(k < n, high, 1.0)


def newcombe(first: tuple[float, float], second: tuple[float, float], alpha: float) -> Estimate:
    """Return p1 - p2 of two independent (successes, trials) with its score interval.

    Newcombe (1998), Statistics in Medicine 17, method 10.
    """
    (k1, n1), (k2, n2) = first, second
    if min(n1, n2) <= 0:
        return undefined("one of the groups has no samples")
    p1, p2 = k1 / n1, k2 / n2
    (l1, u1), (l2, u2) = wilson(k1, n1, alpha), wilson(k2, n2, alpha)
    low = p1 - p2 - np.hypot(p1 - l1, u2 - p2)
    high = p1 - p2 + np.hypot(u1 - p1, p2 - l2)
    return Estimate(float(p1 - p2), float(low), float(high))


def mean_interval(values: Floats, alpha: float) -> Estimate:
    """Return the mean of independent values with its Student interval."""
    n = len(values)
    mean = float(values.mean())
    if n < 2:
        return Estimate(mean, reason="one sample gives no interval")
    half = float(stats.t.ppf(1 - alpha / 2, n - 1)) * float(values.std(ddof=1)) / n**0.5
    return Estimate(mean, mean - half, mean + half)


def bounded(value: float, error: float, trials: int, alpha: float) -> Estimate:
    """Return a figure in [0, 1] with the interval that is symmetric on the logit scale.

    error: its standard error. At 0 or 1, where that is 0, the Wilson bound of `trials` stands in.
    """
    if not 0 < value < 1 or error <= 0:
        low, high = wilson(value * trials, trials, alpha)
        return Estimate(value, float(low), float(high))
    half = quantile(alpha) * error / (value * (1 - value))
    centre = special.logit(value)
    return Estimate(value, float(special.expit(centre - half)), float(special.expit(centre + half)))


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Return the q-value of every p-value, in their order. Benjamini and Hochberg (1995)."""
    values = np.asarray(p, float).ravel()
    count = len(values)
    order = np.argsort(values)
    scaled = values[order] * count / np.arange(1, count + 1)
    result = np.empty(count)
    result[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return result


def combine(p: ArrayLike) -> float:
    """Return one p-value for several, dependent or not. Liu and Xie (2020), Cauchy combination."""
    values = np.clip(np.asarray(p, float), 1e-300, 1 - 1e-12)
    small = values < 1e-12
    terms = np.where(small, 1 / (values * np.pi), np.tan((0.5 - values) * np.pi))
    statistic = float(terms.mean())
    tail = 1 / (statistic * np.pi) if statistic > 1e12 else 0.5 - np.arctan(statistic) / np.pi
    return float(np.clip(tail, 0.0, 1.0))
