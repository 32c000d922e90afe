"""HEBO: a Gaussian process with warped inputs and outputs, asked and told."""

import math
import warnings
from typing import Any

import numpy as np

from benchmarks.search.drive import Run
from benchmarks.search.peers.clock import Clock
from benchmarks.search.peers.spaces import Axis, axis, point
from benchmarks.search.task import Task


def hebo(task: Task, trials: int, seed: int, limit_s: float = math.inf) -> Run:
    """Search with HEBO; it knows no conditions, and a failed trial gets the worst loss so far."""
    import torch
    from hebo.design_space.design_space import DesignSpace
    from hebo.optimizers.hebo import HEBO

    # It has no seed of its own for all that it draws.
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clock, space = Clock(task, seed, limit_s), task.space
        axes = {name: axis(parameter) for name, parameter in space.params.items()}
        design = DesignSpace().parse([_dimension(n, a) for n, a in axes.items()])
        optimizer = HEBO(design, scramble_seed=seed)
        for _ in range(trials):
            asked = optimizer.suggest(1)
            found = {n: _found(a, asked[n].iloc[0]) for n, a in axes.items()}
            loss = clock.evaluate_or_worst(point(space, found))
            optimizer.observe(asked, np.array([[loss]]))
    return clock.run


def _dimension(name: str, at: Axis) -> dict[str, Any]:
    if at.kind == "choice":
        places = [str(i) for i in range(len(at.parameter.values))]
        return {"name": name, "type": "cat", "categories": places}
    if at.kind == "unit":
        return {"name": name, "type": "num", "lb": 0.0, "ub": 1.0}
    kind = "pow_int" if at.kind == "log" else "int"
    return {"name": name, "type": kind, "lb": at.low, "ub": at.high}


def _found(at: Axis, suggested: Any) -> Any:
    return at.parameter.values[int(suggested)] if at.kind == "choice" else suggested
