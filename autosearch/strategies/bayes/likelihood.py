"""The Gaussian process's covariance, and the likelihood of its hyperparameters with gradient.

Hyperparameters, one vector `theta`: the logarithms of one length scale per parameter, of the weight
of the additive part where there is one, of the ratio of noise to signal, and of the weight of the
quadratic trend.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dtrtri

from autosearch.strategies.bayes.encoding import Array, Features
from autosearch.strategies.bayes.recipe import Recipe

ROOT5 = math.sqrt(5.0)


def matern(scaled: Array, others: Array) -> tuple[Array, Array]:
    """Return (covariance, -dk/d(r²) * 2) of Matérn-5/2 between rows divided by length scales."""
    r = squared_distances(scaled, others)
    np.sqrt(r, out=r)
    r *= ROOT5
    decay = np.exp(-r)
    slope = (1.0 + r) * decay
    # In place, since most of an ask's time is spent here.
    r *= r
    r *= decay
    r /= 3.0
    r += slope
    slope *= 5.0 / 3.0
    return r, slope


def squared_distances(a: Array, b: Array) -> Array:
    """Return squared Euclidean distances between the rows of `a` and `b`, at least 0."""
    squared: Array = a @ b.T
    squared *= -2.0
    squared += np.einsum("ij,ij->i", a, a)[:, None]
    squared += np.einsum("ij,ij->i", b, b)
    return np.maximum(squared, 0.0, out=squared)


@dataclass(frozen=True)
class Prior:
    """A normal prior of `theta`, and its bounds.

    scales: how many length scales there are. root: a matrix whose product with standard normal
    numbers has the prior's covariance, whose inverse is `precision`.
    """

    scales: int
    mean: Array
    root: Array
    precision: Array
    low: Array
    high: Array

    @property
    def additive(self) -> bool:
        """Whether the covariance has an additive part."""
        return len(self.mean) > self.scales + 2

    def drawn(self, rng: np.random.Generator) -> Array:
        """Return a draw, less the mean."""
        across: Array = self.root @ rng.standard_normal(len(self.mean))
        return across


def prior_of(numbers: int, categories: int, recipe: Recipe, *, additive: bool = False) -> Prior:
    """Return the prior for so many parameters of each sort, numbers first.

    The numbers' length scales have a part in common. additive: with an additive part.
    """
    scales = numbers + categories
    rows = (
        [(recipe.number_scale, recipe.scale_bounds)] * numbers
        + [(recipe.category_scale, recipe.scale_bounds)] * categories
        + ([(recipe.additive, recipe.additive_bounds)] if additive else [])
        + [(recipe.noise, recipe.noise_bounds), (recipe.trend, recipe.trend_bounds)]
    )
    mean = np.array([prior[0] for prior, _ in rows])
    # In more dimensions points lie sqrt(d) farther apart (Hvarfner et al. 2024).
    mean[:scales] += 0.5 * math.log(max(scales, 1))
    low, high = np.array([bounds for _, bounds in rows]).T
    covariance = np.diag([prior[1] ** 2 for prior, _ in rows])
    covariance[:numbers, :numbers] += recipe.common_scale**2
    root = np.linalg.cholesky(covariance)
    return Prior(scales, mean, root, np.linalg.inv(covariance), low, high)


class Solved(NamedTuple):
    """A factorised covariance with mean and scale profiled out.

    inverse_root: the inverse of the Cholesky factor. weights: K⁻¹(y - mean). variance: s².
    """

    inverse_root: Array
    log_determinant: float
    mean: float
    weights: Array
    variance: float


@dataclass(frozen=True)
class Likelihood:
    """The negative log posterior of `theta` given points and losses.

    groups: the length scale that each column of the features has, in rising order. bowl: the
    coefficient of `features.bowl` in the prior mean.
    """

    features: Features
    losses: Array
    groups: NDArray[np.intp]
    prior: Prior
    jitter: float
    bowl: float = 0.0

    @cached_property
    def _trend(self) -> Array:
        phi = self.features.trend
        product: Array = phi @ phi.T / max(self.prior.scales, 1)
        return product

    @cached_property
    def _additive(self) -> Array:
        psi = self.features.cosines
        product: Array = psi @ psi.T
        return product

    def solve(self, theta: Array) -> tuple[Solved, Array, Array] | None:
        """Return (the solved system, scaled columns, Matérn's slope); None where K is singular."""
        scaled = self.features.columns / np.exp(theta[self.groups])
        covariance, slope = matern(scaled, scaled)
        covariance += math.exp(theta[-1]) * self._trend
        if self.prior.additive:
            covariance += math.exp(theta[-3]) * self._additive
        n = len(self.losses)
        covariance[np.diag_indices(n)] += math.exp(theta[-2]) + self.jitter
        root, failed = dpotrf(covariance, lower=1, clean=1)
        if failed:
            return None
        inverse_root, _ = dtrtri(root, lower=1)
        losses = self.losses - self.bowl * self.features.bowl
        ones, y = (inverse_root @ np.stack([np.ones(n), losses], axis=1)).T
        mean = float(ones @ y) / float(ones @ ones)
        residual = y - mean * ones
        # One pseudo-observation of variance 1: a few equal losses are no proof of flatness.
        variance = (float(residual @ residual) + 1.0) / (n + 1.0)
        log_determinant = 2.0 * float(np.log(np.diagonal(root)).sum())
        solved = Solved(inverse_root, log_determinant, mean, inverse_root.T @ residual, variance)
        return solved, scaled, slope

    def value(self, theta: Array) -> float:
        """Return the negative log posterior at `theta`, up to a constant; inf: K is singular."""
        solution = self.solve(theta)
        return math.inf if solution is None else self._value(theta, solution[0])

    def _value(self, theta: Array, solved: Solved) -> float:
        away = theta - self.prior.mean
        fit = (len(self.losses) + 1.0) * math.log(solved.variance) + solved.log_determinant
        return 0.5 * (fit + float(away @ self.prior.precision @ away))

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Return the negative log posterior at `theta`, up to a constant, and its gradient."""
        solution = self.solve(theta)
        gradient = self.prior.precision @ (theta - self.prior.mean)
        if solution is None:
            return 1e10, gradient
        solved, scaled, slope = solution
        w = solved.inverse_root.T @ solved.inverse_root
        w -= np.outer(solved.weights, solved.weights) / solved.variance
        b = w * slope
        by_column = b.sum(axis=1) @ (scaled * scaled) - np.einsum("ij,ij->j", scaled, b @ scaled)
        scales = self.prior.scales
        gradient[:scales] += np.bincount(self.groups, by_column, minlength=scales)
        gradient[-2] += 0.5 * math.exp(theta[-2]) * float(np.trace(w))
        gradient[-1] += 0.5 * math.exp(theta[-1]) * float(np.vdot(w, self._trend))
        if self.prior.additive:
            gradient[-3] += 0.5 * math.exp(theta[-3]) * float(np.vdot(w, self._additive))
        return self._value(theta, solved), gradient
