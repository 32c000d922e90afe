"""What trials cost: a model of the logarithm of their seconds, and how much that should count.

After Lee, Perrone, Archambeau and Seeger (2020), "Cost-aware Bayesian optimization": the promise of
a point is divided by its cost to a power that falls from 1 to 0 while the budget is used up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autosearch.strategies.bayes.encoding import Array, Features
from autosearch.strategies.bayes.gaussian import GaussianProcess
from autosearch.trial import History, Trial

# A trial that ends at once must not look endlessly cheap.
LEAST_S = 1e-3


@dataclass(frozen=True, slots=True)
class Costs:
    """A model of standardised log seconds; weight: the power of the cost, from 0 to 1."""

    model: GaussianProcess
    deviation: float
    weight: float

    def log_cost(self, features: Features) -> Array:
        """Return the weighted logarithm of the expected seconds, up to a constant, shape (n,)."""
        found: Array = self.weight * self.deviation * self.model.mean(features)
        return found


def log_seconds(trials: Sequence[Trial]) -> Array:
    """Return the logarithms of the trials' seconds, shape (n,); nan where they are not known."""
    seconds = [np.nan if t.seconds is None else max(t.seconds, LEAST_S) for t in trials]
    logs: Array = np.log(np.array(seconds, dtype=np.float64))
    return logs


def share_left(history: History, trials: int | None, budget_s: float | None) -> float:
    """Return which part of a search lies ahead, from 0 to 1: of its trials or time, the smaller.

    trials: how many there will be; budget_s: seconds that all of them together may take. Where
    neither is known the search is always at its beginning.
    """
    left = 1.0
    if trials:
        left = 1.0 - history.searched / trials
    if budget_s:
        spent = sum(t.seconds or 0.0 for t in history.trials)
        left = min(left, 1.0 - spent / budget_s)
    return max(left, 0.0)
