"""Searches of 100 trials: does the gain of the next ten lie in the range, and what does it cost to
stop when told to?

The seeds start at `SEEDS`. The advice was tuned on others: the rule on 240 seeds each from 100,
7000, 30000, 40000 and 50000 on, the range on 100 to 477.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

from autosearch.advice import AHEAD, JUDGED_EVERY, advise
from autosearch.recommendation import Ranking, ranked_by_model
from autosearch.strategies import make
from autosearch.strategies.cube import cube_of
from autosearch.trial import History
from benchmarks.claims.tasks import Noisy, noiseless, noisy
from benchmarks.search.drive import drive

TRIALS = 100
# After so many trials the range is held against what came.
LOOKED_AT = (15, 30, 50, 70, 90)
FIRST = 15
STRATEGIES = ("auto", "auto", "tpe_search")
SEEDS = 10_000


@dataclass(frozen=True)
class Future:
    """One search.

    claims: [trials so far, true gain of the next ten, low, high, expected, what was gained]. stop:
    the trial after which it was told to stop; TRIALS where it never was. regret: true loss of the
    trial recommended then minus that at the end, in units of the task's range. points: the trials
    in the unit cube, None where a parameter is inactive. losses: observed. regrets: what stopping
    after so many trials would cost, for the rules of others. categories: how many values each
    parameter without an order has, else 0.
    """

    task: str
    suite: str
    strategy: str
    seed: int
    claims: list[list[Any]]
    stop: int
    regret: float
    points: list[list[float | None]]
    losses: list[float]
    regrets: dict[int, float]
    categories: list[int]


def futures(indexes: Iterable[int]) -> Iterator[dict[str, object]]:
    """Yield the results of the searches with these indexes, by turns without and with noise."""
    for i in indexes:
        yield {"index": i, **asdict(_search(i))}


def searched(index: int) -> tuple[Noisy, str, int, History]:
    """Return the task, strategy, seed and trials of an index."""
    suite = (noiseless(), noisy())[index % 2]
    turn = index // 2
    task, seed = suite[turn % len(suite)], SEEDS + index
    # Each task meets all strategies, though their number divides that of the tasks.
    strategy = STRATEGIES[(turn + turn // len(suite)) % len(STRATEGIES)]
    _, history = drive(make(strategy, None, TRIALS), task, TRIALS, seed)
    return task, strategy, seed, history


def _search(index: int) -> Future:
    task, strategy, seed, history = searched(index)
    ranked = rankings(task, history)

    def true(trials: int) -> float:
        return task.loss(ranked(trials).trials[0].params)

    claims: list[list[Any]] = []
    stop = TRIALS
    for n in range(FIRST, TRIALS, JUDGED_EVERY):
        if stop < TRIALS and n not in LOOKED_AT:
            continue
        advice = advise(task.space, History(history.trials[:n]), ranked(n))
        if stop == TRIALS and advice.negligible:
            stop = n
        if n in LOOKED_AT and advice.expected is not None:
            gain = true(n) - true(n + AHEAD)
            claims.append([n, gain, advice.low, advice.high, advice.expected, advice.gained])
    cube = cube_of(task.space)
    return Future(
        task=task.name,
        suite=task.suite,
        strategy=strategy,
        seed=seed,
        claims=claims,
        stop=stop,
        regret=(true(stop) - true(TRIALS)) / task.range,
        points=[
            [None if np.isnan(u) else round(float(u), 6) for u in row]
            for row in cube.rows([t.params for t in history.trials])
        ],
        losses=[t.losses[0] for t in history.trials],
        regrets={n: (true(n) - true(TRIALS)) / task.range for n in range(2 * AHEAD, TRIALS, AHEAD)},
        categories=[int(n) if c else 0 for n, c in zip(cube.counts, cube.categorical, strict=True)],
    )


def rankings(task: Noisy, history: History) -> Callable[[int], Ranking]:
    """Return what ranks so many trials, the recommended one first."""

    @cache
    def ranked(trials: int) -> Ranking:
        found = ranked_by_model(task.space, History(history.trials[:trials]))
        assert found is not None
        return found

    return ranked
