"""The objective as a peer sees it, with the CPU time that passes outside of it."""

import math
import time

import numpy as np

from autosearch.space.values import Params
from benchmarks.search.drive import Run, TimeUp
from benchmarks.search.task import Task


class Clock:
    """Evaluates trials and counts the CPU time between them: what the library itself takes."""

    def __init__(self, task: Task, seed: int, limit_s: float = math.inf) -> None:
        self.run = Run()
        self.worst = 0.0
        self._task, self._noise, self._limit_s = task, np.random.default_rng([seed, 1]), limit_s
        self._since = time.process_time()

    def evaluate(self, params: Params) -> float:
        """Return the observed loss of one trial, nan where it fails.

        Raises TimeUp once the library has taken more than `limit_s` in all.
        """
        ask_s = time.process_time() - self._since
        observed = self._task.observe(params, self._noise)
        self.run.record(observed, self._task.loss(params), ask_s)
        if self.run.cpu_s > self._limit_s:
            raise TimeUp(self.run)
        self._since = time.process_time()
        return observed

    def evaluate_or_worst(self, params: Params) -> float:
        """Return the observed loss; where the trial fails, the worst loss so far.

        For libraries that take no failures.
        """
        observed = self.evaluate(params)
        if math.isnan(observed):
            return self.worst
        self.worst = max(self.worst, observed)
        return observed
