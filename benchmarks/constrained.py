"""Searches under outcome constraints, beside Optuna's, by the best value that keeps every bound.

    python -m benchmarks.constrained [--seeds 8] [--trials 45] [--methods auto random]

The tasks: Gardner et al. (2014), simulation 1; Gramacy et al. (2016); Branin in a disk and
Hartmann-6 in a ball (Letham et al. 2019); and an imagined network whose time is bounded, with mixed
parameters. A score is the regret of the best feasible trial over that of the median feasible one of
20,000 random points: 0 is the best point known, and a search without a feasible trial has the worst
of them. Equal seeds, one trial at a time. Optuna's methods take part where Optuna can be imported.
"""

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autosearch import Choice, Float, Int, Space
from autosearch.space.values import Params
from benchmarks.cost_aware import branin, hartmann
from benchmarks.multi_objective import Outcome, Task, drive, drive_optuna

OURS = ("auto", "tpe_search", "anneal_search", "random")
# Of Optuna 5, whose TPE is multivariate by itself where there is one objective.
PEERS = ("optuna NSGA-II", "optuna TPE")
MARKS = (15, 30, 45)
RANDOM_POINTS = 20_000


@dataclass(frozen=True, slots=True)
class Scale:
    """Regrets of a task: the least loss known, and the median and worst of feasible points."""

    least: float
    median: float
    worst: float

    def regret(self, outcomes: Sequence[Outcome]) -> float:
        """Return the regret of the best outcome that keeps every bound."""
        sound = [losses[0] for losses, bounds in outcomes if all(c <= 0 for c in bounds)]
        return (min(sound, default=self.worst) - self.least) / (self.median - self.least)


def _gardner(p: Params) -> Outcome:
    x, y = float(p["x"]), float(p["y"])
    loss = math.cos(2 * x) * math.cos(y) + math.sin(x)
    return (loss,), (math.cos(x) * math.cos(y) - math.sin(x) * math.sin(y) + 0.5,)


def _gramacy(p: Params) -> Outcome:
    x, y = float(p["x"]), float(p["y"])
    wave = 0.5 * math.sin(2 * math.pi * (x * x - 2 * y))
    return (x + y,), (1.5 - x - 2 * y - wave, x * x + y * y - 1.5)


def _branin_disk(p: Params) -> Outcome:
    x, y = float(p["x"]), float(p["y"])
    return (branin(x, y),), (((x - 2.5) ** 2 + (y - 7.5) ** 2 - 50) / 50,)


def _hartmann_ball(p: Params) -> Outcome:
    x = np.array([float(v) for v in p.values()])
    return (hartmann(x),), (float(np.linalg.norm(x)) - 1,)


def _network(p: Params) -> Outcome:
    width, depth, slow = math.log2(float(p["width"])), float(p["depth"]), p["kind"] == "b"
    capacity = (1 - math.exp(-0.35 * width)) * (1 - math.exp(-0.5 * depth))
    loss = 0.3 * (math.log10(float(p["lr"])) + 2.5) ** 2 - capacity - 0.05 * slow
    return (loss,), ((float(p["width"]) * depth * (1 + slow) - 600) / 600,)


def _unit(size: int) -> Space:
    return Space({f"x{i}": Float(0, 1) for i in range(size)})


TASKS: Mapping[str, Task] = {
    "gardner": Task(Space({"x": Float(0, 6), "y": Float(0, 6)}), _gardner, (0.0,)),
    "gramacy": Task(Space({"x": Float(0, 1), "y": Float(0, 1)}), _gramacy, (0.0,)),
    "branin": Task(Space({"x": Float(-5, 10), "y": Float(0, 15)}), _branin_disk, (0.0,)),
    "hartmann": Task(_unit(6), _hartmann_ball, (0.0,)),
    "network": Task(
        Space(
            {
                "width": Int(8, 512, scale="log"),
                "depth": Int(1, 8),
                "kind": Choice(["a", "b"]),
                "lr": Float(1e-5, 1e-1, scale="log"),
            }
        ),
        _network,
        (0.0,),
    ),
}


def scale_of(task: Task, runs: Sequence[Sequence[Outcome]]) -> Scale:
    """Return what the regrets of a task are measured by."""
    rng = np.random.default_rng(0)
    points = [task.function(task.space.sample(rng)) for _ in range(RANDOM_POINTS)]
    sound = [losses[0] for losses, bounds in points if all(c <= 0 for c in bounds)]
    found = [o[0][0] for run in runs for o in run if all(c <= 0 for c in o[1])]
    return Scale(min([*sound, *found]), float(np.median(sound)), max(sound))


def main() -> None:
    """Run every method on every task, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--trials", type=int, default=45)
    parser.add_argument("--methods", nargs="*", default=[*OURS, *PEERS])
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    args = parser.parse_args()
    marks = [m for m in MARKS if m <= args.trials]
    print(f"regret after {' / '.join(map(str, marks))} trials, mean of {args.seeds} seeds")
    totals: dict[str, list[Any]] = {method: [] for method in args.methods}
    for name in args.tasks:
        task = TASKS[name]
        runs = {
            method: [_driver(method)(method, task, s, args.trials) for s in range(args.seeds)]
            for method in args.methods
        }
        scale = scale_of(task, [run for found in runs.values() for run in found])
        print(f"\n{name}")
        for method, found in runs.items():
            table = np.array([[scale.regret(run[:m]) for m in marks] for run in found])
            totals[method].append(table)
            print(f"  {method:26} {_row(table)}  (± {_error(table[:, -1]):.4f})")
    print("\nall")
    for method, tables in totals.items():
        print(f"  {method:26} {_row(np.concatenate(tables))}")


def _driver(method: str) -> Callable[[str, Task, int, int], list[Outcome]]:
    return drive_optuna if method in PEERS else drive


def _row(table: Any) -> str:
    return " / ".join(f"{v:.4f}" for v in table.mean(axis=0))


def _error(values: Any) -> float:
    return float(values.std() / math.sqrt(len(values)))


if __name__ == "__main__":
    main()
