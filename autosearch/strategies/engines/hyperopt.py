"""hyperopt's TPE and annealing, driven from a history.

Numbers are given to hyperopt as their coordinates in the unit cube, categories as `hp.choice`, and
parameters under conditions inside the choice they depend on. Every ask rebuilds hyperopt's trials,
so nothing is remembered outside the history.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from hyperopt import JOB_STATE_DONE, STATUS_OK, Domain, Trials, anneal, hp, tpe

from autosearch.space import Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Params
from autosearch.strategies.evidence import evidence_of, first_new
from autosearch.trial import History

Suggest = Callable[..., list[dict[str, Any]]]
# Suggestions that are known or not allowed before a random point is taken.
TRIES = 8


def ask_tpe(
    space: Space, history: History, rng: np.random.Generator, gamma: float
) -> Params | None:
    """Return the suggestion of hyperopt's TPE; gamma: the quantile of good trials."""
    # hyperopt's own gamma is a factor: it takes the best min(ceil(gamma * sqrt(n)), 25).
    count = len(evidence_of(space, history).trials) + len(history.pending)
    settings = {"gamma": gamma * count**0.5, "n_startup_jobs": 0, "verbose": False}
    return _ask(space, history, rng, tpe.suggest, **settings)


def ask_anneal(
    space: Space,
    history: History,
    rng: np.random.Generator,
    avg_best_idx: float,
    shrink_coef: float,
) -> Params | None:
    """Return the suggestion of hyperopt's annealing."""
    return _ask(
        space, history, rng, anneal.suggest, avg_best_idx=avg_best_idx, shrink_coef=shrink_coef
    )


def _ask(
    space: Space, history: History, rng: np.random.Generator, suggest: Suggest, **settings: float
) -> Params | None:
    domain, trials = _domain(space), _trials(space, history)

    def suggestions() -> Iterator[Params]:
        for _ in range(TRIES if len(trials) else 0):
            seed = int(rng.integers(2**31))
            [doc] = suggest([len(history)], domain, trials, seed, **settings)
            yield _params(space, doc["misc"]["vals"])

    return first_new(suggestions(), space, history, rng)


@lru_cache(maxsize=4)
def _domain(space: Space) -> Any:
    return Domain(lambda _: 0.0, _expression(space))


def _expression(space: Space) -> dict[str, Any]:
    """Return hyperopt's expression for the space; conditions it cannot hold are left out.

    A parameter whose condition is an expression, or names several parents or a number, always
    exists for hyperopt; where it does not for us, it is dropped from the suggestion.
    """
    nodes: dict[str, Any] = {}
    children: dict[tuple[str, Any], list[str]] = {}
    top = []
    for name, parameter in space.params.items():
        parent = _parent(space, parameter)
        if parent is None:
            top.append(name)
        for value in parent[1] if parent else ():
            children.setdefault((parent[0] if parent else "", value), []).append(name)

    def node(name: str) -> Any:
        if name not in nodes:
            parameter = space.params[name]
            nodes[name] = (
                hp.choice(name, [branch(name, v) for v in parameter.values])
                if parameter.categorical
                else hp.uniform(name, 0.0, 1.0)
            )
        return nodes[name]

    def branch(name: str, value: Any) -> dict[str, Any]:
        return {child: node(child) for child in children.get((name, value), ())}

    return {name: node(name) for name in top}


def _parent(space: Space, parameter: Parameter) -> tuple[str, tuple[Any, ...]] | None:
    when = parameter.when
    if not isinstance(when, Mapping) or len(when) != 1:
        return None
    [(parent, wanted)] = when.items()
    if not space.params[parent].categorical:
        return None
    return parent, tuple(wanted) if isinstance(wanted, list | tuple) else (wanted,)


def _trials(space: Space, history: History) -> Any:
    """Return the history as hyperopt's trials: faulty and running ones have the worst loss."""
    evidence = evidence_of(space, history)
    numbers = [t.number for t in (*evidence.trials, *history.pending)]
    points = [t.params for t in (*evidence.trials, *history.pending)]
    worst = float(evidence.losses.max()) if len(evidence.losses) else 0.0
    losses = [*map(float, evidence.losses), *[worst] * len(history.pending)]
    trials = Trials()
    trials.insert_trial_docs(
        [
            _doc(space, number, params, loss)
            for number, params, loss in zip(numbers, points, losses, strict=True)
        ]
    )
    trials.refresh()
    return trials


def _doc(space: Space, number: int, params: Params, loss: float) -> dict[str, Any]:
    vals = {
        name: [_encoded(parameter, params[name])] if name in params else []
        for name, parameter in space.params.items()
    }
    idxs = {name: [number] * len(v) for name, v in vals.items()}
    return {
        "state": JOB_STATE_DONE,
        "tid": number,
        "spec": None,
        "result": {"status": STATUS_OK, "loss": loss},
        "misc": {"tid": number, "cmd": None, "workdir": None, "idxs": idxs, "vals": vals},
        "exp_key": None,
        "owner": None,
        "version": 0,
        "book_time": None,
        "refresh_time": None,
    }


def _encoded(parameter: Parameter, value: Any) -> float | int:
    unit = parameter.to_unit(value)
    return int(unit * parameter.count) if parameter.categorical and parameter.count else unit


def _params(space: Space, vals: Mapping[str, list[Any]]) -> Params:
    """Return our params for hyperopt's values, which lack the parameters it left out."""
    unit = []
    for name, parameter in space.params.items():
        value = float(vals[name][0]) if vals[name] else 0.0
        unit.append((value + 0.5) / (parameter.count or 1) if parameter.categorical else value)
    return space.from_unit(unit)
