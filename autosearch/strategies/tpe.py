"""Tree-structured Parzen estimator."""

import math
from dataclasses import dataclass

import numpy as np

from autosearch.space import Space
from autosearch.strategies.base import Suggestion, setting
from autosearch.strategies.cube import Cube, Matrix, cube_of
from autosearch.strategies.evidence import evidence_of, first_new
from autosearch.strategies.initial import initial_point
from autosearch.strategies.parzen import Parzen
from autosearch.trial import History

# The good group never holds more trials: a density around hundreds of points leads nowhere.
MOST_GOOD = 25
# Trials in the bad group's density; more cost time and change little.
MOST_BAD = 250
CANDIDATES = 64
# Kernels are BANDWIDTH * m ** (-1 / (d + 4)) wide, Scott's rule for m points in d dimensions.
BANDWIDTH = 0.25
# The same for the probability that a category is redrawn.
REDRAW = 0.5
# A kernel around a discrete value is at least this part of the value's slice wide.
LEAST_SLICE = 0.5
# Stands for the number of trials where that is not known.
USUAL_TRIALS = 50


@dataclass(frozen=True, slots=True)
class TPESearch:
    """Points where good trials are dense and bad ones are not (TPE).

    Bergstra, Bardenet, Bengio and Kégl (2011). The density is joint over all parameters in one ask
    and a product of the parameters' own in the next: the first finds interactions, the second needs
    fewer trials. Failed and running trials belong to the bad group.
    """

    n_initial_points: int | None = setting(
        None,
        "trials that cover the space before the model chooses; by default a fifth of all trials, "
        "from 3 to 20",
        low=1,
    )
    gamma: float = setting(
        0.25,
        f"the quantile that parts good trials from bad ones, of which {MOST_GOOD} at most are good",
        low=0.0,
        high=1.0,
        exclusive=True,
    )
    trials: int | None = None

    @property
    def initial(self) -> int:
        """How many trials cover the space before the model chooses."""
        if self.n_initial_points is not None:
            return self.n_initial_points
        return min(20, max(3, (self.trials or USUAL_TRIALS) // 5))

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return the best of the points drawn near good trials; None: the space is exhausted."""
        if len(history) < self.initial:
            params = initial_point(space, history, rng, self.initial)
            return None if params is None else Suggestion(params, "tpe_search/initial")
        good, bad = self._densities(space, history, rng)
        cube = cube_of(space)
        rows = good.sample(rng, CANDIDATES)
        active = cube.active(rows)
        if len(history) % 2:
            score = good.log_density(rows, active) - bad.log_density(rows, active)
        else:
            score = good.log_marginals(rows, active) - bad.log_marginals(rows, active)
        best = np.argsort(-score, kind="stable")
        params = first_new((space.from_unit(rows[i]) for i in best), space, history, rng)
        return None if params is None else Suggestion(params, "tpe_search/model")

    def _densities(
        self, space: Space, history: History, rng: np.random.Generator
    ) -> tuple[Parzen, Parzen]:
        """Return the densities of the good trials and of all others."""
        evidence = evidence_of(space, history)
        valued = int(np.count_nonzero(~evidence.faulty))
        count = min(math.ceil(self.gamma * valued), MOST_GOOD)
        good, rest = evidence.order[:count], evidence.order[count:]
        if len(rest) > MOST_BAD:
            rest = np.sort(rng.choice(rest, MOST_BAD, replace=False))
        cube = cube_of(space)
        bad = np.concatenate([evidence.rows[rest], evidence.pending])
        return _parzen(cube, evidence.rows[good]), _parzen(cube, bad)


def _parzen(cube: Cube, rows: Matrix) -> Parzen:
    shrink = max(len(rows), 1) ** (-1.0 / (rows.shape[1] + 4))
    widths = np.maximum(BANDWIDTH * shrink, LEAST_SLICE * cube.slices)
    widths = np.where(cube.categorical, min(1.0, REDRAW * shrink), widths)
    return Parzen(cube, rows, np.broadcast_to(widths, rows.shape))
