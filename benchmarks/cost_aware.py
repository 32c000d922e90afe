"""Cost-aware search beside the same search without it, at equal seconds.

    python -m benchmarks.cost_aware [--seeds 4]

The tasks are formulas, of a loss and of the seconds that a trial would take, which differ by 10 to
200 times within a space. Six are small: networks whose size costs time and pays less and less,
epochs, models of different kinds, and known functions whose cost is lowest, highest or unrelated
where they are best. Ten are realistic, two of each family of `benchmarks.search.realistic`, with
seconds of a plausible form; where their best points lie has nothing to do with seconds. They came
later, as the six alone differ too much to tell. No rule about cost is tuned to any of these tasks.
A search may spend as many seconds as 25 random points take on average; a trial that would end
later does not count. The score is the regret of the best trial so far, over that of one random
point's median; 0 is the best point known. Equal seeds; what is printed after ± is the standard
error of the mean over the tasks of the paired difference.
"""

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autosearch import Choice, Float, Int, Space
from autosearch.space.values import Params
from autosearch.strategies import combine, rng_for
from autosearch.trial import History, Trial
from benchmarks.search import realistic
from benchmarks.search.task import Task as Known

# Regrets of runs at `MARKS`, shape (runs, len(MARKS)).
Marks = NDArray[np.float64]
# Seconds that a search may spend, in those of so many random points.
BUDGET = 25
MARKS = (0.25, 0.5, 1.0)
RANDOM_POINTS = 20_000
MOST_TRIALS = 400
METHODS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "plain": ("bayes_opt_search", {}),
    "cost: seconds": ("bayes_opt_search", {"cost": "seconds"}),
    "random": ("random", {}),
}


@dataclass(frozen=True)
class Task:
    """A space, and what a trial of params comes to: its loss and its seconds."""

    space: Space
    function: Callable[[Params], tuple[float, float]]


def _network(p: Params) -> tuple[float, float]:
    width, depth, lr = float(p["width"]), float(p["depth"]), math.log10(float(p["lr"]))
    best_lr = -2.2 - 0.12 * depth
    capacity = math.log2(width) / 9 + 0.25 * math.log2(depth + 1)
    loss = 0.5 * math.exp(-1.5 * capacity) + 0.06 * (lr - best_lr) ** 2
    loss += 0.3 * (float(p["dropout"]) - 0.1 - 0.2 * capacity) ** 2
    return loss, 2 + 0.02 * depth * width


def _epochs(p: Params) -> tuple[float, float]:
    epochs, lr = float(p["epochs"]), math.log10(float(p["lr"]))
    decay = math.log10(float(p["decay"]))
    quality = 0.08 * (lr + 2.5) ** 2 + 0.03 * (decay + 4) ** 2
    return 0.1 + quality + 0.5 / (1 + epochs * 0.3) + 0.002 * max(epochs - 60, 0) / 10, epochs


def _kinds(p: Params) -> tuple[float, float]:
    kind, x, y = p["kind"], float(p["x"]), float(p["y"])
    floor = {"linear": 0.35, "forest": 0.15, "deep": 0.1}[str(kind)]
    centre = {"linear": 0.2, "forest": 0.6, "deep": 0.75}[str(kind)]
    seconds = {"linear": 1.0, "forest": 10.0, "deep": 60.0}[str(kind)]
    return floor + (x - centre) ** 2 + 0.5 * (y - 0.4) ** 2, seconds * (0.5 + y)


def branin(x: float, y: float) -> float:
    """Return Branin's function; its least value is 0.397887."""
    bend = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def _branin_with(sign: float) -> Callable[[Params], tuple[float, float]]:
    def function(p: Params) -> tuple[float, float]:
        loss = branin(float(p["x"]), float(p["y"]))
        near = math.exp(-math.log1p(loss) / 2)
        return math.log1p(loss), 10 ** (1 + sign * (near - 0.5))

    return function


_SCALES = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_CENTRES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(x: Any) -> float:
    """Return Hartmann's function in six dimensions; its least value is -3.32237."""
    peaks = np.exp(-(_SCALES * (x - _CENTRES) ** 2).sum(axis=1))
    return -float(np.array([1, 1.2, 3, 3.2]) @ peaks)


def _unrelated(p: Params) -> tuple[float, float]:
    x = np.array([float(v) for v in p.values()])
    return hartmann(x), 10 ** (2 * float(x[2]))


# What a trial of a family of `benchmarks.search.realistic` would take.
def _network_s(p: Params) -> float:
    return 2 + 0.02 * float(p["layers"]) * float(p["width"]) * (1 + 32 / float(p["batch"]))


def _boosting_s(p: Params) -> float:
    work = float(p["trees"]) * float(p["depth"]) * float(p["rows"]) * float(p["columns"])
    return 1 + 0.01 * work


def _kernels_s(p: Params) -> float:
    each = {"linear": 1.0, "rbf": 2.0, "poly": 4.0, "sigmoid": 2.0}
    return 1 + each[str(p["kernel"])] * float(p["C"]) ** 0.3


def _optimizers_s(p: Params) -> float:
    return 2 + 200 / float(p["batch"]) ** 0.8


def _pipeline_s(p: Params) -> float:
    model = p["model"]
    if model == "forest":
        return 3 + 30 * float(p["features"])
    if model == "boosting":
        return 1 + 0.02 * float(p["rounds"]) * float(p["depth"])
    return 2.0 if model == "neighbours" else 1.0


def _realistic(make: Callable[[str], Known], seconds: Callable[[Params], float], n: int) -> Task:
    known = make(f"cost-{make.__name__}-{n}")
    return Task(known.space, lambda p: (known.loss(p), seconds(p)))


_FAMILIES: Mapping[Callable[[str], Known], Callable[[Params], float]] = {
    realistic.network: _network_s,
    realistic.boosting: _boosting_s,
    realistic.kernels: _kernels_s,
    realistic.optimizers: _optimizers_s,
    realistic.pipeline: _pipeline_s,
}
_PLANE = Space({"x": Float(-5, 10), "y": Float(0, 15)})
TASKS: Mapping[str, Task] = {
    "network": Task(
        Space(
            {
                "width": Int(16, 1024, scale="log"),
                "depth": Int(1, 8),
                "lr": Float(1e-5, 1e-1, scale="log"),
                "dropout": Float(0.0, 0.7),
            }
        ),
        _network,
    ),
    "epochs": Task(
        Space(
            {
                "epochs": Int(2, 100),
                "lr": Float(1e-5, 1e-1, scale="log"),
                "decay": Float(1e-7, 1e-1, scale="log"),
            }
        ),
        _epochs,
    ),
    "kinds": Task(
        Space(
            {
                "kind": Choice(["linear", "forest", "deep"]),
                "x": Float(0, 1),
                "y": Float(0, 1),
            }
        ),
        _kinds,
    ),
    "best is cheap": Task(_PLANE, _branin_with(-2.0)),
    "best is dear": Task(_PLANE, _branin_with(2.0)),
    "unrelated": Task(Space({f"x{i}": Float(0, 1) for i in range(6)}), _unrelated),
    **{
        f"realistic {make.__name__} {n}": _realistic(make, seconds, n)
        for make, seconds in _FAMILIES.items()
        for n in (1, 2)
    },
}


def drive(method: str, task: Task, seed: int, budget_s: float) -> list[tuple[float, float]]:
    """Return (seconds so far, best loss so far) after each trial that ended in time."""
    strategy = combine([METHODS[method]], MOST_TRIALS)
    history, spent, best = History(), 0.0, math.inf
    steps: list[tuple[float, float]] = []
    for number in range(MOST_TRIALS):
        found = strategy.ask(task.space, history, rng_for(seed, number))
        if found is None:
            break
        loss, seconds = task.function(found.params)
        spent += seconds
        if spent > budget_s:
            break
        best = min(best, loss)
        steps.append((spent, best))
        trial = Trial(
            number,
            found.params,
            origin=found.origin,
            notes=found.notes,
            state="completed",
            losses=(loss,),
            seconds=seconds,
        )
        history = History((*history.trials, trial))
    return steps


def _at(steps: list[tuple[float, float]], seconds: float, worst: float) -> float:
    return min((best for spent, best in steps if spent <= seconds), default=worst)


def main() -> None:
    """Run every method on every task, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    args = parser.parse_args()
    print(f"regret at {', '.join(f'{m:.0%}' for m in MARKS)} of the seconds; trials made")
    found = {name: _regrets(name, args.seeds) for name in args.tasks}
    realistic_ones = [name for name in found if name.startswith("realistic")]
    for title, names in (
        ("the small ones", [name for name in found if name not in realistic_ones]),
        ("the realistic ones", realistic_ones),
        ("all", list(found)),
    ):
        if len(names) > 1:
            _print_total(title, [found[name] for name in names])


def _regrets(name: str, seeds: int) -> dict[str, Marks]:
    """Run every method on a task, print its lines, and return regrets of shape (seeds, marks)."""
    task, rng = TASKS[name], np.random.default_rng(0)
    points = [task.function(task.space.sample(rng)) for _ in range(RANDOM_POINTS)]
    losses = np.array([loss for loss, _ in points])
    budget_s = BUDGET * float(np.mean([seconds for _, seconds in points]))
    runs = {
        method: [drive(method, task, seed, budget_s) for seed in range(seeds)] for method in METHODS
    }
    best = [best for steps in runs.values() for run in steps for _, best in run]
    least, median = min([float(losses.min()), *best]), float(np.median(losses))
    print(f"\n{name}")
    regrets = {}
    for method, steps in runs.items():
        table = np.array([[_at(run, m * budget_s, median) for m in MARKS] for run in steps])
        regrets[method] = (table - least) / (median - least)
        count = np.mean([len(run) for run in steps])
        print(f"  {method:14} {_row(regrets[method])}  {count:.0f} trials")
    return regrets


def _print_total(title: str, tasks: Sequence[Mapping[str, Marks]]) -> None:
    print(f"\n{title}")
    for method in METHODS:
        print(f"  {method:14} {_row(np.concatenate([task[method] for task in tasks]))}")
    gained = np.array([(task["plain"] - task["cost: seconds"]).mean(axis=0) for task in tasks])
    error = gained.std(axis=0, ddof=1) / math.sqrt(len(gained))
    gains = zip(gained.mean(axis=0), error, strict=True)
    print("  gained         " + " / ".join(f"{d:.4f} ± {e:.4f}" for d, e in gains))


def _row(regret: Marks) -> str:
    return " / ".join(f"{v:.4f}" for v in regret.mean(axis=0))


if __name__ == "__main__":
    main()
