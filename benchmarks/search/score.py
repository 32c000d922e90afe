"""Normalised regret: 0 is the best loss there is, 1 the median of random search."""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.search.drive import Run
from benchmarks.search.task import Task, rng_of

POOL = 4000
REPEATS = 400


@cache
def _random_points(task: Task) -> NDArray[np.float64]:
    rng = rng_of(f"{task.name} random")
    points = [task.space.sample(rng) for _ in range(POOL)]
    return np.array([(task.observe(p, rng), task.loss(p)) for p in points])


@cache
def random_regret(task: Task, trials: int) -> float:
    """Return the median over random searches of (chosen loss - best) after so many trials."""
    pool, rng = _random_points(task), rng_of(f"{task.name} {trials}")
    drawn = rng.integers(len(pool), size=(REPEATS, trials))
    observed = np.where(np.isnan(pool[drawn, 0]), np.inf, pool[drawn, 0])
    chosen = drawn[np.arange(REPEATS), observed.argmin(axis=1)]
    # A search in which every trial failed chose nothing.
    losses = np.where(np.isnan(pool[chosen, 1]), np.inf, pool[chosen, 1])
    return float(np.median(losses)) - task.best


def regret(task: Task, run: Run, trials: int) -> float:
    """Return the normalised regret of one run after so many trials, at most 10."""
    return min((run.chosen(trials) - task.best) / random_regret(task, trials), 10.0)


def interval(
    values: Mapping[str, Sequence[float]], level: float = 0.9, repeats: int = 1000
) -> tuple[float, float, float]:
    """Return (mean, low, high) of the mean over tasks, by a bootstrap over each task's seeds."""
    rng = np.random.default_rng(0)
    means = np.zeros(repeats)
    for seeds in values.values():
        array = np.array(seeds)
        means += array[rng.integers(len(array), size=(repeats, len(array)))].mean(axis=1)
    means /= len(values)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(np.mean([np.mean(v) for v in values.values()])), float(low), float(high)
