"""Parzen densities on the unit cube: mixed kinds, parameters that exist only at some points."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from autosearch.strategies.cube import Cube, Mask, Matrix

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Parzen:
    """A mixture of one kernel around each of some points, and the uniform density as one more.

    centres: shape (m, d), nan where a parameter is inactive. widths: shape (d,), the standard
    deviation of a number's kernel, a normal truncated to [0, 1]; of a category, the probability
    that it is redrawn. weights: shape (m,), of mean 1, the uniform density's weight.
    lent: by parameter, values that stand in where a kernel lacks it: the mixture of kernels around
    these and the uniform density. Without them it is uniform there.
    """

    cube: Cube
    centres: Matrix
    widths: Vector
    weights: Vector
    lent: Mapping[int, Vector] = field(default_factory=dict)

    def sample(self, rng: np.random.Generator, size: int) -> Matrix:
        """Return points drawn from the mixture, shape (size, d), discrete ones snapped."""
        shares = np.append(self.weights, 1.0)
        chosen = rng.choice(len(shares), size, p=shares / shares.sum())
        uniform = np.full((1, self.centres.shape[1]), np.nan)
        centres = np.concatenate([self.centres, uniform])[chosen]
        for j, values in self.lent.items():
            lacking = np.flatnonzero(np.isnan(centres[:, j]) & (chosen < len(self.centres)))
            centres[lacking, j] = rng.choice(np.append(values, np.nan), len(lacking))
        draws = rng.random(centres.shape)
        kept = rng.random(centres.shape) >= self.widths
        with np.errstate(invalid="ignore"):
            low = ndtr(-centres / self.widths)
            high = ndtr((1.0 - centres) / self.widths)
            rows = centres + self.widths * ndtri(low + draws * (high - low))
        rows = np.where(self.cube.categorical, np.where(kept, centres, draws), rows)
        rows = np.where(np.isnan(centres), draws, rows)
        return self.cube.snap(np.clip(rows, 0.0, 1.0))

    def log_density(self, rows: Matrix, active: Mask) -> Vector:
        """Return the logarithm of the density over each row's active parameters, shape (n,)."""
        joint = np.zeros((len(rows), len(self.centres)))
        for j in range(rows.shape[1]):
            term = self._kernels(rows[:, j], self.centres[:, j], j)
            lacking = np.isnan(self.centres[:, j])
            if lacking.any():
                term[:, lacking] = self._borrowed(rows[:, j], j)[:, None]
            term[~active[:, j]] = 0.0
            joint += term
        # The uniform density is 1; it is the mixture's last kernel.
        return _log_mean(joint, self.weights)

    def _borrowed(self, column: Vector, j: int) -> Vector:
        """Return the logarithm of the density of parameter `j` in kernels that lack it."""
        values = self.lent.get(j, np.empty(0))
        return _log_mean(self._kernels(column, values, j), np.ones(len(values)))

    def _kernels(self, column: Vector, centres: Vector, j: int) -> Matrix:
        """Return the logarithms of the kernels of parameter `j` around `centres`, shape (n, m).

        Those of categories are densities on the unit interval, not probabilities: the uniform one
        is 1.
        """
        width, count = self.widths[j], self.cube.counts[j]
        gaps = column[:, None] - centres
        if self.cube.categorical[j]:
            same = np.log(count * (1.0 - width) + width)
            return np.asarray(np.where(np.abs(gaps) < 0.5 / count, same, np.log(width)))
        mass = ndtr((1.0 - centres) / width) - ndtr(-centres / width)
        return np.asarray(-0.5 * (gaps / width) ** 2 - np.log(width * mass * np.sqrt(2.0 * np.pi)))


def _log_mean(logs: Matrix, weights: Vector) -> Vector:
    """Return the logarithm of the weighted mean of exp(logs), shape (n, m), and of a 1 more."""
    peak = np.maximum(logs.max(axis=1, initial=0.0), 0.0)
    total = np.exp(logs - peak[:, None]) @ weights + np.exp(-peak)
    return np.asarray(peak + np.log(total / (weights.sum() + 1.0)))
