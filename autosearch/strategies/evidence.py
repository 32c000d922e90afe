"""What a history tells: points and losses as arrays, and which points are still new."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import compress
from operator import attrgetter, is_not

import numpy as np
from numpy.typing import NDArray

from autosearch.space import Space
from autosearch.space.values import Params
from autosearch.strategies.cube import Cube, Mask, Matrix, cube_of
from autosearch.trial import History, State, Trial

# Ends without a loss that speak against the params. A trial that was lost with its machine, or
# stopped before its first value, says nothing about them.
BLAMED: frozenset[State] = frozenset(
    {"failed", "killed", "out_of_memory", "timed_out", "no_metric"}
)
# What a trial says of its params: nothing, nothing yet, that they are bad, or how good they are.
SILENT, PENDING, FAULTY, VALUED = range(4)
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

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """The trials from best to worst: by loss, the earlier of equals first, faulty ones last."""
        return np.argsort(np.where(self.faulty, np.inf, self.losses), kind="stable")

    @property
    def known(self) -> Matrix:
        """The rows of all these trials and of the running ones, shape (n + p, len(space))."""
        return np.concatenate([self.rows, self.pending])


@dataclass(frozen=True)
class _Reading:
    """Trials by number: what each says, its loss (-inf where there is none) and its row."""

    trials: tuple[Trial, ...]
    says: NDArray[np.int8]
    losses: NDArray[np.float64]
    rows: Matrix


class _Reader:
    """Turns trials into arrays; of those that it read last only the new and the changed ones.

    Trials are frozen, so the same object says the same again. At 2,000 trials most of an ask's time
    would go into reading them all.
    """

    def __init__(self, cube: Cube) -> None:
        self._cube = cube
        size = len(cube.parameters)
        self._last = _Reading((), np.empty(0, np.int8), np.empty(0), np.empty((0, size)))

    def read(self, trials: tuple[Trial, ...]) -> _Reading:
        last = self._last
        kept = min(len(trials), len(last.trials))
        other = np.ones(len(trials), dtype=bool)
        other[:kept] = np.fromiter(map(is_not, trials, last.trials), dtype=bool, count=kept)
        fresh = list(compress(trials, other))
        says, losses = np.empty(len(trials), np.int8), np.empty(len(trials))
        rows = np.empty((len(trials), last.rows.shape[1]))
        for array, before in ((says, last.says), (losses, last.losses), (rows, last.rows)):
            array[:kept] = before[:kept]
        says[other] = [_says(t) for t in fresh]
        losses[other] = [t.losses[0] if t.losses else -np.inf for t in fresh]
        rows[other] = self._cube.rows([t.params for t in fresh])
        # Replaced as a whole: another thread sees the one or the other.
        self._last = _Reading(trials, says, losses, rows)
        return self._last


@lru_cache(maxsize=8)
def _reader_of(space: Space) -> _Reader:
    return _Reader(cube_of(space))


def _says(trial: Trial) -> int:
    if not trial.ended:
        return PENDING
    # Without params its record was damaged.
    if not trial.params:
        return SILENT
    if is_faulty(trial):
        return FAULTY
    return VALUED if trial.losses else SILENT


def evidence_of(space: Space, history: History) -> Evidence:
    """Return what the trials of `history` say, as arrays."""
    reading = _reader_of(space).read(history.trials)
    telling = reading.says >= FAULTY
    losses, faulty = reading.losses[telling], reading.says[telling] == FAULTY
    worst = losses.max(initial=-np.inf)
    losses[faulty] = worst if np.isfinite(worst) else 0.0
    return Evidence(
        tuple(compress(history.trials, telling)),
        reading.rows[telling],
        losses,
        faulty,
        reading.rows[reading.says == PENDING],
    )


def is_faulty(trial: Trial) -> bool:
    """Return whether an ended trial speaks against its params: blamed, or a constraint broken."""
    if not trial.losses:
        return trial.state in BLAMED
    return not trial.feasible


_params_of = attrgetter("params")


def is_new(params: Params, history: History) -> bool:
    """Return whether no trial, running ones included, has these params."""
    return params not in map(_params_of, history.trials)


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
