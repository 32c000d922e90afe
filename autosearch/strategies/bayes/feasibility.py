"""How probable it is that a trial ends with a loss and meets its outcome constraints."""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from autosearch.strategies.bayes.encoding import Array, Features
from autosearch.strategies.bayes.gaussian import GaussianProcess


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
