"""Run strategies and their peers side by side and print the tables.

`python -m benchmarks.search --quick` takes some minutes; without it, hours. Results are kept, one
line per run, and runs that are there are not repeated. Peers that are not installed beside the
project are run in the environments that `benchmarks/search/install-peers` makes, or left out with
a word. Regret is normalised: 0 is the best loss there is, 1 the median of random search after as
many trials; in brackets 90 % intervals over seeds; n: the number of runs or pairs.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.search.drive import Run, TimeUp
from benchmarks.search.methods import METHODS, QUICK, SETS
from benchmarks.search.plan import GROWTH_TASK, Job, growth_jobs, installed, jobs, needs, others
from benchmarks.search.report import growth_table, ratio_table, regret_table
from benchmarks.search.results import ASKED, Results, measure, outcome
from benchmarks.search.task import Task

FOLDER = Path(__file__).parent / "results"
FULL_SETS = ("unseen", "tables", "instances", "bbob")
QUICK_EVERY, QUICK_SEEDS, QUICK_TRIALS = 2, 2, 50


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few methods, tasks, seeds and trials")
    parser.add_argument("--growth", action="store_true", help="the cost of up to 2,000 trials")
    parser.add_argument("--set", action="append", choices=SETS, help="which tasks; may be repeated")
    parser.add_argument("--suite", action="append", help="only this suite; may be repeated")
    parser.add_argument("--method", action="append", choices=METHODS, help="only this method")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--out", type=Path, help="file of the results, continued if it exists")
    parser.add_argument("--here", action="store_true", help="only what this Python can; no table")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.seeds = min(arguments.seeds, QUICK_SEEDS)
        arguments.trials = min(arguments.trials, QUICK_TRIALS)
    if arguments.growth:
        arguments.set = ["unseen"]
    arguments.method = arguments.method or list(QUICK if arguments.quick else METHODS)
    arguments.set = arguments.set or list(FULL_SETS[:2] if arguments.quick else FULL_SETS)
    name = "quick" if arguments.quick else "growth" if arguments.growth else "full"
    arguments.out = arguments.out or FOLDER / f"{name}.jsonl"
    return arguments


def _tasks(arguments: argparse.Namespace, name: str) -> list[Task]:
    tasks = [t for t in SETS[name].tasks() if t.suite in (arguments.suite or {t.suite})]
    return tasks[::QUICK_EVERY] if arguments.quick else tasks


def _jobs(arguments: argparse.Namespace) -> Iterator[Job]:
    """Yield the runs that this Python has the libraries for."""
    there = installed(needs(arguments.method, arguments.set))
    methods = [m for m in arguments.method if there.issuperset(METHODS[m].needs)]
    if arguments.growth:
        yield from growth_jobs(methods)
        return
    for name in arguments.set:
        if there.issuperset(SETS[name].needs):
            trials = min(arguments.trials, SETS[name].trials)
            yield from jobs(methods, _tasks(arguments, name), arguments.seeds, trials)


def _run_here(arguments: argparse.Namespace, results: Results) -> None:
    """Run what is missing, a seed at a time: whenever it is cut off, there is a comparison."""
    missing = [job for job in _jobs(arguments) if job.key not in results.outcomes]
    for done, job in enumerate(sorted(missing, key=lambda job: job.seed), start=1):
        if sys.stderr.isatty():
            line = f"\r{done}/{len(missing)} {job.method}, {job.task.name}".ljust(70)
            print(line, end="", file=sys.stderr, flush=True)
        results.add(job.key, outcome(job.task, _run(job)))


def _run(job: Job) -> Run:
    method = METHODS[job.method].run
    try:
        return method(job.task, job.trials, job.seed, limit_s=job.limit_s)
    except TimeUp as stopped:
        return stopped.run


def _run_elsewhere(arguments: argparse.Namespace, results: Results) -> None:
    """Run what this Python lacks the libraries for in the peers' environments."""
    wanted = needs(arguments.method, arguments.set)
    missing = wanted - installed(wanted)
    for python in others(missing) if missing else ():
        command = [python, "-m", "benchmarks.search", "--here", *sys.argv[1:]]
        subprocess.run([*command, "--out", arguments.out], check=True)
        results.read()


def _ran(arguments: argparse.Namespace, results: Results) -> list[str]:
    there = {method for method, _, _ in results.outcomes}
    return [name for name in arguments.method if name in there]


def _tell_of_absent(arguments: argparse.Namespace, results: Results) -> None:
    there = [n for n in arguments.set if installed(SETS[n].needs) == set(SETS[n].needs)]
    tasks = [task for name in there for task in _tasks(arguments, name)]
    for name in set(arguments.method) - set(_ran(arguments, results)):
        if any(METHODS[name].takes(task, seed=0) for task in tasks):
            wanted = " and ".join(METHODS[name].needs)
            print(f"{name} is left out: it needs {wanted}; see benchmarks/search/install-peers")


def main() -> None:
    """Run what is missing and print the tables."""
    arguments = _arguments()
    results = Results(arguments.out)
    _run_here(arguments, results)
    if arguments.here:
        return
    _run_elsewhere(arguments, results)
    _tell_of_absent(arguments, results)
    if arguments.growth:
        costs = {m: results.outcomes[m, GROWTH_TASK, 0].ask_ms for m in _ran(arguments, results)}
        print(growth_table(costs, ASKED))
        return
    measured = measure(results, arguments.method, dict.fromkeys(k[1] for k in results.outcomes))
    print(regret_table(measured))
    print("\nMean regrets, ours over the best peer's; below 1 ours is ahead.\n")
    print(ratio_table(measured, [m for m in arguments.method if METHODS[m].ours]))


if __name__ == "__main__":
    main()
