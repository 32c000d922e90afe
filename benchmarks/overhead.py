"""What the local executor costs a trial, beside a bare subprocess loop, with a no-op program.

    python -m benchmarks.overhead [--trials 200] [--parallel 2]

The floor is a loop that keeps as many bare processes running, plus, for each, the start of one
supervisor (the same loop with supervisors that find no work), since that is the price of ending
whole process trees. Rounds are interleaved, medians shown. The wall time of a round depends on what
else the machine does, CPU time (of all processes together) hardly.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from autosearch.executors.attempt import supervisor_program
from autosearch.executors.base import Exit, Job
from autosearch.executors.environment import trial_environment
from autosearch.executors.local import LocalExecutor
from autosearch.metrics.rules import Rule

NO_OP = ("/bin/true",)


class Cost(NamedTuple):
    """What a trial costs, in milliseconds; own: this process's share of cpu."""

    wall: float
    cpu: float
    own: float


def cost_of(loop: Callable[[], None], trials: int) -> Cost:
    """Return what a loop over as many trials costs for each."""
    began, before = time.perf_counter(), os.times()
    loop()
    wall, after = time.perf_counter() - began, os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    return Cost(*(1000 * x / trials for x in (wall, cpu, sum(after[:2]) - sum(before[:2]))))


def bare_loop(command: Sequence[str], trials: int, parallel: int) -> None:
    """Run as many bare processes, `parallel` at once."""
    running: list[subprocess.Popen[bytes]] = []
    for _ in range(trials):
        if len(running) == parallel:
            running.pop(0).wait()
        running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
    for process in running:
        process.wait()


def executor_loop(trials: int, parallel: int) -> None:
    """Run as many trials on the local executor."""
    with tempfile.TemporaryDirectory(prefix="autosearch-bench-") as scratch:
        executor = LocalExecutor(parallel)
        jobs = [_job(number, Path(scratch)) for number in range(trials)]
        ended = 0
        while ended < trials:
            while jobs and executor.free_slots:
                executor.start(jobs.pop())
            ended += sum(isinstance(event, Exit) for event in executor.poll(1.0))
        executor.close()


def _job(number: int, scratch: Path) -> Job:
    folder = scratch / str(number)
    marker = f"b/{number}/1"
    env = trial_environment(os.environ, {}, marker=marker, number=number, folder=folder, seed=0)
    return Job("b", number, 1, {}, NO_OP, scratch, folder, env, rules=(Rule("accuracy"),))


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    n, parallel = asked.trials, asked.parallel
    idle = [sys.executable, "-I", "-S", supervisor_program()]  # it ends where stdin has no spec
    loops: dict[str, Callable[[], None]] = {
        "bare subprocess loop": lambda: bare_loop(NO_OP, n, parallel),
        "start of a supervisor": lambda: bare_loop(idle, n, parallel),
        "local executor": lambda: executor_loop(n, parallel),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in loops}
    for _ in range(asked.rounds):
        for name, loop in loops.items():
            costs[name].append(cost_of(loop, n))
    bare, start, ours = (
        Cost(*map(statistics.median, zip(*c, strict=True))) for c in costs.values()
    )
    print(f"{n} trials of {NO_OP[0]}, {parallel} at once; milliseconds a trial:")
    print(f"{'':24}   wall    CPU")
    for name, cost in zip(loops, (bare, start, ours), strict=True):
        print(f"{name:24} {cost.wall:6.1f} {cost.cpu:6.1f}")
    wall, cpu = ours.wall / (bare.wall + start.wall), ours.cpu / (bare.cpu + start.cpu)
    print(f"{'ratio to the sum':24} {wall:6.2f} {cpu:6.2f}   (goal: at most 1.5)")
    print(f"{'of it in the driver':24}        {ours.own:6.1f}   (goal: at most 15)")


if __name__ == "__main__":
    main()
