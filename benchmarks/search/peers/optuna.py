"""Optuna: ask and tell, spaces defined as they are run."""

import math
import warnings
from typing import Any

from autosearch.space.values import Value
from benchmarks.search.drive import Run
from benchmarks.search.peers.clock import Clock
from benchmarks.search.peers.spaces import Axis, axis
from benchmarks.search.task import Task


def optuna(sampler: str, task: Task, trials: int, seed: int, limit_s: float = math.inf) -> Run:
    """Search with `tpe` (multivariate), `tpe univariate`, `cmaes` or `gp`, told of failures."""
    import optuna as library

    library.logging.set_verbosity(library.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = _sampler(sampler, seed)
        clock, space = Clock(task, seed, limit_s), task.space
        study = library.create_study(sampler=made)
        for _ in range(trials):
            trial = study.ask()
            found: dict[str, Value] = {}
            # Parents first: a parameter that does not exist is not suggested.
            while missing := [n for n in space.active(found) if n not in found]:
                name = missing[0]
                found[name] = _suggest(trial, name, axis(space.params[name]))
            loss = clock.evaluate(found)
            if math.isnan(loss):
                study.tell(trial, state=library.trial.TrialState.FAIL)
            else:
                study.tell(trial, loss)
    return clock.run


def _sampler(name: str, seed: int) -> Any:
    from optuna import samplers

    if name == "gp":
        # Loaded before the clock starts.
        import torch  # noqa: F401

        return samplers.GPSampler(seed=seed)
    if name == "cmaes":
        import cmaes  # noqa: F401

        return samplers.CmaEsSampler(seed=seed)
    if name == "tpe":
        return samplers.TPESampler(seed=seed, multivariate=True, group=True)
    return samplers.TPESampler(seed=seed, multivariate=False)


def _suggest(trial: Any, name: str, at: Axis) -> Value:
    if at.kind == "choice":
        return at.value(trial.suggest_categorical(name, list(at.parameter.values)))
    if at.kind == "unit":
        return at.value(trial.suggest_float(name, 0.0, 1.0))
    return at.value(trial.suggest_int(name, at.low, at.high, log=at.kind == "log"))
