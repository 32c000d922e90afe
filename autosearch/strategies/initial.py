"""The first points of a search, before there is anything to learn from."""

import numpy as np

from autosearch.space import Space
from autosearch.space.values import Params
from autosearch.strategies.cube import Matrix, cube_of
from autosearch.strategies.evidence import first_new, is_new
from autosearch.trial import History

# Designs drawn for each point, of which the one farthest from the known points is taken.
DESIGNS = 16


def starting_point(space: Space, history: History) -> Params | None:
    """Return where the space says that a search starts; None where that is known.

    A good guess of the user's is worth many random points, and so is the middle of a range that
    was chosen with care.
    """
    params = space.start()
    return params if params is not None and is_new(params, history) else None


def initial_point(
    space: Space, history: History, rng: np.random.Generator, planned: int
) -> Params | None:
    """Return the next of about `planned` points that cover the space; None: it is exhausted.

    The first is `starting_point`. The others continue a Latin hypercube: in every parameter, a
    stratum that the fewest known points lie in; of several such designs, the one farthest from the
    known points (Mitchell, 1991). It needs no memory, and so continues whatever was tried.
    """
    start = starting_point(space, history)
    if start is not None:
        return start
    known = cube_of(space).rows([t.params for t in history.trials])
    designs = _designs(known, rng, planned, len(space))
    gaps = np.abs(designs[:, None, :] - known[None, :, :])
    # An inactive parameter sets no two points apart.
    distances = np.nan_to_num(gaps, nan=0.0).sum(axis=2).min(axis=1, initial=np.inf)
    by_distance = designs[np.argsort(-distances, kind="stable")]
    return first_new(map(space.from_unit, by_distance), space, history, rng)


def _designs(known: Matrix, rng: np.random.Generator, planned: int, size: int) -> Matrix:
    """Return `DESIGNS` rows, each coordinate in a stratum that the fewest known points lie in."""
    strata = max(planned, 2)
    rows = np.empty((DESIGNS, size))
    for j in range(size):
        column = known[:, j]
        index = np.floor(column[~np.isnan(column)] * strata).clip(0, strata - 1).astype(int)
        counts = np.bincount(index, minlength=strata)
        empty = np.flatnonzero(counts == counts.min())
        rows[:, j] = (rng.choice(empty, DESIGNS) + rng.random(DESIGNS)) / strata
    return rows
