"""Searches for a front of trade-offs, beside Optuna's, by the volume that they dominate.

    python -m benchmarks.multi_objective [--seeds 5] [--trials 60] [--methods auto random]

The tasks are ZDT1 to ZDT3 (Zitzler, Deb and Thiele 2000) with 6 parameters, DTLZ2 with three
objectives (Deb et al. 2005), VLMOP2 (Van Veldhuizen and Lamont 1999), and two with mixed and
conditional parameters, one of them with an outcome constraint. A score is the dominated volume over
that of the best front known: of ZDT and DTLZ the true one, else that of all runs together and of
20,000 random points. Equal seeds, one trial at a time. Every run is kept, one line each, and is
not repeated.

Optuna's methods take part where Optuna can be imported (`benchmarks/search/install-peers`).
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autosearch import Choice, Float, Int, Space
from autosearch.pareto import hypervolume
from autosearch.space.values import Params
from autosearch.strategies import combine, rng_for
from autosearch.trial import History, Trial

FOLDER = Path(__file__).parent / "results"
OURS = ("auto", "bayes_opt_search", "tpe_search", "anneal_search", "random")
PEERS = ("optuna NSGA-II", "optuna TPE", "optuna TPE, multivariate")
RANDOM_POINTS = 20_000
MARKS = (20, 40, 60)

Outcome = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class Task:
    """Losses and constraints of params; reference: beyond it nothing counts.

    known: points of the true front, where there is a formula for it.
    """

    space: Space
    function: Callable[[Params], Outcome]
    reference: tuple[float, ...]
    known: tuple[tuple[float, ...], ...] = ()


def _numbers(params: Params) -> list[float]:
    return [float(v) for v in params.values()]


def _zdt(number: int) -> Callable[[Params], Outcome]:
    def function(params: Params) -> Outcome:
        first, *rest = _numbers(params)
        g = 1 + 9 * sum(rest) / len(rest)
        return (first, g * _zdt_shape(number, first / g, first)), ()

    return function


def _zdt_shape(number: int, ratio: float, first: float) -> float:
    if number == 2:
        return 1 - ratio**2
    wave = ratio * math.sin(10 * math.pi * first) if number == 3 else 0.0
    return 1 - math.sqrt(ratio) - wave


def _zdt_front(number: int) -> tuple[tuple[float, ...], ...]:
    return tuple((x, _zdt_shape(number, x, x)) for x in np.linspace(0, 1, 1001))


def _dtlz2(params: Params) -> Outcome:
    a, b, *rest = _numbers(params)
    radius = 1 + sum((x - 0.5) ** 2 for x in rest)
    a, b = a * math.pi / 2, b * math.pi / 2
    losses = (math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a))
    return tuple(radius * loss for loss in losses), ()


def _dtlz2_front() -> tuple[tuple[float, ...], ...]:
    angles = np.linspace(0, 1, 25)
    return tuple(_dtlz2({"a": a, "b": b})[0] for a in angles for b in angles)


def _vlmop2(params: Params) -> Outcome:
    x = np.array(_numbers(params))
    shift = 1 / math.sqrt(len(x))
    losses = [1 - math.exp(-float(((x - s) ** 2).sum())) for s in (shift, -shift)]
    return tuple(losses), ()


def _network(params: Params) -> Outcome:
    """Return the error and size of an imagined network, whose learning rate has an optimum."""
    width, depth = float(params["width"]), float(params["depth"])
    size = width * width * depth / 1e6
    capacity = 1 - math.exp(-((width * depth) ** 0.5) / 12)
    rate = abs(math.log10(float(params["lr"])) + 2.5 + 0.15 * depth) / 3
    kind = {"adam": 0.0, "sgd": 0.1, "lion": 0.05}[str(params["opt"])]
    if "momentum" in params:
        kind -= 0.08 * (1 - abs(float(params["momentum"]) - 0.9))
    error = 1 - capacity * (1 - min(rate**2 + kind, 0.9))
    return (error, math.log10(1 + 100 * size)), ()


def _network_space() -> Space:
    return Space(
        {
            "width": Int(8, 512, scale="log"),
            "depth": Int(1, 12),
            "lr": Float(1e-5, 1e-1, scale="log"),
            "opt": Choice(["adam", "sgd", "lion"]),
            "momentum": Float(0.0, 0.99, when={"opt": "sgd"}),
        }
    )


def _bounded(params: Params) -> Outcome:
    """Return the network's outcome, with its time bounded by one that depth makes long."""
    losses, _ = _network(params)
    time_ms = float(params["depth"]) * (2 + float(params["width"]) / 64)
    return losses, ((time_ms - 30) / 30,)


def _cube(size: int, low: float = 0.0, high: float = 1.0) -> Space:
    return Space({f"x{i}": Float(low, high) for i in range(size)})


TASKS: Mapping[str, Task] = {
    "zdt1": Task(_cube(6), _zdt(1), (1.1, 6.0), _zdt_front(1)),
    "zdt2": Task(_cube(6), _zdt(2), (1.1, 6.0), _zdt_front(2)),
    "zdt3": Task(_cube(6), _zdt(3), (1.1, 6.0), _zdt_front(3)),
    "dtlz2": Task(_cube(6), _dtlz2, (1.5, 1.5, 1.5), _dtlz2_front()),
    "vlmop2": Task(_cube(4, -2.0, 2.0), _vlmop2, (1.05, 1.05)),
    "network": Task(_network_space(), _network, (1.0, 2.5)),
    "bounded": Task(_network_space(), _bounded, (1.0, 2.5)),
}


def drive(name: str, task: Task, seed: int, trials: int) -> list[Outcome]:
    """Return what a method of ours tried, in order."""
    strategy = combine([(name, {})], trials, len(task.reference))
    history = History()
    for number in range(trials):
        found = strategy.ask(task.space, history, rng_for(seed, number))
        if found is None:
            break
        losses, constraints = task.function(found.params)
        trial = Trial(
            number,
            found.params,
            origin=found.origin,
            notes=found.notes,
            state="completed",
            losses=losses,
            constraints=constraints,
        )
        history = History((*history.trials, trial))
    return [(t.losses, t.constraints) for t in history.trials]


def drive_optuna(name: str, task: Task, seed: int, trials: int) -> list[Outcome]:
    """Return what one of Optuna's methods tried, in order."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    done: list[Outcome] = []

    def constraints(trial: Any) -> Sequence[float]:
        found: Sequence[float] = trial.user_attrs["constraints"]
        return found

    rng = np.random.default_rng(0)
    bound = constraints if task.function(task.space.sample(rng))[1] else None
    samplers: Mapping[str, Callable[[], Any]] = {
        "optuna NSGA-II": lambda: optuna.samplers.NSGAIISampler(
            seed=seed, population_size=20, constraints_func=bound
        ),
        "optuna TPE": lambda: optuna.samplers.TPESampler(seed=seed, constraints_func=bound),
        "optuna TPE, multivariate": lambda: optuna.samplers.TPESampler(
            seed=seed, multivariate=True, group=True, constraints_func=bound
        ),
    }
    study = optuna.create_study(
        sampler=samplers[name](), directions=["minimize"] * len(task.reference)
    )

    def objective(trial: Any) -> tuple[float, ...]:
        outcome = task.function(_suggested(task.space, trial))
        trial.set_user_attr("constraints", outcome[1])
        done.append(outcome)
        return outcome[0]

    study.optimize(objective, n_trials=trials)
    return done


def _suggested(space: Space, trial: Any) -> Params:
    params: dict[str, Any] = {}
    for name, p in space.params.items():
        if isinstance(p.when, Mapping) and any(params.get(k) != v for k, v in p.when.items()):
            continue
        if isinstance(p, Choice):
            params[name] = trial.suggest_categorical(name, list(p.values))
        elif isinstance(p, Int):
            params[name] = trial.suggest_int(name, p.low, p.high, log=p.log)
        elif isinstance(p, Float):
            params[name] = trial.suggest_float(name, p.low, p.high, log=p.log)
    return params


def volume(task: Task, outcomes: Sequence[Outcome]) -> float:
    """Return the volume that outcomes dominate; those that break a constraint do not count."""
    losses = [loss for loss, bounds in outcomes if all(c <= 0 for c in bounds)]
    return hypervolume(_front(losses), np.array(task.reference)) if losses else 0.0


def _front(losses: Sequence[Sequence[float]]) -> np.ndarray[Any, Any]:
    """Return the losses that no other dominates."""
    points = np.unique(np.array(losses), axis=0)
    kept = [p for p in points if not ((points <= p).all(1) & (points < p).any(1)).any()]
    return np.array(kept)


def best_volume(task: Task, runs: Sequence[Sequence[Outcome]]) -> float:
    """Return the volume of the best front known."""
    if task.known:
        return hypervolume(_front(task.known), np.array(task.reference))
    rng = np.random.default_rng(0)
    points = [task.function(task.space.sample(rng)) for _ in range(RANDOM_POINTS)]
    return volume(task, [*points, *(outcome for run in runs for outcome in run)])


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--methods", nargs="*", default=[*OURS, *PEERS])
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--out", type=Path, default=FOLDER / "multi_objective.jsonl")
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    known = _read(args.out)
    for name in args.tasks:
        for method in args.methods:
            for seed in range(args.seeds):
                key = (name, method, seed, args.trials)
                if key in known:
                    continue
                began = time.process_time()
                run = drive_optuna if method in PEERS else drive
                outcomes = run(method, TASKS[name], seed, args.trials)
                seconds = time.process_time() - began
                with args.out.open("a") as file:
                    print(json.dumps([key, outcomes, seconds]), file=file)
                known[key] = (outcomes, seconds)
    _print(known, args)


Runs = dict[tuple[str, str, int, int], tuple[list[Outcome], float]]


def _read(path: Path) -> Runs:
    known: Runs = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        key, outcomes, seconds = json.loads(line)
        known[tuple(key)] = ([(tuple(a), tuple(b)) for a, b in outcomes], seconds)
    return known


def _print(known: Runs, args: argparse.Namespace) -> None:
    marks = [m for m in MARKS if m <= args.trials]
    best = {
        name: best_volume(TASKS[name], [r for k, (r, _) in known.items() if k[0] == name])
        for name in args.tasks
    }
    print(f"share of the best front's volume after {' / '.join(map(str, marks))} trials,")
    print(f"mean of {args.seeds} seeds (deviation of the last), and CPU ms a suggestion\n")
    for method in args.methods:
        shares = {
            name: [
                [volume(TASKS[name], known[name, method, s, args.trials][0][:m]) / best[name]]
                for s in range(args.seeds)
                for m in marks
            ]
            for name in args.tasks
        }
        cells = []
        for name, values in shares.items():
            table = np.array(values).reshape(args.seeds, len(marks))
            means = " / ".join(f"{v:.3f}" for v in table.mean(axis=0))
            cells.append(f"  {name:8} {means}  ({table[:, -1].std():.3f})")
        spent = [known[n, method, s, args.trials][1] for n in args.tasks for s in range(args.seeds)]
        total = np.mean([np.array(v).reshape(args.seeds, -1) for v in shares.values()], axis=(0, 1))
        print(f"{method}: {' / '.join(f'{v:.3f}' for v in total)}", end="")
        print(f"  {1000 * np.mean(spent) / args.trials:.1f} ms")
        print("\n".join(cells))


if __name__ == "__main__":
    main()
