"""Normalised regret, 0 the best loss there is, 1 the median of random search; and comparisons."""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks.search.drive import Run
from benchmarks.search.task import Task, rng_of

POOL = 4000
REPEATS = 400
# Regrets by task and seed.
ByTask = Mapping[str, Mapping[int, float]]
Vector = NDArray[np.float64]


@cache
def _random_points(task: Task) -> NDArray[np.float64]:
    rng = rng_of(f"{task.name} random")
    true = np.array([task.loss(task.space.sample(rng)) for _ in range(POOL)])
    return np.column_stack([true + task.noise * rng.standard_normal(POOL), true])


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


def normalised(task: Task, loss: float, trials: int) -> float:
    """Return `loss` after so many trials as a regret, at most 10."""
    return min((loss - task.best) / random_regret(task, trials), 10.0)


def regret(task: Task, run: Run, trials: int) -> float:
    """Return the normalised regret of one run after so many trials, at most 10."""
    return normalised(task, run.chosen(trials), trials)


def _means(values: Vector, draws: NDArray[np.int64]) -> Vector:
    """Return the means of bootstrap samples, made as wide as the mean's own spread is.

    A sample of n drawn from n spreads by (n - 1) / n too little: with three seeds, much.
    """
    mean, n = values.mean(), len(values)
    widen = np.sqrt(n / (n - 1)) if n > 1 else 1.0
    return np.asarray(mean + widen * (values[draws].mean(axis=1) - mean))


def interval(
    values: Mapping[str, Sequence[float]], level: float = 0.9, repeats: int = 1000
) -> tuple[float, float, float]:
    """Return (mean, low, high) of the mean over tasks, by a bootstrap over each task's seeds."""
    rng = np.random.default_rng(0)
    means = np.zeros(repeats)
    for seeds in values.values():
        array = np.array(seeds)
        means += _means(array, rng.integers(len(array), size=(repeats, len(array))))
    means /= len(values)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(np.mean([np.mean(v) for v in values.values()])), float(low), float(high)


def ratio(
    ours: ByTask, theirs: ByTask, level: float = 0.9, repeats: int = 2000
) -> tuple[float, float, float]:
    """Return (ratio, low, high) of the mean regrets, by a bootstrap over each task's paired seeds.

    Both means are over the tasks and seeds that both have. nan where there is none.
    """
    rng = np.random.default_rng(0)
    above, below, tops, bottoms, tasks = np.zeros(repeats), np.zeros(repeats), 0.0, 0.0, 0
    for task in sorted(ours.keys() & theirs.keys()):
        seeds = sorted(ours[task].keys() & theirs[task].keys())
        if not seeds:
            continue
        draws = rng.integers(len(seeds), size=(repeats, len(seeds)))
        one = np.array([ours[task][s] for s in seeds])
        other = np.array([theirs[task][s] for s in seeds])
        above, below = above + _means(one, draws), below + _means(other, draws)
        tops, bottoms, tasks = tops + one.mean(), bottoms + other.mean(), tasks + 1
    if not tasks or bottoms <= 0:
        return (float("nan"),) * 3
    ratios = np.maximum(above, 0.0) / np.maximum(below, 1e-12)
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(tops / bottoms), float(low), float(high)


def ranks(methods: Mapping[str, ByTask]) -> dict[str, dict[str, list[float]]]:
    """Return each method's ranks by task, 1 the best, among methods on the same task and seed.

    Only tasks and seeds that every method has count; equal regrets share their mean rank.
    """
    found: dict[str, dict[str, list[float]]] = {name: {} for name in methods}
    tasks = set.intersection(*(set(by) for by in methods.values())) if methods else set()
    for task in sorted(tasks):
        seeds = set.intersection(*(set(by[task]) for by in methods.values()))
        for seed in sorted(seeds):
            ranked = rankdata([by[task][seed] for by in methods.values()])
            for name, rank in zip(methods, ranked, strict=True):
                found[name].setdefault(task, []).append(float(rank))
    return found
