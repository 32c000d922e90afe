"""Several objectives: any strategy for one, on a weighted sum that is drawn anew for each ask."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autosearch.space import Space
from autosearch.strategies.base import Strategy, Suggestion
from autosearch.trial import History, Trial

# How much the plain sum counts beside the largest weighted loss; Knowles (2006), eq. 2.
SUM = 0.05
HUGE = 1e100


@dataclass(frozen=True, slots=True)
class Scalarised:
    """Asks a strategy for one objective about a random trade-off between several.

    ParEGO (Knowles 2006): at every ask weights are drawn, each trial's losses become one, and the
    strategy sees a history with that. Failed and running trials, constraints and notes stay as they
    are. With one objective it is the strategy itself.
    """

    inner: Strategy

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return the strategy's suggestion for the trade-off of this ask."""
        count = max((len(t.losses) for t in history.valued), default=1)
        if count > 1:
            weights = rng.dirichlet(np.ones(count))
            history = replace(history, trials=scalarised(history.trials, weights))
        return self.inner.ask(space, history, rng)


def scalarised(trials: Sequence[Trial], weights: NDArray[np.float64]) -> tuple[Trial, ...]:
    """Return the trials with one loss: the augmented Tchebycheff norm of their losses.

    weights: of the objectives, shape (objectives,), at least 0, of sum 1. Each loss is first
    brought to 0 at the best and 1 at the worst of the front, so that a diverged trial does not hide
    the others' differences. Trials with another number of losses lose them: they cannot be
    compared.
    """
    known = [t for t in trials if t.ended and len(t.losses) == len(weights)]
    # Halved: the range of two huge losses would not be finite.
    losses = np.array([t.losses for t in known]) / 2
    front = np.array([t.losses for t in History(tuple(known)).front]) / 2
    front = front if len(front) > 1 else losses
    best = front.min(axis=0)
    width = front.max(axis=0) - best
    width[width <= 0.0] = 1.0
    with np.errstate(over="ignore"):
        parts = np.clip((losses - best) / width, -HUGE, HUGE)
    weighted = weights * parts
    sums = weighted.max(axis=1) + SUM * weighted.sum(axis=1)
    by_number = dict(zip((t.number for t in known), map(float, sums), strict=True))
    return tuple(
        replace(t, losses=(by_number[t.number],) if t.number in by_number else ())
        if t.losses
        else t
        for t in trials
    )
