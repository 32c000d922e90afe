"""What is compared: our strategies and the peers, and how much of the plan each one takes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autosearch.recommendation import recommend
from autosearch.strategies import make
from autosearch.trial import History
from benchmarks.search.bbob import bbob
from benchmarks.search.drive import MARKS, Method, Run, drive
from benchmarks.search.landscapes import landscapes
from benchmarks.search.peers import PEERS
from benchmarks.search.suites import EXPENSIVE_TASKS, HEBO_TASKS, instances, training, unseen
from benchmarks.search.tables import TUNINGS, tuning_task
from benchmarks.search.task import Task


@dataclass(frozen=True)
class Entrant:
    """A method in the comparison.

    needs: modules that must be there. ours: whether it is one of autosearch's. tasks: the names of
    the tasks that it runs on, or suites; empty: all. seeds, trials: at most so many.
    """

    run: Method
    needs: tuple[str, ...] = ()
    ours: bool = False
    tasks: frozenset[str] = frozenset()
    seeds: int = 1_000
    trials: int = 10_000

    def takes(self, task: Task, seed: int) -> bool:
        """Return whether the method is to run on `task` with `seed`."""
        chosen = not self.tasks or task.name in self.tasks or task.suite in self.tasks
        return chosen and seed < self.seeds


@dataclass(frozen=True)
class TaskSet:
    """Tasks that go together, the modules that they need, and the most trials on them."""

    tasks: Callable[[], Sequence[Task]]
    needs: tuple[str, ...] = ()
    trials: int = 100


def _ours(name: str, parallel: int = 1, **settings: str) -> Method:
    def run(task: Task, trials: int, seed: int, limit_s: float = math.inf) -> Run:
        strategy = make(name, settings, trials)
        found, history = drive(strategy, task, trials, seed, parallel, limit_s)
        if task.noise:
            _recommend(task, found, history)
        return found

    return run


def _recommend(task: Task, run: Run, history: History) -> None:
    """Add what `autosearch show` would have recommended after so many trials."""
    for mark in (m for m in MARKS if m <= len(history)):
        recommended = recommend(task.space, History(history.trials[:mark]))
        if recommended:
            run.recommended[mark] = task.loss(recommended.trial.params)


# Above 50 ms a suggestion: fewer tasks, seeds and trials; the forest takes longest.
EXPENSIVE = ("optuna gp", "skopt gp", "skopt forest", "smac", "hebo")
_NOISELESS = frozenset({"continuous", "mixed", "conditional"})


def _peer(name: str) -> Entrant:
    run, needs = PEERS[name].run, PEERS[name].needs
    if name == "hebo":
        return Entrant(run, needs, tasks=frozenset(HEBO_TASKS), seeds=2, trials=50)
    if name in EXPENSIVE:
        seeds = 3 if name == "skopt forest" else 6
        return Entrant(run, needs, tasks=frozenset(EXPENSIVE_TASKS), seeds=seeds, trials=50)
    return Entrant(run, needs)


METHODS: Mapping[str, Entrant] = {
    # Which is bayes_opt_search at its defaults.
    "auto": Entrant(_ours("auto"), ours=True),
    "bayes_opt ucb": Entrant(_ours("bayes_opt_search", kind="ucb"), ours=True),
    "tpe": Entrant(_ours("tpe_search"), ours=True),
    "anneal": Entrant(_ours("anneal_search"), ours=True),
    "cma_es": Entrant(_ours("cma_es"), ("cmaes",), ours=True),
    "auto, 8 at once": Entrant(_ours("auto", parallel=8), ours=True, tasks=_NOISELESS, seeds=3),
    **{name: _peer(name) for name in PEERS},
}
QUICK = ("auto", "tpe", "anneal", "hyperopt anneal", "hyperopt tpe", "random")
SETS: Mapping[str, TaskSet] = {
    "training": TaskSet(training),
    "landscapes": TaskSet(landscapes, trials=20),
    "unseen": TaskSet(unseen),
    "instances": TaskSet(instances),
    "tables": TaskSet(lambda: tuple(map(tuning_task, TUNINGS))),
    "bbob": TaskSet(bbob, ("ioh",), trials=50),
}
