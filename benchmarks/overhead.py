"""What the local executor costs a trial, beside a bare subprocess loop, with a no-op program.

    python -m benchmarks.overhead [--trials 200] [--parallel 2]

The floor is a loop that keeps as many bare processes running, plus, for each, the start of one
supervisor (measured alone: an interpreter that imports what it imports), since that is the price of
ending whole process trees. Rounds are interleaved; medians.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from autosearch.executors.attempt import supervisor_program
from autosearch.executors.base import Exit, Job
from autosearch.executors.environment import trial_environment
from autosearch.executors.local import LocalExecutor
from autosearch.metrics.rules import Rule

NO_OP = ("/bin/true",)


def bare_loop(command: Sequence[str], trials: int, parallel: int) -> float:
    """Return the seconds that as many bare processes take, `parallel` at once."""
    began = time.perf_counter()
    running: list[subprocess.Popen[bytes]] = []
    for _ in range(trials):
        if len(running) == parallel:
            running.pop(0).wait()
        running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
    for process in running:
        process.wait()
    return time.perf_counter() - began


def executor_loop(trials: int, parallel: int) -> tuple[float, float]:
    """Return the seconds that as many trials take, and the CPU seconds of this process for them."""
    with tempfile.TemporaryDirectory(prefix="autosearch-bench-") as scratch:
        jobs = [_job(number, Path(scratch)) for number in range(trials)]
        executor = LocalExecutor(parallel)
        began, cpu = time.perf_counter(), time.process_time()
        ended = 0
        while ended < trials:
            while jobs and executor.free_slots:
                executor.start(jobs.pop())
            ended += sum(isinstance(event, Exit) for event in executor.poll(1.0))
        result = time.perf_counter() - began, time.process_time() - cpu
        executor.close()
    return result


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
    start = [sys.executable, "-I", "-S", supervisor_program()]  # without a spec it ends at once
    bare, starts, ours, cpu = [], [], [], []
    for _ in range(asked.rounds):
        bare.append(bare_loop(NO_OP, n, parallel) / n)
        starts.append(bare_loop(start, n, parallel) / n)
        wall_s, cpu_s = executor_loop(n, parallel)
        ours.append(wall_s / n)
        cpu.append(cpu_s / n)
    bare_ms, start_ms, ours_ms, cpu_ms = (
        1000 * statistics.median(values) for values in (bare, starts, ours, cpu)
    )
    print(f"{n} trials of {NO_OP[0]}, {parallel} at once; per trial:")
    print(f"bare subprocess loop        {bare_ms:6.2f} ms")
    print(f"start of a supervisor alone {start_ms:6.2f} ms")
    print(f"local executor              {ours_ms:6.2f} ms")
    ratio = ours_ms / (bare_ms + start_ms)
    print(f"ratio to both together      {ratio:6.2f}      (goal: at most 1.5)")
    print(f"driver's CPU                {cpu_ms:6.2f} ms   (goal: at most 15)")


if __name__ == "__main__":
    main()
