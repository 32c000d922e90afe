"""What results of other searches are worth, and what they cost where they mislead.

    python -m benchmarks.warm_start [--set training|unseen] [--strategy auto] [--seeds 3]
        [--trials 50] [--tasks PART …] [--sources NAME …]

Every task is searched cold, and from 30 results of a search of another task: a relative of it, or
one that has nothing to do with it. Both begin with the same seed. What is printed is the ratio of
mean normalised regret (see `benchmarks.search.score`), warm over cold, below 1 where the results
help, with a 90 % interval by a bootstrap over the tasks. Runs go to a file, one line each, and are
not repeated.
"""

import argparse
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from autosearch.asking import ask_next
from autosearch.interop.found import fit, of_trials
from autosearch.records import Asked, Ended, Imported, fold
from autosearch.space import Float, Int, Space
from autosearch.space.values import Params
from autosearch.strategies import make
from autosearch.strategies.base import Strategy
from autosearch.trial import History
from benchmarks.search.drive import Run
from benchmarks.search.score import regret
from benchmarks.search.suites import training, unseen
from benchmarks.search.task import Task, rng_of

FOLDER = Path(__file__).parent / "results"
RESULTS = 30
MARKS = (10, 20, 50)
SETS = {"training": training, "unseen": unseen}
COLD = "cold"
Vector = NDArray[np.float64]
Pairs = Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Source:
    """How the other search differs. make: the task that it searched, for one seed.

    same: its results are said to be of the very same task.
    """

    make: Callable[[Task, np.random.Generator], Task]
    related: bool = True
    same: bool = False


def _numbers(space: Space) -> Vector:
    return np.array([not p.categorical for p in space.params.values()])


def _moved(task: Task, by: Vector) -> Task:
    """Return the task with its landscape moved in the unit cube, mirrored at the bounds."""
    numbers = _numbers(task.space)

    def loss(params: Params) -> float:
        unit = np.nan_to_num(task.space.to_unit(params), nan=0.5)
        there = np.abs((unit - by + 1.0) % 2.0 - 1.0)
        return task.loss(task.space.from_unit(np.where(numbers, there, unit)))

    return replace(task, loss=loss)


def shifted(task: Task, rng: np.random.Generator, distance: float = 0.1) -> Task:
    """Return the task with its optimum moved by about `distance` along every number."""
    return _moved(task, distance * rng.choice([-1.0, 1.0], len(task.space)))


def noisy(task: Task, rng: np.random.Generator) -> Task:
    """Return the task on another scale, with noise of a quarter of the spread of its losses."""
    spread = _spread(task, rng)

    def loss(params: Params) -> float:
        return 7.0 + 100.0 * task.loss(params)

    return replace(task, loss=loss, noise=25.0 * spread)


def subsampled(task: Task, rng: np.random.Generator) -> Task:
    """Return the task as on a part of the data: a smooth error of a third of the spread."""
    spread = _spread(task, rng)
    waves = rng.normal(0.0, 2.0, (8, len(task.space)))
    phases, weights = rng.uniform(0.0, 2.0 * np.pi, 8), rng.normal(0.0, 0.12, 8)

    def loss(params: Params) -> float:
        unit = np.nan_to_num(task.space.to_unit(params), nan=0.5)
        return task.loss(params) + spread * float(weights @ np.sin(waves @ unit * np.pi + phases))

    return replace(task, loss=loss)


def bowl(task: Task, rng: np.random.Generator) -> Task:
    """Return a quadratic bowl somewhere else, with preferences of its own among categories."""
    centre, weights = rng.random(len(task.space)), rng.exponential(1.0, len(task.space))

    def loss(params: Params) -> float:
        unit = np.nan_to_num(task.space.to_unit(params), nan=0.5)
        return float(weights @ (unit - centre) ** 2)

    return replace(task, loss=loss)


def upside_down(task: Task, rng: np.random.Generator) -> Task:
    """Return the task with good and bad exchanged."""
    return replace(task, loss=lambda params: -task.loss(params))


def noise(task: Task, rng: np.random.Generator) -> Task:
    """Return pure noise."""
    return replace(task, loss=lambda params: 0.0, noise=1.0)


def _spread(task: Task, rng: np.random.Generator) -> float:
    losses = [task.loss(task.space.sample(rng)) for _ in range(101)]
    return float(np.nanmedian(losses)) - task.best


def lacking(task: Task, rng: np.random.Generator) -> Task:
    """Return the task as a search that knew one number less and had it at its middle."""
    space, name = task.space, _any_number(task.space, rng)
    middle = space.params[name].from_unit(0.5)
    fewer = _with(space, {n: p for n, p in space.params.items() if n != name})

    def loss(params: Params) -> float:
        return task.loss({n: params.get(n, middle) for n in space.names})

    return replace(task, space=fewer, loss=loss)


def narrow(task: Task, rng: np.random.Generator) -> Task:
    """Return the task as a search of other ranges: half of it lies outside of this one's."""
    changed = dict(task.space.params)
    for name, parameter in task.space.params.items():
        if isinstance(parameter, Float) and not parameter.log and rng.random() < 0.5:
            move = (parameter.high - parameter.low) * float(rng.choice([-0.3, 0.3]))
            low, high = parameter.low + move, parameter.high + move
            changed[name] = Float(low, high, when=parameter.when)

    def loss(params: Params) -> float:
        return task.loss(params) if task.space.contains(params) else _outside(task, params)

    return replace(task, space=_with(task.space, changed), loss=loss)


def _outside(task: Task, params: Params) -> float:
    """Return the loss at the nearest point inside."""
    inside = {
        n: min(max(v, task.space.params[n].low), task.space.params[n].high)  # type: ignore[union-attr,type-var]
        if isinstance(task.space.params[n], Float)
        else v
        for n, v in params.items()
    }
    return task.loss(inside)


def _with(space: Space, params: Mapping[str, object]) -> Space:
    return Space(params, space.constraints, space.skip)  # type: ignore[arg-type]


def _any_number(space: Space, rng: np.random.Generator) -> str:
    parents = {n for p in space.params.values() for n in _parents(p.when)}
    numbers = [n for n, p in space.params.items() if isinstance(p, Float | Int)]
    free = [n for n in numbers if n not in parents]
    always = [n for n in free if space.params[n].when is None]
    return str(rng.choice(always or free))


def _parents(when: object) -> Iterator[str]:
    if isinstance(when, Mapping):
        yield from when
    elif isinstance(when, str):
        yield from when.split()


SOURCES: Mapping[str, Source] = {
    "same": Source(lambda task, rng: task),
    "said to be the same": Source(lambda task, rng: task, same=True),
    "shifted 0.05": Source(partial(shifted, distance=0.05)),
    "shifted 0.15": Source(partial(shifted, distance=0.15)),
    "noisy": Source(noisy),
    "subsampled": Source(subsampled),
    "a number less": Source(lacking),
    "other ranges": Source(narrow),
    "a bowl elsewhere": Source(bowl, related=False),
    "upside down": Source(upside_down, related=False),
    "pure noise": Source(noise, related=False),
}


@cache
def results_of(task: Task, name: str, seed: int) -> Imported:
    """Return what a search of the source `name` of a task found, in the task's own space."""
    source = SOURCES[name]
    other = source.make(task, np.random.default_rng([rng_seed(task, name), seed]))
    _, history = search(make("bayes_opt_search"), other, RESULTS, 1000 + seed)
    findings = of_trials(history.trials)
    return Imported(0.0, name, fit(findings, task.space).results, source.same)


def rng_seed(task: Task, name: str) -> int:
    """Return a number of its own for each task and source."""
    return int(rng_of(f"{task.name} {name}").integers(2**31))


def search(
    strategy: Strategy, task: Task, trials: int, seed: int, earlier: Imported | None = None
) -> tuple[Run, History]:
    """Return what a search finds in so many trials, one after the other."""
    run, noise = Run(), np.random.default_rng([seed, 1])
    history = fold(History(), [earlier] if earlier else [])
    while len(history) < trials:
        asked = ask_next(strategy, task.space, history, seed=seed, at=0.0)
        if asked is None:
            break
        observed = task.observe(asked.params, noise)
        run.record(observed, task.loss(asked.params))
        history = fold(history, [asked, _ended(asked, observed)])
    return run, history


def _ended(asked: Asked, observed: float) -> Ended:
    if math.isnan(observed):
        return Ended(asked.number, 0, 0.0, "failed")
    return Ended(asked.number, 0, 0.0, "completed", (observed,))


def measure(strategy: str, task: Task, name: str, seed: int, trials: int) -> dict[int, float]:
    """Return normalised regret after the marks; name: of the source, or `COLD`."""
    earlier = None if name == COLD else results_of(task, name, seed)
    run, _ = search(make(strategy, trials=trials), task, trials, seed, earlier)
    return {n: regret(task, run, n) for n in MARKS if n <= trials}


def ratio(pairs: Pairs) -> tuple[float, float, float]:
    """Return (ratio, low, high) of mean regret, warm over cold; pairs: task → (warm, cold).

    The interval is of tasks like these: whole tasks are resampled, with all their pairs.
    """
    rng = np.random.default_rng(0)
    means = np.array([np.mean(v, axis=0) for v in pairs.values()])
    drawn = means[rng.integers(len(means), size=(2000, len(means)))].mean(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.05, 0.95])
    warm, cold = means.mean(axis=0)
    return float(warm / cold), float(low), float(high)


Kept = dict[tuple[str, str, str, int], dict[int, float]]


def table(kept: Kept, strategy: str) -> str:
    """Return the ratios of every source, and over the related and the unrelated ones."""
    marks = sorted({m for key, found in kept.items() if key[0] == strategy for m in found})
    lines = [f"{strategy:20}" + "".join(f"  after {m:<17}" for m in marks)]
    groups = {name: [name] for name in SOURCES}
    for word, flag in (("all related", True), ("all unrelated", False)):
        groups[word] = [n for n, s in SOURCES.items() if s.related == flag and not s.same]
    for word, names in groups.items():
        cells = []
        for mark in marks:
            pairs = _pairs(kept, strategy, names, mark)
            if pairs:
                cells.append("  {:5.2f} ({:.2f}..{:.2f})     ".format(*ratio(pairs)))
        if cells:
            lines.append(f"{word:20}" + "".join(cells))
    return "\n".join(lines)


def _pairs(kept: Kept, strategy: str, names: Sequence[str], mark: int) -> Pairs:
    pairs: dict[str, list[tuple[float, float]]] = {}
    for (by, task, name, seed), found in kept.items():
        cold = kept.get((by, task, COLD, seed))
        if by == strategy and name in names and cold and mark in found and mark in cold:
            pairs.setdefault(task, []).append((found[mark], cold[mark]))
    return pairs


def read(path: Path) -> Kept:
    """Return the runs in a file."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines]
    return {tuple(r["key"]): {int(k): v for k, v in r["regret"].items()} for r in rows}


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=SETS, default="training")
    parser.add_argument("--strategy", nargs="+", default=["auto"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--tasks", nargs="+", help="only tasks whose names hold one of these")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--results", type=Path, default=FOLDER / "warm_start.jsonl")
    arguments = parser.parse_args()
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    kept = read(arguments.results)
    tasks = [t for t in SETS[arguments.set]() if t.suite in ("continuous", "mixed", "conditional")]
    if arguments.tasks:
        tasks = [t for t in tasks if any(part in t.name for part in arguments.tasks)]
    wanted = [
        (strategy, task, name, seed)
        for seed in range(arguments.seeds)
        for task in tasks
        for strategy in arguments.strategy
        for name in (COLD, *arguments.sources)
    ]
    with threadpool_limits(1):
        for strategy, task, name, seed in wanted:
            key = (strategy, task.name, name, seed)
            if key not in kept:
                kept[key] = measure(strategy, task, name, seed, arguments.trials)
                with arguments.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"key": key, "regret": kept[key]}) + "\n")
    print("\n\n".join(table(kept, strategy) for strategy in arguments.strategy))


if __name__ == "__main__":
    main()
