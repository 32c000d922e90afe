"""hyperopt: `fmin` with its TPE or its annealing."""

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from autosearch.space import Space
from autosearch.space.values import Value
from benchmarks.search.drive import Run
from benchmarks.search.peers.clock import Clock
from benchmarks.search.peers.spaces import Axis, axis, gate, point
from benchmarks.search.task import Task


def hyperopt(suggest: str, task: Task, trials: int, seed: int, limit_s: float = math.inf) -> Run:
    """Search with hyperopt's `tpe` or `anneal`, told of failures, conditions as nested choices."""
    from hyperopt import STATUS_FAIL, STATUS_OK, anneal, fmin, tpe

    clock = Clock(task, seed, limit_s)

    def objective(found: dict[str, Any]) -> dict[str, Any]:
        loss = clock.evaluate(point(task.space, _flat(found)))
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
            if not _belongs(space, name, parent):
                continue
            label, at = f"{path}{name}", axis(parameter)
            if at.kind == "choice":
                branches = [
                    {name: value, **nodes((name, value), f"{label}={value}/")}
                    for value in parameter.values
                ]
                found[name] = hp.choice(label, branches)
            else:
                found[name] = _number(label, at)
        return found

    return nodes(None, "")


def _number(label: str, at: Axis) -> Any:
    from hyperopt import hp

    if at.kind == "index":
        return hp.uniformint(label, at.low, at.high)
    if at.kind == "log":
        return hp.qloguniform(label, math.log(at.low), math.log(at.high), 1)
    return hp.uniform(label, 0.0, 1.0)


def _belongs(space: Space, name: str, parent: tuple[str, Value] | None) -> bool:
    gated = gate(space, name)
    if gated is None or not space.params[gated[0]].categorical:
        return parent is None
    return parent is not None and parent[0] == gated[0] and parent[1] in gated[1]


def _flat(found: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in found.items():
        flat |= _flat(value) if isinstance(value, Mapping) else {name: value}
    return flat
