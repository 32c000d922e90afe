"""Annealing: small changes of good trials, smaller ones as trials accumulate."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import numpy as np

from autosearch.space import Space
from autosearch.space.values import Params
from autosearch.strategies.base import Suggestion, setting
from autosearch.strategies.cube import Cube, Matrix, cube_of
from autosearch.strategies.evidence import Evidence, evidence_of, first_new
from autosearch.strategies.initial import initial_point
from autosearch.strategies.neighbours import standing
from autosearch.trial import History

# Points that cover the space before anything is changed, the defaults first.
INITIAL = 4
# A parameter is changed with this probability, else it takes the value that it starts from.
CHANGED = 0.7
# Allowed steps, of which the one with the best neighbours is taken, and steps drawn to find them.
STEPS = 8
TRIES = 64


@dataclass(frozen=True, slots=True)
class AnnealSearch:
    """Random changes of the best trials, smaller ones as trials accumulate.

    The cheapest strategy that learns. After hyperopt's `anneal.suggest` (Bergstra, Yamins and Cox,
    2013), which takes the first change drawn; here the best of several is taken, by the ranks of
    the trials around it.
    """

    avg_best_idx: float = setting(
        2.0,
        "mean rank of the trial to start from, 1 being the best (mean of a geometric distribution)",
        low=1.0,
    )
    shrink_coef: float = setting(
        0.1, "how fast the changes shrink: their width is 1 / (1 + trials * shrink_coef)", low=0.0
    )

    engine: str = setting("native", "whose algorithm", choices=("native", "hyperopt"))
    ordinal: ClassVar[bool] = True

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return a change of good trials, the defaults first; None: the space is exhausted."""
        if len(history) < INITIAL:
            params = initial_point(space, history, rng, INITIAL)
            return None if params is None else Suggestion(params, "anneal_search/initial")
        if self.engine == "hyperopt":
            from autosearch.strategies.engines.hyperopt import ask_anneal

            params = ask_anneal(space, history, rng, self.avg_best_idx, self.shrink_coef)
            return None if params is None else Suggestion(params, "anneal_search/hyperopt")
        params = first_new(self._steps(space, history, rng), space, history, rng)
        return None if params is None else Suggestion(params, "anneal_search/step")

    def _steps(self, space: Space, history: History, rng: np.random.Generator) -> Iterator[Params]:
        """Yield some changes of good trials, the most promising first; none without a loss."""
        evidence, cube = evidence_of(space, history), cube_of(space)
        best = best_rows(evidence)
        if not len(best):
            return
        count = TRIES if space.constrained else STEPS
        rows = anneal_rows(cube, best, rng, count, self.avg_best_idx, self.shrink_coef)
        if space.constrained:
            allowed = (i for i in range(count) if space.feasible(space.from_unit(rows[i])))
            rows = rows[list(islice(allowed, STEPS))]
        width = 1.0 / (1.0 + len(evidence.trials) * self.shrink_coef)
        order = np.argsort(standing(cube, evidence, cube.canonical(rows), width), kind="stable")
        yield from (space.from_unit(rows[i]) for i in order)


def best_rows(evidence: Evidence) -> Matrix:
    """Return the rows of the trials with a loss, best first; those that are faulty last."""
    good = len(evidence.trials) - int(np.count_nonzero(evidence.faulty))
    valued = [i for i in evidence.order[good:].tolist() if evidence.trials[i].losses]
    best: Matrix = evidence.rows[[*evidence.order[:good].tolist(), *valued]]
    return best


def anneal_rows(
    cube: Cube,
    best: Matrix,
    rng: np.random.Generator,
    count: int,
    avg_best_idx: float = 2.0,
    shrink_coef: float = 0.1,
) -> Matrix:
    """Return points near good ones, shape (count, d); they may be known, and break a constraint.

    best: see `best_rows`, shape (m, d). Each parameter starts from a trial of its own, of geometric
    rank among the m in which it was active, and changes uniformly in a window of width
    1 / (1 + m * shrink_coef); a category is redrawn with that probability. A parameter that was
    never active is drawn anew.
    """
    size = best.shape[1]
    ranks = rng.geometric(1.0 / avg_best_idx, (count, size)) - 1
    places, odds = rng.random((2, count, size))
    changed = rng.random((count, size)) < CHANGED
    changed[np.arange(count), rng.integers(size, size=count)] |= ~changed.any(axis=1)
    rows: Matrix = places.copy()
    active = ~np.isnan(best)
    for j in range(size):
        values = best[active[:, j], j]
        if not len(values):
            continue
        centres = values[np.minimum(ranks[:, j], len(values) - 1)]
        width = 1.0 / (1.0 + len(values) * shrink_coef)
        if cube.categorical[j]:
            near = np.where(odds[:, j] < width, places[:, j], centres)
        else:
            # The window is shifted at the bounds, not cut: what is cut off would pile up on them.
            low = np.clip(centres - width / 2, 0.0, 1.0 - width)
            near = low + places[:, j] * width
        rows[:, j] = np.where(changed[:, j], near, centres)
    return rows
