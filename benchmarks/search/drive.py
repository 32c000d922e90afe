"""Searches in one process: no training program, no store, only ask and a history."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from autosearch.strategies.base import Strategy, rng_for
from autosearch.trial import History, Trial
from benchmarks.search.task import Task


@dataclass
class Run:
    """What one search found: observed and true losses by trial, and CPU seconds in suggestions."""

    observed: list[float] = field(default_factory=list)
    true: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def record(self, observed: float, true: float) -> None:
        """Add one trial; nan where it failed."""
        self.observed.append(observed)
        self.true.append(true)

    def chosen(self, trials: int) -> float:
        """Return the true loss of the point with the best observed one; inf where all failed."""
        observed = np.array(self.observed[:trials])
        if not np.isfinite(observed).any():
            return math.inf
        return self.true[int(np.nanargmin(observed))]

    @property
    def failures(self) -> int:
        """How many trials failed."""
        return int(np.isnan(self.observed).sum())


Method = Callable[[Task, int, int], Run]


def drive(
    strategy: Strategy, task: Task, trials: int, seed: int, parallel: int = 1
) -> tuple[Run, History]:
    """Return what `strategy` finds in so many trials, `parallel` of them at a time."""
    run, noise = Run(), np.random.default_rng([seed, 1])
    history = History()
    while len(history) < trials:
        batch = []
        for _ in range(min(parallel, trials - len(history))):
            start = time.process_time()
            suggestion = strategy.ask(task.space, history, rng_for(seed, len(history)))
            run.cpu_s += time.process_time() - start
            if suggestion is None:
                break
            pending = Trial(
                len(history), suggestion.params, origin=suggestion.origin, notes=suggestion.notes
            )
            batch.append(pending)
            history = History((*history.trials, pending))
        if not batch:
            break
        done = [_ended(task, trial, noise, run) for trial in batch]
        history = History((*history.trials[: -len(done)], *done))
    return run, history


def _ended(task: Task, trial: Trial, noise: np.random.Generator, run: Run) -> Trial:
    observed = task.observe(trial.params, noise)
    run.record(observed, task.loss(trial.params))
    failed = math.isnan(observed)
    return Trial(
        trial.number,
        trial.params,
        origin=trial.origin,
        notes=trial.notes,
        state="failed" if failed else "completed",
        losses=() if failed else (observed,),
    )
