"""Trials, their measurements, and the history that a strategy reads: frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import le
from typing import Any, Literal, NamedTuple, get_args

from autosearch.space.values import Params

State = Literal[
    "pending",
    "running",
    "completed",
    "stopped",
    "failed",
    "killed",
    "out_of_memory",
    "timed_out",
    "no_metric",
    "lost",
]
STATES: tuple[State, ...] = get_args(State)
ENDED: frozenset[State] = frozenset(STATES) - {"pending", "running"}
# A trial ended in one of these states may carry a value that counts; in any other it never does.
VALUED: frozenset[State] = frozenset({"completed", "stopped", "timed_out"})


class Measurement(NamedTuple):
    """One value of one metric, as read from a trial's log.

    step: the program's own step or epoch where a step rule is given, else the count of this metric
    so far, from 1. seconds: since the attempt started. offset: where the match starts in the log,
    in bytes.
    """

    metric: str
    value: float
    step: int
    seconds: float
    offset: int


# The origin of a trial that is run again to confirm what the search found.
CONFIRM = "confirm"
# Under this key such a trial's notes hold the option that its program got its seed by, if any.
SEED_OPTION = "seed_option"


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation of the objective, possibly in several attempts.

    number: from 0, in the order of asking. attempt: from 1; 0 before the first start.
    losses: the objectives, smaller is better, always finite; empty where there is no value that
    counts. metrics: every metric's reduced value, in the user's own direction; may hold nan and
    inf. notes: what the strategy asked to remember, JSON. constraints: at most 0 where met.
    repeat_of: the trial whose params this one repeats on purpose. parent: the trial it continues.
    started_at: seconds since the epoch, of the last attempt. seconds: duration of the last attempt.
    peak_memory: bytes. reason: why it ended so, in a user's words.
    """

    number: int
    params: Params
    attempt: int = 0
    origin: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)
    repeat_of: int | None = None
    parent: int | None = None
    seed: int = 0
    state: State = "pending"
    losses: tuple[float, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    constraints: tuple[float, ...] = ()
    started_at: float | None = None
    seconds: float | None = None
    measurements: tuple[Measurement, ...] = ()
    reason: str = ""
    exit_code: int | None = None
    signal: str | None = None
    peak_memory: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the trial has an end state."""
        return self.state in ENDED

    @property
    def confirms(self) -> bool:
        """Whether it is one of the runs that confirm, which the search did not choose."""
        return self.origin == CONFIRM

    @property
    def seed_option(self) -> str | None:
        """The option that a confirming run's program got its seed by, besides what all get."""
        option: str | None = self.notes.get(SEED_OPTION)
        return option

    @property
    def feasible(self) -> bool:
        """Whether every outcome constraint that was measured is met."""
        return not self.constraints or all(c <= 0.0 for c in self.constraints)

    @property
    def loss(self) -> float | None:
        """The first objective, smaller is better; None where there is no value that counts."""
        return self.losses[0] if self.losses else None


@dataclass(frozen=True)
class History:
    """Every trial asked so far, by number: all that a strategy may know.

    earlier: results of other searches that this one starts from, as ended trials of its space, with
    a loss or failed; their origin is where they come from. Losses of two origins are not
    comparable.
    before: other searches' trials of this very task, with a loss or failed, by number, which is
    below 0; their losses are comparable with those of `trials`.
    objectives: how many each loss is a trade-off between, if they were made one.

    >>> trials = (Trial(0, {"x": 1.0}, state="completed", losses=(2.0,)), Trial(1, {"x": 3.0}))
    >>> history = History(trials)
    >>> history.best.number, [t.number for t in history.pending]
    (0, [1])
    """

    trials: tuple[Trial, ...] = field(default=())
    earlier: tuple[Trial, ...] = field(default=())
    before: tuple[Trial, ...] = field(default=())
    objectives: int = 1

    def __len__(self) -> int:
        return len(self.trials)

    @cached_property
    def finished(self) -> tuple[Trial, ...]:
        """The ended trials, by number, failed ones included.

        Not those without params: their record was damaged, and nobody can learn from them.
        """
        return tuple(t for t in self.trials if t.ended and t.params)

    @cached_property
    def pending(self) -> tuple[Trial, ...]:
        """The trials that were asked and have not ended, by number."""
        return tuple(t for t in self.trials if not t.ended)

    @cached_property
    def valued(self) -> tuple[Trial, ...]:
        """The ended trials that have a loss, by number."""
        return tuple(t for t in self.finished if t.losses)

    @property
    def continued(self) -> "History":
        """This history as one search: the trials from before, and then its own."""
        if not self.before:
            return self
        return replace(self, trials=(*self.before, *self.trials), before=())

    @cached_property
    def searched(self) -> int:
        """How many trials the search has asked for; runs that confirm do not count."""
        return sum(t.number >= 0 and not t.confirms for t in self.trials)

    @cached_property
    def confirming(self) -> tuple[Trial, ...]:
        """The runs that confirm what the search found, asked after its last trial, by number.

        Only those that got their seed in the way that the latest did: without it, all runs of a
        configuration may have come to the same.
        """
        last = max((t.number for t in self.trials if not t.confirms), default=-1)
        runs = self.trials[last + 1 :]
        others = (t.number for t in runs if t.seed_option != runs[-1].seed_option)
        return self.trials[max(others, default=last) + 1 :]

    @cached_property
    def feasible(self) -> tuple[Trial, ...]:
        """The ended trials that have a loss and meet every outcome constraint, by number."""
        return tuple(t for t in self.valued if t.feasible)

    @cached_property
    def front(self) -> tuple[Trial, ...]:
        """The feasible trials that no other dominates, by their losses; of equals the earliest.

        A trial dominates another where none of its losses is larger and one is smaller. With one
        loss the front is the best trial. Runs that confirm have no part in it.
        """
        found: list[Trial] = []
        searched = (t for t in self.feasible if not t.confirms)
        for trial in sorted(searched, key=lambda t: t.losses):
            # Whatever dominates it, or equals it, has come before it.
            if not any(all(map(le, t.losses, trial.losses)) for t in reversed(found)):
                found.append(trial)
        return tuple(found)

    @cached_property
    def best(self) -> Trial | None:
        """The feasible trial with the smallest loss, the earliest of equals; None: there is none.

        With several losses the first decides, and among equals of it the second, and so on: it is
        the beginning of the front. Runs that confirm have no part in it.
        """
        searched = (t for t in self.feasible if not t.confirms)
        return min(searched, key=lambda t: t.losses, default=None)
