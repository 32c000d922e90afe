"""A Gaussian process on points of a search space: fit and prediction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from autosearch.strategies.bayes.encoding import Array, Features
from autosearch.strategies.bayes.likelihood import Likelihood, Solved, matern


class Products(NamedTuple):
    """What the trend and the additive part multiply, between points (n, m) and of each (n,)."""

    trend: Array
    additive: Array
    own_trend: Array
    own_additive: Array


@dataclass(frozen=True)
class GaussianProcess:
    """The posterior given points, losses and hyperparameters.

    Matérn-5/2 with one length scale per parameter, an additive part where the prior has one, a
    quadratic trend and noise; the constant mean and the signal's variance are profiled out, the
    mean's own uncertainty is left out.
    """

    likelihood: Likelihood
    theta: Array
    solved: Solved
    scaled: Array

    @property
    def noise(self) -> float:
        """The ratio of the noise's variance to the signal's."""
        return math.exp(self.theta[-2])

    def predict(self, features: Features, shared: Products | None = None) -> tuple[Array, Array]:
        """Return the posterior (mean, deviation) of the noiseless loss, each of shape (n,).

        shared: `products` of `features` and the known points, where they are at hand.
        """
        covariance, prior = self._covariances(features, shared)
        mean = self._mean(features, covariance)
        explained = covariance @ self.solved.inverse_root.T
        left = np.maximum(prior - np.einsum("ij,ij->i", explained, explained), 0.0)
        return mean, np.sqrt(self.solved.variance * left)

    def joint(self, features: Features) -> tuple[Array, Array]:
        """Return the posterior (mean, covariance) of the noiseless loss: shapes (n,) and (n, n)."""
        known, theta = self.likelihood, self.theta
        scaled = features.columns / np.exp(theta[known.groups])
        own, _ = matern(scaled, scaled)
        own += self._linear(*self._products(features, features)[:2])
        covariance, _ = self._covariances(features)
        explained = covariance @ self.solved.inverse_root.T
        mean = self._mean(features, covariance)
        return mean, self.solved.variance * (own - explained @ explained.T)

    def mean(self, features: Features) -> Array:
        """Return the posterior mean, shape (n,)."""
        covariance, _ = self._covariances(features)
        return self._mean(features, covariance)

    def _mean(self, features: Features, covariance: Array) -> Array:
        mean: Array = self.solved.mean + covariance @ self.solved.weights
        return mean + self.likelihood.bowl * features.bowl

    def left_out(self) -> Array:
        """Return what a model of all other points expects at each known point, shape (n,).

        With the same hyperparameters and the mean estimated anew, in closed form (Dubrule 1983).
        """
        root, losses = self.solved.inverse_root, self.likelihood.losses
        inverse = root.T @ root
        ones = inverse.sum(axis=1)
        projected = inverse - np.outer(ones, ones) / ones.sum()
        expected: Array = losses - projected @ losses / np.diagonal(projected)
        return expected

    def products(self, features: Features) -> Products:
        """Return what `predict` needs that is the same whatever the hyperparameters."""
        return self._products(features, self.likelihood.features)

    def _products(self, a: Features, b: Features) -> Products:
        read = None if self.likelihood.prior.additive else 0
        waves, others = a.cosines[:, :read], b.cosines[:, :read]
        squares = [np.einsum("ij,ij->i", rows, rows) for rows in (a.trend, waves)]
        return Products(a.trend @ b.trend.T, waves @ others.T, *squares)

    def _covariances(
        self, features: Features, shared: Products | None = None
    ) -> tuple[Array, Array]:
        """Return covariances with the known points, and each point's own prior variance."""
        known, theta = self.likelihood, self.theta
        scaled = features.columns / np.exp(theta[known.groups])
        covariance, _ = matern(scaled, self.scaled)
        trend, additive, own_trend, own_additive = shared or self.products(features)
        covariance += self._linear(trend, additive)
        return covariance, 1.0 + self._linear(own_trend, own_additive)

    def _linear(self, trend: Array, additive: Array) -> Array:
        """Return the covariance that the trend and the additive part make of their products."""
        prior, theta = self.likelihood.prior, self.theta
        covariance: Array = math.exp(theta[-1]) / max(prior.scales, 1) * trend
        if prior.additive:
            covariance += math.exp(theta[-3]) * additive
        return covariance


# With so much noise, as the logarithm of its part of the signal's variance, no covariance of finite
# numbers is singular.
_DROWNED = 30.0


def condition(likelihood: Likelihood, theta: Array) -> GaussianProcess:
    """Return the posterior with `theta`; with more noise where the covariance is singular.

    Raises FloatingPointError where that does not help: something is not finite.
    """
    theta = np.array(theta, dtype=np.float64)
    while (solution := likelihood.solve(theta)) is None and theta[-2] < _DROWNED:
        theta[-2] += 1.0
    # Of numbers that are none, some builds of LAPACK make a root without a word.
    if solution is None or not math.isfinite(solution[0].variance):
        raise FloatingPointError("the covariance of the trials is not finite")
    solved, scaled, _ = solution
    return GaussianProcess(likelihood, theta, solved, scaled)


def fit(likelihood: Likelihood, starts: Sequence[Array], steps: int) -> Array:
    """Return the most probable `theta` that L-BFGS-B finds from `starts` in `steps` steps each."""
    prior = likelihood.prior
    best, best_value = prior.mean, math.inf
    for start in starts:
        found = minimize(
            likelihood.__call__,
            np.clip(start, prior.low, prior.high),
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(prior.low, prior.high, strict=True)),
            options={"maxiter": steps, "maxfun": 2 * steps},
        )
        if found.fun < best_value:
            best, best_value = found.x, float(found.fun)
    return best
