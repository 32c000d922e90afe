"""The default strategy."""

from dataclasses import dataclass

import numpy as np

from autosearch.space import Space
from autosearch.strategies.base import Suggestion, setting
from autosearch.strategies.bayes_opt import BayesOpt
from autosearch.trial import History


@dataclass(frozen=True, slots=True)
class Auto:
    """What found most in our comparisons: the Gaussian process of `bayes_opt_search`.

    The default. It adapts by itself: to kinds and conditions of parameters by its kernel, to noise
    by what it fits, to failing regions and to the number of trials by its own turns. TPE beside it,
    on any of these grounds, only ever took trials away from it.
    """

    cost: str = setting(
        "none",
        "seconds: try what promises most a second, not a trial; less so towards the end",
        choices=("none", "seconds"),
    )
    trials: int | None = None
    budget_s: float | None = None

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return what the Gaussian process suggests."""
        model = BayesOpt(cost=self.cost, trials=self.trials, budget_s=self.budget_s)
        return model.ask(space, history, rng)
