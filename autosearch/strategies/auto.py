"""The default strategy."""

from dataclasses import dataclass

import numpy as np

from autosearch.space import Space
from autosearch.strategies.base import Suggestion
from autosearch.strategies.bayes_opt import BayesOpt
from autosearch.trial import History


@dataclass(frozen=True, slots=True)
class Auto:
    """What found most in our comparisons: the Gaussian process of `bayes_opt_search`.

    The default. It adapts by itself: to kinds and conditions of parameters by its kernel, to noise
    by what it fits, to failing regions and to the number of trials by its own turns. TPE beside it,
    on any of these grounds, only ever took trials away from it.
    """

    trials: int | None = None

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return what the Gaussian process suggests."""
        return BayesOpt().ask(space, history, rng)
