"""Losses as a model reads them: the bad end compressed, zero mean, unit deviation."""

import math
from dataclasses import dataclass

import numpy as np

from autosearch.strategies.bayes.encoding import Array, Bools

# Losses beyond this are scaled first: their differences would overflow. So are those below its
# inverse: their squares would underflow.
HUGE = 1e100


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Transformed losses, shape (n,).

    scale: the loss that 1 stands for at the good end; for settings in the metric's own unit.
    log_slope: the logarithm of the product of the transform's slopes at the losses, up to what
    all knees have in common; to compare the likelihoods of two transforms.
    """

    values: Array
    scale: float
    log_slope: float = 0.0


def transform(
    losses: Array, knee: float, lid: float, low_quantile: float, typical: Bools | None = None
) -> Outcomes:
    """Return `losses`, finite, shape (n,), compressed above a knee and standardised.

    The knee lies at median + `knee` * w, where w is the distance from the `low_quantile` to the
    median; an excess x above it becomes w * log(1 + x / w), at most `lid` * w. Equal losses become
    zeros. typical: the losses that the quantiles are of, shape (n,), at least one; None: all.
    """
    y, shrunk = _moderate(losses)
    sample = y if typical is None else y[typical]
    low, median, high = np.quantile(sample, [low_quantile, 0.5, 1.0 - low_quantile])
    log_slope = 0.0
    least, top = sample.min(), np.quantile(y, 1.0 - low_quantile)
    widths = (median - low, median - least, high - median, top - median)
    width = next((w for w in widths if w > 0.0), 0.0)
    if width > 0.0:
        top = median + knee * width
        with np.errstate(over="ignore"):
            excess = np.maximum(y - top, 0.0) / width
        compressed = np.minimum(np.log1p(excess), lid)
        y = np.minimum(y, top) + width * compressed
        log_slope = -float(compressed.sum())
    # Beside one loss that was huge, all others are tiny now.
    y, again = _moderate(y)
    deviation = float(y.std())
    # A spread that is only rounding error is none.
    if deviation <= 1e-12 * float(np.abs(y).max()):
        return Outcomes(np.zeros_like(y), 1.0)
    log_slope -= len(y) * (math.log(deviation) + math.log(again))
    # Of losses that are smaller still the scale would have no inverse.
    scale = max(deviation * again * shrunk, float(np.finfo(float).tiny))
    return Outcomes((y - y.mean()) / deviation, scale, log_slope)


def _moderate(values: Array) -> tuple[Array, float]:
    """Return values divided by a unit that keeps their squares in range, and the unit."""
    largest = float(np.abs(values).max())
    unit = 1.0 if largest == 0.0 or 1.0 / HUGE <= largest <= HUGE else largest
    return values / unit, unit


def margin(constraint: Array) -> Array:
    """Return how far a constraint, at most 0 where it is met, is kept; same shape.

    Positive where it is kept, of unit size, and compressed by a logarithm far from 0, so that
    what counts is on which side of 0 a value lies and not how far.
    """
    size = np.sort(np.abs(constraint[constraint != 0.0]))
    # The upper median, which is one of the values: the mean of two huge ones is not finite.
    usual = float(size[len(size) // 2]) if len(size) else 1.0
    with np.errstate(over="ignore"):
        kept: Array = np.arcsinh(-np.clip(constraint / usual, -HUGE, HUGE))
    return kept
