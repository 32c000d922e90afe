"""Small objectives whose optimum is known, each with its space."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.values import Params
from autosearch.strategies import Strategy
from tests.strategies.searches import Objective, drive


@dataclass(frozen=True)
class Task:
    """An objective to be minimised; its optimum is 0."""

    space: Space
    loss: Objective


def _rotated(params: Params) -> float:
    x = np.array([float(v) for v in params.values()]) - [0.9, -1.7, 2.1, -0.4]
    turned = [x[0] + x[1], x[0] - x[1], x[2] + x[3], x[2] - x[3]]
    return float(np.dot([1, 10, 3, 30], np.square(turned)))


def _mixed(params: Params) -> float:
    best = {"sgd": -1.5, "adam": -3.2, "lion": -4.1}[str(params["opt"])]
    return (
        (math.log10(float(params["lr"])) - best) ** 2
        + 0.3 * abs(math.log2(float(params["batch"]) / 48))
        + 0.1 * abs(int(params["layers"]) - 3)
        + {"sgd": 0.5, "adam": 0.0, "lion": 0.2}[str(params["opt"])]
    )


def _tree(params: Params) -> float:
    if params["model"] == "linear":
        return 0.4 + abs(math.log10(float(params["l2"])) + 2.0) / 5
    shape = (int(params["depth"]) - 6) ** 2 / 40 + (float(params["eta"]) - 0.13) ** 2 * 30
    return shape + (0.0 if params["dart"] else 0.1)


TASKS: Mapping[str, Task] = {
    "rotated": Task(Space({f"x{i}": Float(-4, 4) for i in range(4)}), _rotated),
    "mixed": Task(
        Space(
            {
                "lr": Float(1e-6, 1, scale="log"),
                "opt": Choice(["sgd", "adam", "lion"]),
                "batch": Int(4, 512, scale="log"),
                "layers": Int(1, 12),
            }
        ),
        _mixed,
    ),
    "tree": Task(
        Space(
            {
                "model": Choice(["linear", "trees"]),
                "l2": Float(1e-6, 1e2, scale="log", when={"model": "linear"}),
                "depth": Int(1, 16, when={"model": "trees"}),
                "eta": Float(0.001, 0.5, when={"model": "trees"}),
                "dart": Bool(when={"model": "trees"}),
            }
        ),
        _tree,
    ),
}


def mean_best(strategy: Strategy, task: Task, trials: int, seeds: int) -> float:
    """Return the smallest loss that `trials` trials reach, the mean over `seeds` seeds."""
    best = []
    for seed in range(seeds):
        found = drive(strategy, task.space, task.loss, trials, seed).best
        best.append(math.inf if found is None else found.losses[0])
    return float(np.mean(best))
