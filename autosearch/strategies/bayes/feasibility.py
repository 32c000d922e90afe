"""How probable it is that a trial ends with a loss and meets its outcome constraints."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_ndtr

from autosearch.strategies.bayes.encoding import Array, Bools, Encoding, Features
from autosearch.strategies.bayes.gaussian import GaussianProcess, condition, fit
from autosearch.strategies.bayes.knowledge import Knowledge
from autosearch.strategies.bayes.likelihood import Likelihood


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Regressions on what is at least 0 where a trial went well, each with its weight.

    On the margin of each outcome constraint (Gardner et al. 2014), and, where trials failed, on
    labels: 1 where a trial went well and -1 where it failed. Near failures labels teach in few
    trials, far from all they fall back to the rate of failure.
    """

    models: tuple[tuple[GaussianProcess, float], ...]

    def log_probability(self, features: Features) -> Array:
        """Return the sum of the weighted logarithms of the probabilities, shape (n,)."""
        total = np.zeros(len(features.units))
        for model, weight in self.models:
            mean, std = model.predict(features)
            total += weight * log_ndtr(mean / np.maximum(std, 1e-9))
        return total

    def likely(self, features: Features) -> Bools:
        """Return which points go well more probably than not, shape (n,)."""
        return self.log_probability(features) > math.log(0.5)


def likeliest(feasibility: Feasibility | None, encoding: Encoding, pool: Array) -> Array:
    """Return the rows, once anything has failed those first that are likeliest to go well."""
    if feasibility is None:
        return pool
    odds = feasibility.log_probability(encoding.features(pool))
    first: Array = pool[np.argsort(-odds, kind="stable")]
    return first


def requirements(known: Knowledge) -> dict[str, Likelihood]:
    """Return the likelihoods of what must be at least 0, by the note that remembers each fit."""
    c = known.recipe
    found = {f"margin{i}": known.likelihood(known.features, m) for i, m in enumerate(known.margins)}
    if known.failures or known.warnings:
        labels = replace(c, noise=c.label_noise, noise_bounds=c.label_noise_bounds)
        found["feasible"] = known.likelihood(*known.labelled, labels)
    return found


def feasible_odds(known: Knowledge, features: Features) -> Array:
    """Return how probable it is that trials at points, in rows, end well, shape (n,)."""
    c = known.recipe
    models = [
        condition(model, fit(model, [model.prior.mean], c.steps_small))
        for model in requirements(known).values()
    ]
    return np.exp(Feasibility(tuple((m, 1.0) for m in models)).log_probability(features))
