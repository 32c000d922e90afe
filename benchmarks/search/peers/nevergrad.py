"""Nevergrad: NGOpt, which chooses an optimizer by the space and the budget."""

import math
import warnings
from typing import Any

from benchmarks.search.drive import Run
from benchmarks.search.peers.clock import Clock
from benchmarks.search.peers.spaces import Axis, axis, point
from benchmarks.search.task import Task


def nevergrad(task: Task, trials: int, seed: int, limit_s: float = math.inf) -> Run:
    """Search with NGOpt; conditions are not put to it, and a failed trial gets the worst loss."""
    import nevergrad as ng

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clock, space = Clock(task, seed, limit_s), task.space
        parametrization = ng.p.Dict(**{n: _parameter(axis(p)) for n, p in space.params.items()})
        parametrization.random_state.seed(seed)
        optimizer = ng.optimizers.NGOpt(parametrization=parametrization, budget=trials)
        for _ in range(trials):
            candidate = optimizer.ask()
            optimizer.tell(candidate, clock.evaluate_or_worst(point(space, candidate.value)))
    return clock.run


def _parameter(at: Axis) -> Any:
    import nevergrad as ng

    if at.kind == "choice":
        return ng.p.Choice(list(at.parameter.values))
    if at.kind == "log":
        return ng.p.Log(lower=at.low, upper=at.high).set_integer_casting()
    if at.kind == "index":
        return ng.p.Scalar(lower=at.low, upper=at.high).set_integer_casting()
    return ng.p.Scalar(lower=0.0, upper=1.0)
