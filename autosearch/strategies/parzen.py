"""Parzen densities on the unit cube: mixed kinds, parameters that exist only at some points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from autosearch.strategies.cube import Cube, Mask, Matrix

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Parzen:
    """A mixture of one kernel around each of some points, and the uniform density as one more.

    centres: shape (m, d), nan where a parameter is inactive: there the kernel is uniform. widths:
    shape (m, d), the standard deviation of the number's kernel, a normal truncated to [0, 1];
    of a category, the probability that it is redrawn.
    """

    cube: Cube
    centres: Matrix
    widths: Matrix

    def sample(self, rng: np.random.Generator, size: int) -> Matrix:
        """Return points drawn from the mixture, shape (size, d), discrete ones snapped."""
        chosen = rng.integers(len(self.centres) + 1, size=size)
        uniform = np.full((1, self.centres.shape[1]), np.nan)
        centres = np.concatenate([self.centres, uniform])[chosen]
        widths = np.concatenate([self.widths, np.ones_like(uniform)])[chosen]
        draws = rng.random(centres.shape)
        categorical = self.cube.categorical & (rng.random(centres.shape) >= widths)
        with np.errstate(invalid="ignore"):
            low = ndtr(-centres / widths)
            high = ndtr((1.0 - centres) / widths)
            rows = centres + widths * ndtri(low + draws * (high - low))
        rows = np.where(self.cube.categorical, np.where(categorical, centres, draws), rows)
        rows = np.where(np.isnan(centres), draws, rows)
        return self.cube.snap(np.clip(rows, 0.0, 1.0))

    def log_density(self, rows: Matrix, active: Mask) -> Vector:
        """Return the logarithm of the density over each row's active parameters, shape (n,)."""
        joint = np.zeros((len(rows), len(self.centres)))
        for j in range(rows.shape[1]):
            term = self._categories(rows, j) if self.cube.categorical[j] else self._numbers(rows, j)
            term[:, np.isnan(self.centres[:, j])] = 0.0
            term[~active[:, j]] = 0.0
            joint += term
        # The uniform density is 1; it is the mixture's last kernel.
        peak = np.maximum(joint.max(axis=1, initial=0.0), 0.0)
        total = np.exp(joint - peak[:, None]).sum(axis=1) + np.exp(-peak)
        return np.asarray(peak + np.log(total / (len(self.centres) + 1)))

    def _numbers(self, rows: Matrix, j: int) -> Matrix:
        """Return the logarithms of the kernels of parameter `j`, shape (n, m)."""
        centres, widths = self.centres[:, j], self.widths[:, j]
        mass = ndtr((1.0 - centres) / widths) - ndtr(-centres / widths)
        scaled = (rows[:, j, None] - centres) / widths
        return np.asarray(-0.5 * scaled**2 - np.log(widths * mass * np.sqrt(2.0 * np.pi)))

    def _categories(self, rows: Matrix, j: int) -> Matrix:
        """Return the logarithms of the kernels of category `j`, shape (n, m).

        They are densities on the unit interval, not probabilities: the uniform one is 1.
        """
        centres, redrawn, count = self.centres[:, j], self.widths[:, j], self.cube.counts[j]
        same = np.abs(rows[:, j, None] - centres) < 0.5 / count
        return np.where(same, np.log(count * (1.0 - redrawn) + redrawn), np.log(redrawn))
