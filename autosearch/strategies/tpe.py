"""Tree-structured Parzen estimator."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from autosearch.space import Space
from autosearch.strategies.base import Suggestion, setting
from autosearch.strategies.cube import Cube, Matrix, cube_of
from autosearch.strategies.evidence import Evidence, evidence_of, first_new
from autosearch.strategies.initial import initial_point
from autosearch.strategies.neighbours import remoteness
from autosearch.strategies.parzen import Parzen, Vector
from autosearch.trial import History

# The good group never holds more trials: a density around hundreds of points leads nowhere.
MOST_GOOD = 25
# Trials in the bad group's density; more cost time and change little.
MOST_BAD = 250
# Points drawn, of which the best is tried: hyperopt's and Optuna's number. Several times as many
# find the peaks of the good density so surely that the search stays there.
CANDIDATES = 24
# Kernels are BANDWIDTH * m ** (-1 / (d + 4)) wide, Scott's rule for m points in d dimensions. Less
# than half of it searches too locally, twice as much hardly better than at random.
BANDWIDTH = 0.12
# A distance of 1 / (1 + SHRINK * trials) in every parameter from all trials outweighs a ratio of
# densities of e. A joint density alone may stay among the values of a category that it began with.
SHRINK = 0.1
# The same for the probability that a category is redrawn.
REDRAW = 0.5
# A kernel around a discrete value is at least this part of the value's slice wide.
LEAST_SLICE = 0.5


@dataclass(frozen=True, slots=True)
class TPESearch:
    """Points where good trials are dense and bad ones are not (TPE).

    Bergstra, Bardenet, Bengio and Kégl (2011), with one density over all parameters, so that
    interactions count, and a bonus for distance from all trials. The best of the good trials weigh
    most. Failed and running trials belong to the bad group. A conditional parameter that a good
    trial lacks is drawn near the best trials that have it.
    """

    n_initial_points: int = setting(
        4, "trials that cover the space before the model chooses, the defaults first", low=1
    )
    gamma: float = setting(
        0.25,
        f"the quantile that parts good trials from bad ones, of which {MOST_GOOD} at most are good",
        low=0.0,
        high=1.0,
        exclusive=True,
    )

    engine: str = setting("native", "whose algorithm", choices=("native", "hyperopt"))
    ordinal: ClassVar[bool] = True

    def for_objectives(self, count: int) -> "TPESearch":
        """Return the strategy for a weighted sum of `count` objectives.

        Their front has `count` - 1 dimensions: `gamma` of each is this power of it in all. A larger
        part of a wide front lies far from the trade-off that is asked about.
        """
        return replace(self, gamma=self.gamma ** max(count - 1, 1))

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return the best of some points drawn near good trials; None: the space is exhausted."""
        if len(history) < self.n_initial_points:
            params = initial_point(space, history, rng, self.n_initial_points)
            return None if params is None else Suggestion(params, "tpe_search/initial")
        if self.engine == "hyperopt":
            from autosearch.strategies.engines.hyperopt import ask_tpe

            params = ask_tpe(space, history, rng, self.gamma)
            return None if params is None else Suggestion(params, "tpe_search/hyperopt")
        evidence, cube = evidence_of(space, history), cube_of(space)
        good, bad = self._densities(cube, evidence, rng)
        rows = good.sample(rng, CANDIDATES)
        canonical = cube.canonical(rows)
        active = ~np.isnan(canonical)
        score = good.log_density(rows, active) - bad.log_density(rows, active)
        known = evidence.known
        score += remoteness(cube, canonical, known, 1.0 / (1.0 + SHRINK * len(known)))
        best = np.argsort(-score, kind="stable")
        params = first_new((space.from_unit(rows[i]) for i in best), space, history, rng)
        return None if params is None else Suggestion(params, "tpe_search/model")

    def _densities(
        self, cube: Cube, evidence: Evidence, rng: np.random.Generator
    ) -> tuple[Parzen, Parzen]:
        """Return the densities of the good trials and of all others that are not good in any way.

        A trial among the best of those with the same parameters is no sign against its region,
        even where others' parameters did better so far.
        """
        ranked = evidence.rows[evidence.order]
        valued = ranked[: int(np.count_nonzero(~evidence.faulty))]
        good = ranked[: self._most(len(valued))]
        kept = np.zeros(len(ranked), dtype=bool)
        kept[: len(good)] = True
        for alike in _alike(valued):
            kept[alike[: self._most(len(alike))]] = True
        rest = np.flatnonzero(~kept)
        if len(rest) > MOST_BAD:
            rest = np.sort(rng.choice(rest, MOST_BAD, replace=False))
        bad = np.concatenate([ranked[rest], evidence.pending])
        ranks = np.arange(1, len(good) + 1)
        # The weights of CMA-ES (Hansen, 2016): the best trials say most.
        weights = np.log(len(good) + 0.5) - np.log(ranks)
        weights /= weights.mean() if len(good) else 1.0
        return (
            Parzen(cube, good, _widths(cube, len(good)), weights, self._lent(valued)),
            Parzen(cube, bad, _widths(cube, len(bad)), np.ones(len(bad))),
        )

    def _most(self, count: int) -> int:
        """Return how many of `count` trials are good."""
        return min(math.ceil(self.gamma * count), MOST_GOOD)

    def _lent(self, valued: Matrix) -> dict[int, Vector]:
        """Return the good values of each conditional parameter, among the trials that have it."""
        active = ~np.isnan(valued)
        columns = [(j, valued[active[:, j], j]) for j in np.flatnonzero(~active.all(axis=0))]
        return {int(j): column[: self._most(len(column))] for j, column in columns}


def _alike(rows: Matrix) -> list[NDArray[np.intp]]:
    """Return the indices of the rows with the same active parameters, for each set of them."""
    missing = np.isnan(rows)
    if not missing.any():
        return [np.arange(len(rows))]
    _, kinds = np.unique(missing, axis=0, return_inverse=True)
    kinds = kinds.reshape(-1)
    return [np.flatnonzero(kinds == kind) for kind in range(int(kinds.max()) + 1)]


def _widths(cube: Cube, count: int) -> Vector:
    """Return how wide the kernels around `count` points are, shape (d,); see `Parzen`."""
    shrink = max(count, 1) ** (-1.0 / (len(cube.counts) + 4))
    widths = np.maximum(BANDWIDTH * shrink, LEAST_SLICE * cube.slices)
    return np.asarray(np.where(cube.categorical, min(1.0, REDRAW * shrink), widths))
