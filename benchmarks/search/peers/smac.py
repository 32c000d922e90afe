"""SMAC3: the facade for hyperparameter optimisation, asked and told."""

import logging
import math
import tempfile
import warnings
from typing import Any

from autosearch.space import Space
from autosearch.space.values import Value
from benchmarks.search.drive import Run
from benchmarks.search.peers.clock import Clock
from benchmarks.search.peers.spaces import axis, gate, point
from benchmarks.search.task import Task


def smac(task: Task, trials: int, seed: int, limit_s: float = math.inf) -> Run:
    """Search with its random forest, told of conditions; a failed trial gets the worst loss."""
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.runhistory import TrialValue

    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        clock = Clock(task, seed, limit_s)
        scenario = Scenario(
            _space(task.space, seed),
            n_trials=trials,
            seed=seed,
            deterministic=True,
            output_directory=folder,
        )
        facade = HyperparameterOptimizationFacade(
            scenario, lambda config, seed: 0.0, logging_level=logging.CRITICAL, overwrite=True
        )
        for _ in range(trials):
            asked = facade.ask()
            loss = clock.evaluate_or_worst(point(task.space, dict(asked.config)))
            facade.tell(asked, TrialValue(cost=loss))
    return clock.run


def _space(space: Space, seed: int) -> Any:
    import ConfigSpace as cs

    made = cs.ConfigurationSpace(seed=seed)
    for name, parameter in space.params.items():
        at = axis(parameter)
        if at.kind == "choice":
            made.add(cs.Categorical(name, list(parameter.values)))
        elif at.kind == "unit":
            made.add(cs.Float(name, (0.0, 1.0)))
        else:
            made.add(cs.Integer(name, (at.low, at.high), log=at.kind == "log"))
    for name in space.params:
        if gated := gate(space, name):
            parent, values = gated
            among = [_found(space, parent, v) for v in values]
            made.add(cs.InCondition(made[name], made[parent], among))
    return made


def _found(space: Space, name: str, value: Value) -> Any:
    at = axis(space.params[name])
    if at.kind != "index":
        return value
    return next(i for i in range(at.high + 1) if at.value(i) == value)
