"""Run strategies and their peers side by side and print the table.

`python -m benchmarks.search --quick` takes some minutes; without it, hours. Results are kept, one
line per run, and runs that are there are not repeated. Regret is normalised: 0 is the best loss
there is, 1 the median of random search after as many trials; in brackets 90 % intervals over seeds.
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from autosearch.strategies import make
from benchmarks.search.drive import Method, Run, drive
from benchmarks.search.peers import EXPENSIVE, PEERS
from benchmarks.search.score import interval, regret
from benchmarks.search.suites import training, unseen
from benchmarks.search.tables import TUNINGS, tuning_task
from benchmarks.search.task import Task

MARKS = (10, 20, 50, 100)
FOLDER = Path(__file__).parent / "results"
# Expensive peers run on every so many tasks, with so many seeds and trials.
EXPENSIVE_EVERY, EXPENSIVE_SEEDS, EXPENSIVE_TRIALS = 3, 3, 50


def _ours(name: str, **settings: str) -> Method:
    def run(task: Task, trials: int, seed: int) -> Run:
        return drive(make(name, settings, trials), task, trials, seed)[0]

    return run


METHODS: Mapping[str, Method] = {
    "auto": _ours("auto"),
    "bayes_opt": _ours("bayes_opt_search"),
    "bayes_opt ucb": _ours("bayes_opt_search", kind="ucb"),
    "bayes_opt forest": _ours("bayes_opt_search", surrogate="forest"),
    "tpe": _ours("tpe_search"),
    "anneal": _ours("anneal_search"),
    **PEERS,
}
QUICK = ("auto", "bayes_opt", "hyperopt anneal", "hyperopt tpe", "random")
SETS: Mapping[str, Callable[[], Sequence[Task]]] = {
    "training": training,
    "unseen": unseen,
    "tables": lambda: tuple(map(tuning_task, TUNINGS)),
}


class Results:
    """Runs by (method, task, seed), in a file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runs: dict[tuple[str, str, int], Run] = {}
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            entry = json.loads(line)
            run = Run(entry["observed"], entry["true"], entry["cpu_s"])
            self.runs[entry["method"], entry["task"], entry["seed"]] = run

    def add(self, method: str, task: str, seed: int, run: Run) -> None:
        """Keep one run."""
        self.runs[method, task, seed] = run
        entry = {
            "method": method,
            "task": task,
            "seed": seed,
            "observed": [round(x, 9) for x in run.observed],
            "true": [round(x, 9) for x in run.true],
            "cpu_s": round(run.cpu_s, 4),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def _missing(
    results: Results, names: Sequence[str], tasks: Sequence[Task], seeds: int, trials: int
) -> Iterable[tuple[str, Task, int, int]]:
    for seed in range(seeds):
        for index, task in enumerate(tasks):
            for name in names:
                if name in EXPENSIVE and (index % EXPENSIVE_EVERY or seed >= EXPENSIVE_SEEDS):
                    continue
                if (name, task.name, seed) not in results.runs:
                    yield name, task, seed, EXPENSIVE_TRIALS if name in EXPENSIVE else trials


def table(results: Results, names: Sequence[str], tasks: Sequence[Task], trials: int) -> str:
    """Return the mean normalised regret of every suite in Markdown, with 90 % intervals."""
    marks = [m for m in MARKS if m <= trials]
    lines = [
        "| suite | method | " + " | ".join(f"@{m}" for m in marks) + " | runs | failed | CPU ms |",
        "|---" * (len(marks) + 5) + "|",
    ]
    for suite in dict.fromkeys(t.suite for t in tasks):
        members = [t for t in tasks if t.suite == suite]
        lines += [_row(results, name, suite, members, marks) for name in names]
    return "\n".join(lines)


def _row(
    results: Results, name: str, suite: str, tasks: Sequence[Task], marks: Sequence[int]
) -> str:
    by_task = {
        t: [
            run
            for (method, task, _), run in results.runs.items()
            if (method, task) == (name, t.name)
        ]
        for t in tasks
    }
    runs = [run for found in by_task.values() for run in found]
    cells = []
    for mark in marks:
        values = {
            t.name: [regret(t, run, mark) for run in found if len(run.true) >= mark]
            for t, found in by_task.items()
        }
        values = {t: v for t, v in values.items() if v}
        mean, low, high = interval(values) if values else (np.nan,) * 3
        cells.append(f"{mean:.2f} ({low:.2f}–{high:.2f})" if values else "–")
    asked = max(sum(len(run.true) for run in runs), 1)
    failed = sum(run.failures for run in runs) / asked
    cost = 1e3 * sum(run.cpu_s for run in runs) / asked
    return f"| {suite} | {name} | {' | '.join(cells)} | {len(runs)} | {failed:.0%} | {cost:.1f} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few methods, seeds and trials")
    parser.add_argument("--set", choices=SETS, default="unseen", help="which tasks")
    parser.add_argument("--suite", action="append", help="only this suite; may be repeated")
    parser.add_argument("--method", action="append", choices=METHODS, help="only this method")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--out", type=Path, help="file of the results, continued if it exists")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.seeds, arguments.trials = min(arguments.seeds, 2), min(arguments.trials, 50)
    return arguments


def _installed(names: Sequence[str]) -> list[str]:
    """Return the methods whose library is there; say which are not."""
    libraries = {name: name.split()[0] for name in names if name in PEERS and name != "random"}
    absent = {name for name, library in libraries.items() if not importlib.util.find_spec(library)}
    for name in sorted(absent):
        print(f"{name} is left out: not installed; see benchmarks/search/install-peers")
    return [name for name in names if name not in absent]


def main() -> None:
    """Run what is missing and print the table."""
    arguments = _arguments()
    names = _installed(arguments.method or list(QUICK if arguments.quick else METHODS))
    tasks = [t for t in SETS[arguments.set]() if t.suite in (arguments.suite or {t.suite})]
    out = arguments.out or FOLDER / f"{arguments.set}-{arguments.trials}.jsonl"
    results = Results(out)
    todo = list(_missing(results, names, tasks, arguments.seeds, arguments.trials))
    for done, (name, task, seed, trials) in enumerate(todo, start=1):
        results.add(name, task.name, seed, METHODS[name](task, trials, seed))
        if sys.stderr.isatty():
            print(f"\r{done}/{len(todo)} {name}, {task.name}".ljust(70), end="", file=sys.stderr)
    print(table(results, names, tasks, arguments.trials))


if __name__ == "__main__":
    main()
