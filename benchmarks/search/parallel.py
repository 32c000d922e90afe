"""What several trials at once cost: the regret beside that of as many trials one by one.

    python -m benchmarks.search.parallel                 # the training tasks, 64 trials, 8 at once
    python -m benchmarks.search.parallel --at-once 4 --suite noisy --seeds 5

batch: so many are asked, all end, the next are asked. steady: whenever one ends, one is asked, as
in a search of trials that last unequally long; theirs are log-normal. Both ratios are of mean
normalised regrets over paired seeds, below 1 where more at once found more, with 90 % intervals.
"""

import argparse
import heapq
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from autosearch.strategies import make
from autosearch.strategies.base import Strategy, rng_for
from autosearch.trial import History, Trial
from benchmarks.search.drive import Run, drive, ended
from benchmarks.search.score import ByTask, ratio, regret
from benchmarks.search.suites import training
from benchmarks.search.task import Task

# Deviation of the logarithm of a trial's duration.
SPREAD = 0.3
ALL = "all"
MOST = 100.0


def steady(strategy: Strategy, task: Task, trials: int, seed: int, parallel: int) -> Run:
    """Return what `strategy` finds where whenever a trial ends the next is asked.

    The run is in the order of ending.
    """
    run, noise = Run(), np.random.default_rng([seed, 1])
    durations = np.exp(SPREAD * np.random.default_rng([seed, 2]).standard_normal(trials))
    asked: list[Trial] = []
    running: list[tuple[float, int, float]] = []
    clock, exhausted = 0.0, False
    while True:
        while len(running) < parallel and len(asked) < trials and not exhausted:
            number, start = len(asked), time.process_time()
            suggestion = strategy.ask(task.space, History(tuple(asked)), rng_for(seed, number))
            ask_s = time.process_time() - start
            if suggestion is None:
                exhausted = True
                break
            asked.append(
                Trial(number, suggestion.params, origin=suggestion.origin, notes=suggestion.notes)
            )
            heapq.heappush(running, (clock + float(durations[number]), number, ask_s))
        if not running:
            return run
        clock, number, ask_s = heapq.heappop(running)
        asked[number] = ended(task, asked[number], ask_s, noise, run)


def regrets(
    search: Callable[[Task, int], Run], tasks: Sequence[Task], seeds: int, trials: int
) -> ByTask:
    """Return the normalised regrets of `search` by task and seed."""
    return {t.name: {s: regret(t, search(t, s), trials) for s in range(seeds)} for t in tasks}


def ways(name: str, trials: int, parallel: int) -> dict[str, Callable[[Task, int], Run]]:
    """Return the searches that are compared, by what they are called."""
    strategy = make(name, {}, trials)
    return {
        "one by one": lambda task, seed: drive(strategy, task, trials, seed)[0],
        "batch": lambda task, seed: drive(strategy, task, trials, seed, parallel)[0],
        "steady": lambda task, seed: steady(strategy, task, trials, seed, parallel),
    }


def line(suite: str, found: Mapping[str, ByTask], tasks: Sequence[Task]) -> str:
    """Return a line of the table: the regret one by one, and the ratios of the others to it."""
    names = [t.name for t in tasks if suite in (t.suite, ALL)]
    these = {way: {name: by[name] for name in names} for way, by in found.items()}
    alone = these["one by one"]
    mean = np.mean([list(by.values()) for by in alone.values()])
    ratios = "".join(f"  {_ratio(these[way], alone):18}" for way in found if way != "one by one")
    return f"{suite:12}{len(names):6}{mean:12.3f}{ratios}".rstrip()


def _ratio(ours: ByTask, alone: ByTask) -> str:
    middle, low, high = ratio(ours, alone)
    # Where single runs make up the regret one by one, few seeds bound the ratio on one side only.
    return (
        f"{middle:.2f} ({low:.2f}-{high:.2f})" if high < MOST else f"{middle:.2f} (over {low:.2f})"
    )


def main() -> None:
    """Run the searches and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search.parallel",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--strategy", default="bayes_opt_search", help="one of ours")
    parser.add_argument("--at-once", type=int, default=8, help="trials that run at a time")
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--suite", action="append", help="only this suite; may be repeated")
    asked = parser.parse_args()
    tasks = [t for t in training() if t.suite in (asked.suite or {t.suite})]
    found = {
        way: regrets(search, tasks, asked.seeds, asked.trials)
        for way, search in ways(asked.strategy, asked.trials, asked.at_once).items()
    }
    print(f"{asked.strategy}, {asked.trials} trials, {asked.at_once} at once, {asked.seeds} seeds")
    print(f"{'suite':12}{'tasks':>6}{'one by one':>12}  {'batch / it':18}  steady / it")
    for suite in [*dict.fromkeys(t.suite for t in tasks), ALL]:
        print(line(suite, found, tasks))


if __name__ == "__main__":
    main()
