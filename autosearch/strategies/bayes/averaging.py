"""Several hyperparameters at once: what a few trials say fits more than the likeliest ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autosearch.strategies.bayes.encoding import Array, Features
from autosearch.strategies.bayes.gaussian import GaussianProcess
from autosearch.strategies.bayes.likelihood import Likelihood
from autosearch.strategies.bayes.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Mixture:
    """Gaussian processes of equal weight; the mean and the deviation of their mixture.

    members: of the same points.
    """

    members: Sequence[GaussianProcess]

    def predict(self, features: Features) -> tuple[Array, Array]:
        """Return the posterior (mean, deviation) of the noiseless loss, each of shape (n,)."""
        shared = self.members[0].products(features)
        predicted = [m.predict(features, shared) for m in self.members]
        means, deviations = map(np.array, zip(*predicted, strict=True))
        variance: Array = np.mean(deviations**2, axis=0) + means.var(axis=0)
        return means.mean(axis=0), np.sqrt(variance)

    def mean(self, features: Features) -> Array:
        """Return the posterior mean, shape (n,)."""
        mean: Array = np.mean([m.mean(features) for m in self.members], axis=0)
        return mean


def plausible(
    likelihood: Likelihood, start: Array, recipe: Recipe, rng: np.random.Generator
) -> list[Array]:
    """Return `recipe.averaged` hyperparameters from their posterior, by a short walk from `start`.

    Metropolis et al. (1953), steps of `recipe.walk_step` times a draw from the prior;
    every `recipe.walk_thinned`-th state is kept.
    """
    prior = likelihood.prior
    theta, value, kept = start, likelihood.value(start), []
    for i in range(1, recipe.averaged * recipe.walk_thinned + 1):
        step = recipe.walk_step * prior.drawn(rng)
        proposed = np.clip(theta + step, prior.low, prior.high)
        new = likelihood.value(proposed)
        if math.log(1.0 - rng.random()) < value - new:
            theta, value = proposed, new
        if i % recipe.walk_thinned == 0:
            kept.append(theta)
    return kept
