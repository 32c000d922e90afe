"""How probable it is that a trial ends with a loss and meets its outcome constraints."""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from autosearch.strategies.bayes.encoding import Array, Features
from autosearch.strategies.bayes.gaussian import GaussianProcess


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Regression on labels, 1 where a trial went well and -1 where it failed.

    Near failures it learns in few trials, far from all it falls back to the rate of failure.
    """

    model: GaussianProcess

    def log_probability(self, features: Features) -> Array:
        """Return the logarithm of the probability of going well, shape (n,)."""
        mean, std = self.model.predict(features)
        odds: Array = log_ndtr(mean / np.maximum(std, 1e-9))
        return odds
