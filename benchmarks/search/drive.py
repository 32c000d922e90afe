"""Searches in one process: no training program, no store, only ask and a history."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from autosearch.strategies.base import Strategy, rng_for
from autosearch.trial import History, Trial
from benchmarks.search.task import Task

# The numbers of trials after which searches are compared.
MARKS = (10, 20, 50, 100)


@dataclass
class Run:
    """What one search found, by trial.

    observed, true: the losses, nan where the trial failed. asks_s: CPU seconds of the suggestions.
    recommended: the true loss of the point that the method's model takes for the best, by the
    number of trials done; empty where it recommends none.
    """

    observed: list[float] = field(default_factory=list)
    true: list[float] = field(default_factory=list)
    asks_s: list[float] = field(default_factory=list)
    recommended: dict[int, float] = field(default_factory=dict)

    def record(self, observed: float, true: float, ask_s: float = 0.0) -> None:
        """Add one trial; nan where it failed."""
        self.observed.append(observed)
        self.true.append(true)
        self.asks_s.append(ask_s)

    def chosen(self, trials: int) -> float:
        """Return the true loss of the point with the best observed one; inf where all failed."""
        observed = np.array(self.observed[:trials])
        if not np.isfinite(observed).any():
            return math.inf
        return self.true[int(np.nanargmin(observed))]

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all suggestions."""
        return sum(self.asks_s)

    @property
    def failures(self) -> int:
        """How many trials failed."""
        return int(np.isnan(self.observed).sum())


# (task, trials, seed, limit of the CPU seconds in suggestions) → what was found.
Method = Callable[..., Run]


class TimeUp(Exception):
    """A method has used up its CPU time; carries what it found until then."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"{run.cpu_s:.0f} s of CPU after {len(run.true)} trials")
        self.run = run


def drive(
    strategy: Strategy,
    task: Task,
    trials: int,
    seed: int,
    parallel: int = 1,
    limit_s: float = math.inf,
) -> tuple[Run, History]:
    """Return what `strategy` finds in so many trials, `parallel` of them at a time.

    Raises TimeUp once its suggestions have taken more than `limit_s` in all.
    """
    run, noise = Run(), np.random.default_rng([seed, 1])
    history = History()
    while len(history) < trials:
        batch, asks_s = [], []
        for _ in range(min(parallel, trials - len(history))):
            start = time.process_time()
            suggestion = strategy.ask(task.space, history, rng_for(seed, len(history)))
            asks_s.append(time.process_time() - start)
            if suggestion is None:
                break
            pending = Trial(
                len(history), suggestion.params, origin=suggestion.origin, notes=suggestion.notes
            )
            batch.append(pending)
            history = History((*history.trials, pending))
        if not batch:
            break
        done = [ended(task, *pair, noise, run) for pair in zip(batch, asks_s, strict=False)]
        history = History((*history.trials[: -len(done)], *done))
        if run.cpu_s > limit_s:
            raise TimeUp(run)
    return run, history


def ended(task: Task, trial: Trial, ask_s: float, noise: np.random.Generator, run: Run) -> Trial:
    """Return `trial` as it ends on `task`, and record it in `run`."""
    observed = task.observe(trial.params, noise)
    run.record(observed, task.loss(trial.params), ask_s)
    failed = math.isnan(observed)
    return Trial(
        trial.number,
        trial.params,
        origin=trial.origin,
        notes=trial.notes,
        state="failed" if failed else "completed",
        losses=() if failed else (observed,),
    )
