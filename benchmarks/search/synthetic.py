"""Synthetic tasks with known minima; their constants are drawn from the task's name."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from autosearch.space import Choice, Float, Int, Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Params
from benchmarks.search.functions import Function, Vector
from benchmarks.search.task import Task, rng_of

HALF_WIDTH = 5.0


def continuous(name: str, function: Function, d: int, *, rotated: bool = True) -> Task:
    """Return a task on d floats, some on the log scale, with a shifted, perhaps rotated minimum."""
    rng = rng_of(name)
    params: dict[str, Parameter] = {
        f"x{i}": Float(1e-4, 1.0, scale="log") if i % 3 == 2 else Float(-5.0, 10.0)
        for i in range(d)
    }
    space = Space(params)
    optimum = rng.uniform(0.1, 0.9, d)
    basis = np.linalg.qr(rng.standard_normal((d, d)))[0] if rotated else np.eye(d)

    def loss(params: Params) -> float:
        return function(basis @ (2.0 * HALF_WIDTH * (space.to_unit(params) - optimum)))

    return Task(name, "continuous", space, loss, optimum=tuple(optimum))


def mixed(name: str, function: Function, kinds: str) -> Task:
    """Return a task on one parameter per letter of `kinds`.

    f: float, l: log float, i: integer of few values, n: log integer, c: a choice among three, b:
    among two. Each category but the best moves the minimum along two numbers and adds to the loss.
    """
    rng = rng_of(name)
    params = {f"{kind}{i}": _PARAMETERS[kind] for i, kind in enumerate(kinds)}
    space = Space(params)
    numbers = [j for j, kind in enumerate(kinds) if kind not in "cb"]
    optimum = space.to_unit(space.from_unit(rng.uniform(0.1, 0.9, len(kinds))))
    best = {j: int(rng.integers(3 if kinds[j] == "c" else 2)) for j in _choices(kinds)}
    moves = {j: rng.normal(0.0, 0.15, (3, len(numbers))) * _two_of(rng, len(numbers)) for j in best}
    extra = {j: rng.uniform(0.2, 0.8, 3) for j in best}
    scale = _typical(function, len(numbers), rng)

    def loss(params: Params) -> float:
        unit = space.to_unit(params)
        target, penalty = optimum[numbers].copy(), 0.0
        for j, right in best.items():
            chosen = int(unit[j] * (3 if kinds[j] == "c" else 2))
            if chosen != right:
                target += moves[j][chosen]
                penalty += extra[j][chosen]
        return function(2.0 * HALF_WIDTH * (unit[numbers] - target)) / scale + penalty

    for j, right in best.items():
        optimum[j] = (right + 0.5) / (3 if kinds[j] == "c" else 2)
    return Task(name, "mixed", space, loss, optimum=tuple(optimum))


_PARAMETERS: Mapping[str, Parameter] = {
    "f": Float(0.0, 0.9),
    "l": Float(1e-6, 1e-1, scale="log"),
    "i": Int(1, 8),
    "n": Int(8, 1024, scale="log"),
    "c": Choice(["adam", "sgd", "rmsprop"]),
    "b": Choice(["relu", "tanh"]),
}


def _choices(kinds: str) -> list[int]:
    return [j for j, kind in enumerate(kinds) if kind in "cb"]


def _two_of(rng: np.random.Generator, n: int) -> Vector:
    mask = np.zeros(n)
    mask[rng.choice(n, size=min(2, n), replace=False)] = 1.0
    return mask


def _typical(function: Function, d: int, rng: np.random.Generator) -> float:
    return float(np.median([function(rng.uniform(-4.0, 4.0, d)) for _ in range(200)]))


def branches(name: str, functions: Sequence[Function], d: int) -> Task:
    """Return a conditional task: a choice of model, each with d parameters of its own."""
    rng = rng_of(name)
    models = [f"m{k}" for k in range(len(functions))]
    params: dict[str, Parameter] = {
        "shared": Float(1e-5, 1e-1, scale="log"),
        "model": Choice(models),
    }
    for model in models:
        for i in range(d):
            kind: Parameter = _PARAMETERS["fnli"[i % 4]]
            params[f"{model}_{i}"] = replace(kind, when={"model": model})
    space = Space(params)
    names = list(params)
    optimum = space.to_unit(space.from_unit(rng.uniform(0.1, 0.9, len(params))))
    optimum = np.where(np.isnan(optimum), rng.uniform(0.1, 0.9, len(params)), optimum)
    for j, n in enumerate(names):
        optimum[j] = params[n].to_unit(params[n].from_unit(optimum[j]))  # type: ignore[arg-type]
    offsets = rng.permutation(np.linspace(0.0, 0.3, len(models)))
    scales = [_typical(f, d + 1, rng) for f in functions]

    def loss(params: Params) -> float:
        k = models.index(str(params["model"]))
        own = [0, *(names.index(f"{models[k]}_{i}") for i in range(d))]
        z = 2.0 * HALF_WIDTH * (space.to_unit(params)[own] - optimum[own])
        return float(functions[k](z) / scales[k] + offsets[k])

    optimum[1] = (int(np.argmin(offsets)) + 0.5) / len(models)
    return Task(name, "conditional", space, loss, optimum=tuple(optimum))


def layers(name: str, most: int) -> Task:
    """Return a conditional task: a depth, and a width for each layer that exists."""
    rng = rng_of(name)
    params: dict[str, Parameter] = {
        "lr": Float(1e-5, 1e-1, scale="log"),
        "layers": Int(1, most),
        **{f"width{i}": Int(8, 512, scale="log", when=f"layers > {i}") for i in range(most)},
    }
    space = Space(params)
    right = int(rng.integers(2, most + 1))
    lr = float(rng.uniform(0.3, 0.7))
    widths = [
        params["width0"].to_unit(params["width0"].from_unit(u))  # type: ignore[arg-type]
        for u in rng.uniform(0.2, 0.9, most)
    ]

    def loss(params: Params) -> float:
        unit = space.to_unit(params)
        depth = int(params["layers"])
        off = sum((unit[2 + i] - widths[i]) ** 2 for i in range(depth)) / depth
        # A deeper network wants a smaller learning rate.
        rate = unit[0] - lr + 0.08 * (depth - right)
        return float(4.0 * rate**2 + off + 0.1 * (depth - right) ** 2)

    optimum = (lr, params["layers"].to_unit(right), *widths)  # type: ignore[arg-type]
    return Task(name, "conditional", space, loss, optimum=optimum)


def noisy(task: Task, share: float) -> Task:
    """Return `task` with noise of `share` of the range from the best to the median loss."""
    rng = rng_of(task.name)
    losses = [task.loss(task.space.sample(rng)) for _ in range(301)]
    deviation = share * (float(np.median(losses)) - task.best)
    return replace(task, name=f"{task.name}+{share:.0%}", suite="noisy", noise=deviation)


def failing(task: Task, share: float) -> Task:
    """Return `task` with a half space, about `share` of the whole, in which every trial fails.

    The best point is not in it, but its border may be near.
    """
    rng = rng_of(f"{task.name} fails")
    d = len(task.space)
    points = [task.space.sample(rng) for _ in range(401)]
    units = np.nan_to_num([task.space.to_unit(p) for p in points], nan=0.5)
    best = np.nan_to_num(task.space.to_unit(task.space.from_unit(task.optimum)), nan=0.5)
    normal = np.where(rng.random(d) < 0.5, rng.standard_normal(d), 0.0)
    normal[int(rng.integers(d))] += 1.0
    if (units @ normal).mean() < best @ normal:
        normal = -normal
    border = max(float(np.quantile(units @ normal, 1.0 - share)), float(best @ normal) + 0.1)

    def loss(params: Params) -> float:
        unit = np.nan_to_num(task.space.to_unit(params), nan=0.5)
        return math.nan if unit @ normal > border else task.loss(params)

    return replace(task, name=f"{task.name} fails", suite="failing", loss=loss)
