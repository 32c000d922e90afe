"""Random search: what every other method is measured by."""

import math

import numpy as np

from benchmarks.search.drive import Run
from benchmarks.search.peers.clock import Clock
from benchmarks.search.task import Task


def random(task: Task, trials: int, seed: int, limit_s: float = math.inf) -> Run:
    """Search at random."""
    clock, rng = Clock(task, seed, limit_s), np.random.default_rng(seed)
    for _ in range(trials):
        clock.evaluate(task.space.sample(rng))
    return clock.run
