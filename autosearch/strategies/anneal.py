"""Annealing: small changes of good trials, smaller ones as trials accumulate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from autosearch.space import Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Params
from autosearch.strategies.base import Suggestion, setting
from autosearch.strategies.cube import cube_of
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

    def _steps(self, space: Space, history: History, rng: np.random.Generator) -> list[Params]:
        """Return some changes of good trials, the most promising first; none without a loss."""
        evidence = evidence_of(space, history)
        best = best_params(evidence)
        if not best:
            return []
        drawn = anneal_steps(space, best, rng, self.avg_best_idx, self.shrink_coef)
        steps = list(islice(filter(space.feasible, islice(drawn, TRIES)), STEPS))
        cube = cube_of(space)
        width = 1.0 / (1.0 + len(evidence.trials) * self.shrink_coef)
        order = np.argsort(standing(cube, evidence, cube.rows(steps), width), kind="stable")
        return [steps[i] for i in order]


def best_params(evidence: Evidence) -> list[Params]:
    """Return the params of the trials with a loss, best first; those that are faulty last."""
    ranked = (evidence.trials[i] for i in evidence.order)
    return [trial.params for trial in ranked if trial.losses]


def anneal_step(
    space: Space,
    best: Sequence[Params],
    rng: np.random.Generator,
    avg_best_idx: float = 2.0,
    shrink_coef: float = 0.1,
) -> Params:
    """Return the first of `anneal_steps`."""
    return next(anneal_steps(space, best, rng, avg_best_idx, shrink_coef))


def anneal_steps(
    space: Space,
    best: Sequence[Params],
    rng: np.random.Generator,
    avg_best_idx: float = 2.0,
    shrink_coef: float = 0.1,
) -> Iterator[Params]:
    """Yield points near good ones, without end; they may be known, and break a constraint.

    best: see `best_params`. Each parameter starts from a trial of its own, of geometric rank among
    the m in which it was active, and changes uniformly in a window of width
    1 / (1 + m * shrink_coef); a category is redrawn with that probability. A parameter that was
    never active is drawn anew.
    """
    known = {name: [params[name] for params in best if name in params] for name in space.params}
    size = len(space)
    while True:
        ranks = rng.geometric(1.0 / avg_best_idx, size) - 1
        draws = rng.random((2, size))
        changed = rng.random(size) < CHANGED
        if not changed.any():
            changed[rng.integers(size)] = True
        unit = draws[0].copy()
        for j, (name, parameter) in enumerate(space.params.items()):
            values = known[name]
            if values:
                value = values[min(int(ranks[j]), len(values) - 1)]
                centre = parameter.to_unit(value)  # type: ignore[arg-type]
                width = 1.0 / (1.0 + len(values) * shrink_coef)
                unit[j] = _near(parameter, centre, width, draws[:, j]) if changed[j] else centre
        yield space.from_unit(unit)


def _near(parameter: Parameter, centre: float, width: float, draws: NDArray[np.float64]) -> float:
    if parameter.categorical:
        return float(draws[0]) if draws[1] < width else centre
    # The window is shifted at the bounds, not cut: what is cut off would pile up on them.
    low = min(max(centre - width / 2, 0.0), 1.0 - width)
    return float(low + draws[0] * width)
