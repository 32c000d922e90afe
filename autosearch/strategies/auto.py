"""The default strategy."""

from dataclasses import dataclass

import numpy as np

from autosearch.space import Space
from autosearch.strategies.anneal import AnnealSearch
from autosearch.strategies.base import Strategy, Suggestion
from autosearch.strategies.portfolio import Portfolio
from autosearch.strategies.tpe import TPESearch
from autosearch.trial import History


@dataclass(frozen=True, slots=True)
class Auto:
    """Picks and mixes the strategies by the space and the history (the default)."""

    trials: int | None = None

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return what the strategy that fits the space suggests."""
        return self._strategy().ask(space, history, rng)

    def _strategy(self) -> Strategy:
        return Portfolio.of([("anneal_search", AnnealSearch()), ("tpe_search", TPESearch())])
