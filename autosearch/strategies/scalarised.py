"""Several objectives: any strategy for one, on a weighted sum that is drawn anew for each ask."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autosearch.pareto import dominance
from autosearch.space import Space
from autosearch.strategies.base import Strategy, Suggestion
from autosearch.trial import History, Trial

# How much the plain sum counts beside the largest weighted loss; Knowles (2006), eq. 2.
SUM = 0.05
HUGE = 1e100
# Of more trials the others come last, by their trade-off: to compare all pairs would take long.
MOST_RANKED = 1000


@dataclass(frozen=True, slots=True)
class Scalarised:
    """Asks a strategy for one objective about a random trade-off between several.

    ParEGO (Knowles 2006): at every ask weights are drawn, each trial's losses become one, and the
    strategy sees a history with that, and with other searches' results likewise. Failed and running
    trials, constraints and notes stay as they are. With one objective it is the strategy itself.

    layered: for strategies that look at the order of losses alone. Trials that none dominates come
    first, then those that only these dominate, and so on (Deb et al. 2002); the trade-off of the
    ask orders each layer. Then all of the front counts as good, not only the part of it that these
    weights favour.
    """

    inner: Strategy
    layered: bool = False

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return the strategy's suggestion for the trade-off of this ask."""
        count = max((len(t.losses) for t in history.valued), default=1)
        if count > 1:
            weights = rng.dirichlet(np.ones(count))
            trials = scalarised(history.trials, weights)
            if self.layered:
                trials = layered(history.trials, trials)
            earlier = _earlier(history.earlier, weights)
            history = replace(history, trials=trials, earlier=earlier, objectives=count)
        return self.inner.ask(space, history, rng)


def _earlier(trials: Sequence[Trial], weights: NDArray[np.float64]) -> tuple[Trial, ...]:
    """Return other searches' trials with one loss, each search's by its own front.

    Those of searches without a loss are left out.
    """
    sources = dict.fromkeys(t.origin for t in trials if t.losses)
    parts = ([t for t in trials if t.origin == source] for source in sources)
    return tuple(t for part in parts for t in scalarised(part, weights))


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


def layered(trials: Sequence[Trial], weighed: Sequence[Trial]) -> tuple[Trial, ...]:
    """Return the trials with one loss, by layer and in it by trade-off: only its order counts.

    weighed: the same trials with their trade-off as their loss. Trials that break a constraint make
    layers of their own.
    """
    found = list(weighed)
    for feasible in (True, False):
        kept = (i for i, t in enumerate(weighed) if t.losses and t.feasible == feasible)
        known = sorted(kept, key=lambda i: weighed[i].losses)
        losses = np.array([trials[i].losses for i in known[:MOST_RANKED]])
        last = len(known)
        depths = [*(_layers(losses) if len(losses) else ()), *[last] * (last - len(losses))]
        for place, (i, depth) in enumerate(zip(known, depths, strict=True)):
            found[i] = replace(found[i], losses=(float(depth + place / last),))
    return tuple(found)


def _layers(losses: NDArray[np.float64]) -> list[int]:
    """Return how many layers lie before that of each point, for losses of shape (n, objectives)."""
    dominates = dominance(losses)
    left = dominates.sum(axis=0)
    depths = np.full(len(losses), -1)
    depth = 0
    while (depths < 0).any():
        layer = (left == 0) & (depths < 0)
        depths[layer] = depth
        left = left - dominates[layer].sum(axis=0)
        depth += 1
    return [int(d) for d in depths]
