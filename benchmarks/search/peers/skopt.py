"""scikit-optimize: its `Optimizer`, by a Gaussian process or a forest."""

import math
import warnings

from benchmarks.search.drive import Run
from benchmarks.search.peers.clock import Clock
from benchmarks.search.peers.spaces import axis, point
from benchmarks.search.task import Task


def skopt(base: str, task: Task, trials: int, seed: int, limit_s: float = math.inf) -> Run:
    """Search with `GP` or `RF`; it knows no conditions, and a failed trial gets the worst loss."""
    from skopt import Optimizer
    from skopt.space import Categorical, Integer, Real

    clock, space = Clock(task, seed, limit_s), task.space
    axes = {name: axis(parameter) for name, parameter in space.params.items()}
    # Its log-scaled integers leave their range (0.10.2): they are searched as reals.
    dimensions = [
        Categorical(list(range(len(a.parameter.values))), name=n)
        if a.kind == "choice"
        else Integer(a.low, a.high, name=n)
        if a.kind == "index"
        else Real(0.0, 1.0, name=n)
        for n, a in axes.items()
    ]
    optimizer = Optimizer(dimensions, base_estimator=base, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(trials):
            asked = optimizer.ask()
            found = {
                n: a.parameter.values[x]
                if a.kind == "choice"
                else a.parameter.from_unit(x)
                if a.kind == "log"
                else x
                for (n, a), x in zip(axes.items(), asked, strict=True)
            }
            optimizer.tell(asked, clock.evaluate_or_worst(point(space, found)))
    return clock.run
