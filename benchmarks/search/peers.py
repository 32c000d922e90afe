"""Other libraries on the same tasks, through the interface of their own that users take."""

import math
import time
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from autosearch.space import Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Params, Value
from benchmarks.search.drive import Method, Run
from benchmarks.search.task import Task


class _Clock:
    """Counts the CPU time outside the objective: what the library itself takes."""

    def __init__(self, task: Task, seed: int) -> None:
        self.run = Run()
        self._task, self._noise = task, np.random.default_rng([seed, 1])
        self._since = time.process_time()

    def evaluate(self, params: Params) -> float:
        """Return the observed loss of one trial, nan where it fails."""
        self.run.cpu_s += time.process_time() - self._since
        observed = self._task.observe(params, self._noise)
        self.run.record(observed, self._task.loss(params))
        self._since = time.process_time()
        return observed


def random(task: Task, trials: int, seed: int) -> Run:
    """Search at random."""
    clock, rng = _Clock(task, seed), np.random.default_rng(seed)
    for _ in range(trials):
        clock.evaluate(task.space.sample(rng))
    return clock.run


def hyperopt(suggest: str, task: Task, trials: int, seed: int) -> Run:
    """Search with hyperopt's `tpe` or `anneal`, told of failures, conditions as nested choices."""
    from hyperopt import STATUS_FAIL, STATUS_OK, anneal, fmin, tpe

    clock = _Clock(task, seed)

    def objective(found: dict[str, Any]) -> dict[str, Any]:
        loss = clock.evaluate(_point(task.space, _flat(found)))
        return {"status": STATUS_FAIL} if math.isnan(loss) else {"status": STATUS_OK, "loss": loss}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fmin(
            objective,
            _nested(task.space),
            algo={"tpe": tpe, "anneal": anneal}[suggest].suggest,
            max_evals=trials,
            rstate=np.random.default_rng(seed),
            show_progressbar=False,
            verbose=False,
        )
    return clock.run


def _nested(space: Space) -> dict[str, Any]:
    """Return hyperopt's space: children of a choice inside it, other conditions left out."""
    from hyperopt import hp

    def nodes(parent: tuple[str, Value] | None, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, parameter in space.params.items():
            if not _belongs(space, parameter, parent):
                continue
            label = f"{path}{name}"
            if parameter.categorical:
                branches = [
                    {name: value, **nodes((name, value), f"{label}={value}/")}
                    for value in parameter.values
                ]
                found[name] = hp.choice(label, branches)
            else:
                found[name] = hp.uniform(label, 0.0, 1.0)
        return found

    return nodes(None, "")


def _belongs(space: Space, parameter: Parameter, parent: tuple[str, Value] | None) -> bool:
    when = parameter.when
    nested = (
        isinstance(when, Mapping)
        and len(when) == 1
        and all(space.params[n].categorical for n in when)
    )
    if not nested or not isinstance(when, Mapping):
        return parent is None
    if parent is None or parent[0] not in when:
        return False
    wanted = when[parent[0]]
    return parent[1] in (wanted if isinstance(wanted, list | tuple) else [wanted])


def _flat(found: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in found.items():
        flat |= _flat(value) if isinstance(value, Mapping) else {name: value}
    return flat


def _point(space: Space, found: Mapping[str, Any]) -> dict[str, Value]:
    """Return the point where numbers are given in [0, 1] and categories by value."""
    unit = [
        0.5
        if name not in found
        else parameter.to_unit(found[name])
        if parameter.categorical
        else found[name]
        for name, parameter in space.params.items()
    ]
    return space.from_unit(unit)


def skopt(base: str, task: Task, trials: int, seed: int) -> Run:
    """Search with scikit-optimize's `GP` or `RF`; a failed trial gets the worst loss so far."""
    from skopt import Optimizer
    from skopt.space import Categorical, Real

    clock = _Clock(task, seed)
    space = task.space
    # All numbers as reals of the unit interval: its log-scaled integers leave their range.
    dimensions = [
        Categorical(list(map(str, p.values)), name=n) if p.categorical else Real(0.0, 1.0, name=n)
        for n, p in space.params.items()
    ]
    optimizer = Optimizer(dimensions, base_estimator=base, random_state=seed)
    worst = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(trials):
            asked = optimizer.ask()
            found = {
                n: {str(v): v for v in p.values}[a] if p.categorical else a
                for (n, p), a in zip(space.params.items(), asked, strict=True)
            }
            loss = clock.evaluate(_point(space, found))
            worst = loss if loss > worst else worst
            optimizer.tell(asked, worst if math.isnan(loss) else loss)
    return clock.run


def optuna(sampler: str, task: Task, trials: int, seed: int) -> Run:
    """Search with Optuna's `tpe` (multivariate), `tpe univariate` or `cmaes`, told of failures."""
    import optuna as library

    library.logging.set_verbosity(library.logging.ERROR)
    samplers = library.samplers
    clock, space = _Clock(task, seed), task.space
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = {
            "tpe": lambda: samplers.TPESampler(seed=seed, multivariate=True, group=True),
            "tpe univariate": lambda: samplers.TPESampler(seed=seed, multivariate=False),
            "cmaes": lambda: samplers.CmaEsSampler(seed=seed),
        }[sampler]()
        study = library.create_study(sampler=made)
        for _ in range(trials):
            trial = study.ask()
            found: dict[str, Value] = {}
            # Parents first: a parameter that does not exist is not suggested.
            while missing := [n for n in space.active(found) if n not in found]:
                name = missing[0]
                parameter = space.params[name]
                found[name] = (
                    trial.suggest_categorical(name, list(parameter.values))
                    if parameter.categorical
                    else parameter.from_unit(trial.suggest_float(name, 0.0, 1.0))
                )
            loss = clock.evaluate(found)
            if math.isnan(loss):
                study.tell(trial, state=library.trial.TrialState.FAIL)
            else:
                study.tell(trial, loss)
    return clock.run


PEERS: Mapping[str, Method] = {
    "random": random,
    "hyperopt anneal": partial(hyperopt, "anneal"),
    "hyperopt tpe": partial(hyperopt, "tpe"),
    "optuna tpe": partial(optuna, "tpe"),
    "optuna tpe univariate": partial(optuna, "tpe univariate"),
    "optuna cmaes": partial(optuna, "cmaes"),
    "skopt gp": partial(skopt, "GP"),
    "skopt forest": partial(skopt, "RF"),
}
# Above 50 ms a suggestion: judged on fewer tasks and seeds.
EXPENSIVE = frozenset({"skopt gp", "skopt forest"})
