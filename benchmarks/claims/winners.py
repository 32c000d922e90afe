"""Searches of 30 trials whose finalists are confirmed: is the gain where the interval says?"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import numpy as np

from autosearch.confirmation import plan
from autosearch.simultaneous import Groups
from autosearch.strategies import make
from autosearch.trial import CONFIRM, History, Trial
from benchmarks.claims.tasks import Noisy, noisy, null
from benchmarks.search.drive import drive

TRIALS, TOP, REPEATS = 30, 3, 3
# In turn; the Gaussian process costs hundreds of times what the others do.
STRATEGIES = (
    *("tpe_search", "anneal_search", "random", "tpe_search", "anneal_search"),
    *("tpe_search", "random", "anneal_search", "tpe_search", "random"),
    *("auto", "anneal_search", "tpe_search", "random", "anneal_search"),
)


@dataclass(frozen=True)
class Winner:
    """One search: what its confirming runs came to, and the truth.

    runs: the losses of each finalist, default: of the default, true: the noiseless losses of the
    finalists and then the default. recommended, luckiest: true losses before confirming, from the
    best one, in units of the task's range.
    """

    task: str
    suite: str
    kind: str
    strategy: str
    seed: int
    runs: list[list[float]]
    default: list[float]
    true: list[float]
    recommended: float
    luckiest: float

    def claims(self) -> "Claims":
        """Return what is claimed of these runs, and whether it is true."""
        groups = Groups(tuple(map(tuple, self.runs)), tuple(self.default))
        first, second = groups.order[:2]
        gain, lead = groups.gain(), groups.lead()
        true_gain = self.true[-1] - self.true[first]
        return Claims(
            gain_held=gain.low <= true_gain <= gain.high,
            lead_held=lead.low <= self.true[second] - self.true[first] <= lead.high,
            proven=gain.proven,
            wrong=gain.proven and true_gain <= 0.0,
        )


@dataclass(frozen=True)
class Claims:
    """Whether the true gain and the true lead lay in their intervals, whether a gain was called
    proven, and whether wrongly.
    """

    gain_held: bool
    lead_held: bool
    proven: bool
    wrong: bool


def winners(indexes: Iterable[int]) -> Iterator[dict[str, object]]:
    """Yield the results of the searches with these indexes, every fourth without an effect."""
    tasks = [noisy(), noisy(), noisy(), null()]
    for i in indexes:
        suite = tasks[i % 4]
        # All suites meet all strategies, whose number has a factor in common with that of suites.
        task = suite[(i // 4) % len(suite)]
        found = _search(task, STRATEGIES[(i // 4 + i % 4) % len(STRATEGIES)], 1000 + i)
        if found is not None:
            yield {"index": i, **asdict(found)}


def _search(task: Noisy, strategy: str, seed: int) -> Winner | None:
    """Return a confirmed search; None where the default is a finalist, and nothing is claimed."""
    _, history = drive(make(strategy, None, TRIALS), task, TRIALS, seed)
    chosen = plan(task.space, history, TOP, REPEATS)
    best = history.best
    assert chosen is not None and best is not None
    if len(chosen.points) != TOP + 1:
        return None
    rng = np.random.default_rng([seed, 2])
    runs: list[list[float]] = [[] for _ in chosen.points]
    while (repeat := chosen.next(history)) is not None:
        loss = task.observe(repeat.params, rng)
        runs[chosen.points.index(repeat.params)].append(loss)
        trial = Trial(
            len(history), repeat.params, origin=CONFIRM, repeat_of=repeat.repeat_of,
            state="completed", losses=(loss,),
        )  # fmt: skip
        history = History((*history.trials, trial))
    unit = task.range or 1.0
    return Winner(
        task=task.name,
        suite=task.suite,
        kind=task.kind,
        strategy=strategy,
        seed=seed,
        runs=runs[:-1],
        default=runs[-1],
        true=[task.loss(point) for point in chosen.points],
        recommended=(task.loss(chosen.points[0]) - task.best) / unit,
        luckiest=(task.loss(best.params) - task.best) / unit,
    )
