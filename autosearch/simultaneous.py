"""Intervals for the best of several means: honest although it was chosen for being the best.

The best of k estimated means is too good on average, however fresh its runs are. Bounds on the side
that flatters therefore hold for all k at once. Errors are taken to be normal, with one variance for
the finalists, which lie close together, and another for the default; critical values come from
simulating just that (parametric bootstrap; Krishnamoorthy, Lu and Mathew, 2007).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

Array = NDArray[np.float64]

# Each bound of a claim is wrong so often, at most; an interval of two bounds twice as often.
TAIL = 0.025
_DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with the interval that holds it in 95 % of cases; the bounds may be infinite."""

    value: float
    low: float
    high: float

    @property
    def proven(self) -> bool:
        """Whether the number is above zero, whatever the noise."""
        return self.low > 0.0


@dataclass(frozen=True)
class Groups:
    """Losses of re-runs of each finalist, and of the default, each a list of at least one.

    default: empty where there is none. Smaller is better. Intervals are asked for only where the
    finalists are not `constant`.
    """

    finalists: tuple[tuple[float, ...], ...]
    default: tuple[float, ...] = ()

    @cached_property
    def means(self) -> tuple[float, ...]:
        """The finalists' means."""
        return tuple(math.fsum(group) / len(group) for group in self.finalists)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The finalists by their means, the best first, the earlier of equals first."""
        return tuple(sorted(range(len(self.means)), key=lambda i: self.means[i]))

    @property
    def constant(self) -> bool:
        """Whether no finalist has two different values: then nothing is known about noise."""
        return self._deviation == 0.0

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the finalists' shared variance; with 0 there are no intervals."""
        return sum(len(group) - 1 for group in self.finalists)

    def mean(self, index: int) -> Estimate:
        """Return a finalist's mean; the intervals hold for all finalists at once."""
        noise = self._noise
        ratios = np.abs(noise.errors) / noise.deviation[:, None] * np.sqrt(self._sizes)
        reach = self._quantile(ratios.max(axis=1), 2.0 * TAIL)
        half = reach * self._deviation / math.sqrt(self._sizes[index])
        return Estimate(self.means[index], self.means[index] - half, self.means[index] + half)

    def default_mean(self) -> Estimate:
        """Return the default's mean, with Student's interval of its own runs.

        Where these are all equal, nothing is known about their noise.
        """
        n = len(self.default)
        value = math.fsum(self.default) / n
        if len(set(self.default)) < 2:
            return Estimate(value, -math.inf, math.inf)
        half = float(student.ppf(1.0 - TAIL, n - 1)) * _deviation([self.default]) / math.sqrt(n)
        return Estimate(value, value - half, value + half)

    def gain(self) -> Estimate:
        """Return by how much the best finalist's mean is below the default's.

        The lower bound holds for all finalists at once, and so for the one that was chosen. A
        default whose runs are all equal is taken to be as noisy as the finalists.
        """
        best = self.order[0]
        value = math.fsum(self.default) / len(self.default) - self.means[best]
        if len(self.default) < 2:
            return Estimate(value, -math.inf, math.inf)
        noise, n = self._noise, len(self.default)
        # In units of the shared deviation, whose square may be too small to be told from none.
        own = _deviation([self.default]) / self._deviation / math.sqrt(n)
        deviation = noise.default_deviation
        if own == 0.0:
            own, deviation = 1.0 / math.sqrt(n), noise.deviation
        errors = own * noise.default_error[:, None] - noise.errors
        estimated = noise.deviation[:, None] ** 2 / self._sizes
        ratios = errors / np.sqrt(estimated + (own * deviation[:, None]) ** 2)
        width = self._deviation * math.hypot(own, 1.0 / math.sqrt(self._sizes[best]))
        low = value - self._quantile(ratios.max(axis=1), TAIL) * width
        return Estimate(value, low, value + self._quantile(-ratios[:, best], TAIL) * width)

    def lead(self) -> Estimate:
        """Return by how much the best finalist's mean is below the second's (Tukey and Kramer)."""
        first, second = self.order[:2]
        value = self.means[second] - self.means[first]
        noise, inverse = self._noise, 1.0 / self._sizes
        gaps = noise.errors[:, :, None] - noise.errors[:, None, :]
        ratios = gaps / (np.sqrt(inverse[:, None] + inverse) * noise.deviation[:, None, None])
        reach = self._quantile(ratios.max(axis=(1, 2)), TAIL)
        half = reach * self._deviation * math.sqrt(inverse[first] + inverse[second])
        return Estimate(value, value - half, value + half)

    @cached_property
    def _sizes(self) -> Array:
        return np.array([len(group) for group in self.finalists], dtype=np.float64)

    @cached_property
    def _deviation(self) -> float:
        return _deviation(self.finalists)

    @cached_property
    def _noise(self) -> "_Noise":
        rng, n, freedom = np.random.default_rng(0), len(self.default), max(self.freedom, 1)
        return _Noise(
            errors=rng.standard_normal((_DRAWS, len(self.finalists))) / np.sqrt(self._sizes),
            deviation=np.sqrt(rng.chisquare(freedom, _DRAWS) / freedom),
            default_error=rng.standard_normal(_DRAWS),
            default_deviation=np.sqrt(rng.chisquare(max(n - 1, 1), _DRAWS) / max(n - 1, 1)),
        )

    def _quantile(self, ratios: Array, tail: float) -> float:
        return float(np.quantile(ratios, 1.0 - tail))


@dataclass(frozen=True, slots=True)
class _Noise:
    """Simulated in units of the deviations: errors of the finalists' means, shape (draws, k), and
    their estimated deviation, shape (draws,); the same of the default's mean times √n.
    """

    errors: Array
    deviation: Array
    default_error: Array
    default_deviation: Array


def _deviation(groups: Sequence[Sequence[float]]) -> float:
    """Return the deviation within groups, pooled; 0 where no group has two values."""
    varying = [g for g in groups if len(set(g)) > 1]
    squares = [math.fsum((x - math.fsum(g) / len(g)) ** 2 for x in g) for g in varying]
    freedom = sum(len(g) - 1 for g in groups)
    return math.sqrt(math.fsum(squares) / freedom) if freedom else 0.0
