"""Uniform random search."""

from dataclasses import dataclass

import numpy as np

from autosearch.space import Space
from autosearch.strategies.base import Suggestion
from autosearch.strategies.evidence import first_new
from autosearch.trial import History


@dataclass(frozen=True, slots=True)
class RandomSearch:
    """Uniform random points, none of them twice.

    Uniform on each parameter's scale. Ends when a finite space holds no more points.
    """

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return a point drawn uniformly from those not yet tried, None when there are none."""
        params = first_new((), space, history, rng)
        return None if params is None else Suggestion(params, "random")
