"""What trials cost: a model of the logarithm of their seconds.

The promise of a point is divided by a power of its cost, as in Lee, Perrone, Archambeau and Seeger
(2020), "Cost-aware Bayesian optimization"; here the power stays the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autosearch.strategies.bayes.encoding import Array, Features
from autosearch.strategies.bayes.gaussian import GaussianProcess
from autosearch.trial import Trial

# A trial that ends at once must not look endlessly cheap.
LEAST_S = 1e-3


@dataclass(frozen=True, slots=True)
class Costs:
    """A model of standardised log seconds.

    power: to which a cost is raised before a promise is divided by it.
    """

    model: GaussianProcess
    deviation: float
    power: float

    def log_cost(self, features: Features) -> Array:
        """Return the logarithm of the expected seconds' power, up to a constant, shape (n,)."""
        found: Array = self.power * self.deviation * self.model.mean(features)
        return found


def log_seconds(trials: Sequence[Trial]) -> Array:
    """Return the logarithms of the trials' seconds, shape (n,); nan where they are not known."""
    seconds = [np.nan if t.seconds is None else max(t.seconds, LEAST_S) for t in trials]
    logs: Array = np.log(np.array(seconds, dtype=np.float64))
    return logs
