"""What a history tells: points and losses as arrays, and which points are still new."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autosearch.space import Space
from autosearch.space.values import Params
from autosearch.strategies.cube import Mask, Matrix, cube_of
from autosearch.trial import History, State, Trial

# Ends without a loss that speak against the params. A trial that was lost with its machine, or
# stopped before its first value, says nothing about them.
BLAMED: frozenset[State] = frozenset(
    {"failed", "killed", "out_of_memory", "timed_out", "no_metric"}
)
# Random draws before the points of a finite space are gone through one by one.
DRAWS = 32


@dataclass(frozen=True)
class Evidence:
    """The trials that say something about their params, in the order of their numbers.

    trials: the valued and the faulty ones. rows: their points, shape (n, len(space)), nan where a
    parameter is inactive. faulty: see `is_faulty`, shape (n,). losses: shape (n,); a faulty trial
    has the worst loss of all, 0 where there is none. pending: the points of the running trials,
    shape (p, len(space)).
    """

    trials: tuple[Trial, ...]
    rows: Matrix
    losses: NDArray[np.float64]
    faulty: Mask
    pending: Matrix

    @property
    def order(self) -> NDArray[np.intp]:
        """The trials from best to worst: by loss, the earlier of equals first, faulty ones last."""
        return np.lexsort((self.losses, self.faulty))

    @property
    def known(self) -> Matrix:
        """The rows of all these trials and of the running ones, shape (n + p, len(space))."""
        return np.concatenate([self.rows, self.pending])


def evidence_of(space: Space, history: History) -> Evidence:
    """Return what the trials of `history` say, as arrays."""
    trials = tuple(t for t in history.finished if t.losses or t.state in BLAMED)
    faulty = np.array([is_faulty(t) for t in trials], dtype=bool)
    losses = np.array([t.losses[0] if t.losses else -np.inf for t in trials], dtype=np.float64)
    worst = losses.max(initial=-np.inf)
    losses[faulty] = worst if np.isfinite(worst) else 0.0
    cube = cube_of(space)
    return Evidence(
        trials,
        cube.rows([t.params for t in trials]),
        losses,
        faulty,
        cube.rows([t.params for t in history.pending]),
    )


def is_faulty(trial: Trial) -> bool:
    """Return whether an ended trial speaks against its params: blamed, or a constraint broken."""
    if not trial.losses:
        return trial.state in BLAMED
    return not trial.feasible


def is_new(params: Params, history: History) -> bool:
    """Return whether no trial, running ones included, has these params."""
    return all(t.params != params for t in history.trials)


def first_new(
    candidates: Iterable[Params], space: Space, history: History, rng: np.random.Generator
) -> Params | None:
    """Return the first candidate that is allowed and new, else any such point; None: there is none.

    An endless space counts as exhausted where `DRAWS` random points are all known.
    """
    for params in candidates:
        if space.feasible(params) and is_new(params, history):
            return params
    for _ in range(DRAWS):
        params = space.sample(rng)
        if is_new(params, history):
            return params
    return _remaining(space, history, rng)


def _remaining(space: Space, history: History, rng: np.random.Generator) -> Params | None:
    if any(p.count is None for p in space.params.values()):
        return None
    known = {space.key(t.params) for t in history.trials}
    chosen = None
    for count, params in enumerate(
        (p for p in space.points() if space.key(p) not in known), start=1
    ):
        # Each of the remaining points is equally likely, and none but one is kept.
        if rng.random() < 1 / count:
            chosen = params
    return chosen
