"""What a history shows to people: values in their direction, the best so far, why trials failed.

Pure: no I/O and no clock.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from autosearch import formats
from autosearch.trial import STATES, History, State, Trial


def user_value(loss: float | None, mode: str) -> float | None:
    """Return a loss as the value that the program printed; None for None.

    >>> user_value(-0.9, "max"), user_value(0.3, "min")
    (0.9, 0.3)
    """
    if loss is None:
        return None
    # Not `-loss` alone: a loss of 0 would become -0.0.
    return (-loss or 0.0) if mode == "max" else loss


def ranked(history: History) -> tuple[Trial, ...]:
    """Return the trials that have a loss, the best first; of equals the earliest first.

    With several losses the front comes first. Trials that break an outcome constraint come last,
    the nearest to meeting them first; runs that confirm are left out.
    """
    front = {trial.number for trial in history.front}

    def rank(trial: Trial) -> tuple[float, bool, tuple[float, ...]]:
        return violation(trial), trial.number not in front, trial.losses

    return tuple(sorted((t for t in history.valued if not t.confirms), key=rank))


def violation(trial: Trial) -> float:
    """Return how far a trial is from meeting its outcome constraints, summed; 0 where it does."""
    return sum(max(c, 0.0) for c in trial.constraints)


def nearest(history: History) -> Trial | None:
    """Return the trial that comes nearest to meeting its constraints, where none meets them all."""
    return None if history.feasible else next(iter(ranked(history)), None)


def none_feasible(history: History, bounds: Sequence[str]) -> str:
    """Return what to say where trials have values but none meets every constraint; "" otherwise.

    bounds: the constraints as one writes them.
    """
    trial = nearest(history)
    if trial is None:
        return ""
    count = formats.plural(len(history.valued), "trial")
    return (
        f"none of {count} with a value meets {' and '.join(bounds) or 'its constraints'}; "
        f"the nearest is trial {trial.number}: {trial.reason}".rstrip(": ")
    )


def best_so_far(history: History) -> tuple[tuple[int, float], ...]:
    """Return (number, loss) of each trial that was better than all trials of smaller number.

    Trials that break an outcome constraint are passed over, and runs that confirm.
    """
    steps: list[tuple[int, float]] = []
    for trial in (t for t in history.feasible if not t.confirms):
        if not steps or trial.losses[0] < steps[-1][1]:
            steps.append((trial.number, trial.losses[0]))
    return tuple(steps)


def count_states(trials: Iterable[Trial]) -> dict[str, int]:
    """Return how many trials are in each state, in the order of `STATES`, without zeros."""
    counts = Counter(trial.state for trial in trials)
    return {state: counts[state] for state in STATES if counts[state]}


def curve(trial: Trial, metric: str) -> tuple[tuple[int, float], ...]:
    """Return (step, value) of each value of a metric that a trial has printed."""
    return tuple((m.step, m.value) for m in trial.measurements if m.metric == metric)


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Trials that ended without a value that counts, in the same state and for the same reason."""

    state: State
    reason: str
    numbers: tuple[int, ...]


def failures(history: History) -> tuple[FailureGroup, ...]:
    """Return the trials without a value in groups, the largest first.

    A trial that was stopped before its first value is a decision, not a failure; one that completes
    without a value belongs to an experiment without a metric.
    """
    groups: dict[tuple[State, str], list[int]] = {}
    for trial in history.trials:
        if trial.ended and not trial.losses and trial.state not in ("stopped", "completed"):
            groups.setdefault((trial.state, trial.reason), []).append(trial.number)
    found = [FailureGroup(state, why, tuple(numbers)) for (state, why), numbers in groups.items()]
    return tuple(sorted(found, key=lambda g: (-len(g.numbers), g.numbers)))


def time_left(
    history: History, trials: int, parallel: int, now_s: float, confirming: int = 0
) -> float | None:
    """Return about how many seconds the rest of a search takes; None before a trial has ended.

    trials: how many the search will have. confirming: the most runs that confirm it. The rest is
    taken to last as long as the median of what has ended, `parallel` at a time, minus what the
    running ones have behind them.
    """
    lengths = [t.seconds for t in history.trials if t.ended and t.seconds is not None]
    if not lengths:
        return None
    usual = median(lengths)
    to_come = max(trials - history.searched, 0) + max(confirming - len(history.confirming), 0)
    ahead = _remaining(history.pending, usual, now_s) + [usual] * to_come
    if not ahead:
        return 0.0
    return max(sum(ahead) / max(parallel, 1), max(ahead))


def _remaining(pending: Sequence[Trial], usual: float, now_s: float) -> list[float]:
    return [
        usual
        if t.started_at is None or t.state != "running"
        # A clock that was set back must not add time.
        else max(usual - max(now_s - t.started_at, 0.0), 0.0)
        for t in pending
    ]
