"""scikit-optimize's Bayesian optimisation, driven from a history.

Numbers are given to it as their coordinates in the unit cube: its own log-scaled integers end up at
their upper bound with forests. An inactive parameter stands at its middle or first value. Every ask
makes a new `Optimizer`, so nothing is remembered outside the history.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from skopt import Optimizer
from skopt.space import Categorical, Real
from threadpoolctl import threadpool_limits

from autosearch.space import Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Params
from autosearch.strategies.evidence import evidence_of, first_new
from autosearch.trial import History

ACQUISITIONS = {"ucb": "LCB", "ei": "EI", "poi": "PI"}
ESTIMATORS = {"gp": "GP", "forest": "RF"}
# An ask costs seconds beyond some hundred trials: the best half and the latest half of these.
MOST_TRIALS = 200


def ask_skopt(
    space: Space,
    history: History,
    rng: np.random.Generator,
    surrogate: str = "gp",
    kind: str = "ei",
    **acquisition: float,
) -> Params | None:
    """Return the suggestion of scikit-optimize; acquisition: kappa and xi.

    surrogate: "gp" or "forest". kind: "ucb", "ei" or "poi".
    """
    points, losses = _observations(space, history)
    if not points:
        return first_new((), space, history, rng)
    optimizer = Optimizer(
        [_dimension(p) for p in space.params.values()],
        base_estimator=ESTIMATORS[surrogate],
        n_initial_points=0,
        acq_func=ACQUISITIONS[kind],
        acq_func_kwargs=acquisition,
        random_state=int(rng.integers(2**31)),
        avoid_duplicates=False,
    )
    # One thread: the order of a sum, and with it the last bit, would depend on their number.
    with threadpool_limits(limits=1, user_api="blas"):
        optimizer.tell(points, losses)
    with warnings.catch_warnings():
        # A known point is no news: another one is taken.
        warnings.filterwarnings("ignore", "The objective has been evaluated", UserWarning)
        suggested = _params(space, optimizer.ask())
    return first_new([suggested], space, history, rng)


def _observations(space: Space, history: History) -> tuple[list[list[Any]], list[float]]:
    """Return scikit-optimize's points and losses: faulty and running trials have the worst one."""
    evidence = evidence_of(space, history)
    kept = list(range(len(evidence.trials)))
    if len(kept) > MOST_TRIALS:
        best = evidence.order[: MOST_TRIALS // 2].tolist()
        kept = sorted({*best, *kept[-MOST_TRIALS // 2 :]})
    # Beyond these bounds its standardisation overflows.
    losses = np.clip(evidence.losses, -1e100, 1e100)
    points = [evidence.trials[i].params for i in kept] + [t.params for t in history.pending]
    worst = float(losses.max()) if len(losses) else 0.0
    values = [float(losses[i]) for i in kept] + [worst] * len(history.pending)
    return [_point(space, p) for p in points], values


def _dimension(parameter: Parameter) -> Any:
    if parameter.categorical:
        return Categorical([str(i) for i in range(parameter.count or 1)])
    return Real(0.0, 1.0)


def _point(space: Space, params: Params) -> list[Any]:
    unit = np.nan_to_num(space.to_unit(params), nan=0.5).tolist()
    return [
        str(min(int(u * (p.count or 1)), (p.count or 1) - 1)) if p.categorical else u
        for u, p in zip(unit, space.params.values(), strict=True)
    ]


def _params(space: Space, point: Sequence[Any]) -> Params:
    return space.from_unit(
        [
            (int(x) + 0.5) / (p.count or 1) if p.categorical else float(x)
            for x, p in zip(point, space.params.values(), strict=True)
        ]
    )
