"""Which runs a comparison consists of, and which Python can do each."""

import importlib.util
import math
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.search.methods import METHODS, SETS
from benchmarks.search.suites import unseen
from benchmarks.search.task import Task

# What `install-peers` makes: one folder for each environment.
ENVIRONMENTS = Path(__file__).parents[2] / ".peers"
# A task of nine parameters of all kinds.
GROWTH_TASK, GROWTH_TRIALS, GROWTH_LIMIT_S = "mixed-cigar", 2000, 60.0


@dataclass(frozen=True)
class Job:
    """One search to run: a method, a task, a seed, and how far it goes."""

    method: str
    task: Task
    seed: int
    trials: int
    limit_s: float = math.inf

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells jobs of one plan apart."""
        return self.method, self.task.name, self.seed


def growth_jobs(methods: Sequence[str]) -> Iterator[Job]:
    """Yield one long run of each method, which ends where its CPU time is used up."""
    task = next(t for t in unseen() if t.name == GROWTH_TASK)
    for method in methods:
        yield Job(method, task, 0, GROWTH_TRIALS, GROWTH_LIMIT_S)


def needs(methods: Sequence[str], sets: Sequence[str]) -> set[str]:
    """Return the modules that these methods and tasks want."""
    return {m for name in methods for m in METHODS[name].needs} | {
        m for name in sets for m in SETS[name].needs
    }


def jobs(methods: Sequence[str], tasks: Sequence[Task], seeds: int, trials: int) -> Iterator[Job]:
    """Yield every run, the cheap methods of a seed first; tasks end at their set's trials."""
    for seed in range(seeds):
        for method in sorted(methods, key=lambda name: METHODS[name].seeds < seeds):
            entrant = METHODS[method]
            for task in tasks:
                if entrant.takes(task, seed):
                    yield Job(method, task, seed, min(trials, entrant.trials))


def installed(modules: Iterable[str]) -> set[str]:
    """Return those of `modules` that this Python finds."""
    return {m for m in modules if importlib.util.find_spec(m)}


def others(missing: set[str]) -> Iterator[Path]:
    """Yield the Pythons of the peers' environments that find any of the `missing` modules."""
    query = "import sys, importlib.util as u; sys.exit(not any(map(u.find_spec, sys.argv[1:])))"
    for python in sorted(ENVIRONMENTS.glob("*/bin/python")):
        if python.absolute() == Path(sys.executable).absolute():
            continue
        if subprocess.run([python, "-c", query, *missing], check=False).returncode == 0:
            yield python
