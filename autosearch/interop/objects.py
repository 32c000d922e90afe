"""Results in objects of this process: ours, other packages', and rows of tables."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autosearch.confirmation import folded
from autosearch.errors import InputError
from autosearch.interop.found import Finding, of_trials
from autosearch.interop.optuna import of_study
from autosearch.interop.tables import Column, distinct, of_rows
from autosearch.space import Space
from autosearch.spelling import did_you_mean
from autosearch.trial import History, Trial


def of_history(history: History, columns: Sequence[Column]) -> list[Finding]:
    """Return the findings in a history, each confirmed configuration once.

    columns: of each objective, the metric by its name; a single one that names no column may have
    another name there: then it is the first objective. Raises InputError where no trial has a
    metric of a name.
    """
    known = dict.fromkeys(name for t in history.valued for name in t.metrics)
    several = any(len(t.losses) > 1 for t in history.valued)
    by_name = len(columns) > 1 or columns[0].name is not None
    if by_name or (several and columns[0].metric in known):
        for column in columns:
            name = column.name or column.metric
            if known and name not in known:
                near = did_you_mean(name, known)
                raise InputError(f"has no metric {name}{near}; it has {', '.join(known)}")
        trials = tuple(_measured(trial, columns) for trial in history.trials)
        history = replace(history, trials=trials)
    return of_trials(folded(history).trials)


def _measured(trial: Trial, columns: Sequence[Column]) -> Trial:
    """Return the trial with the losses that the columns make; with none where it lacks one."""
    values = [trial.metrics.get(c.name or c.metric, math.nan) for c in columns]
    counts = trial.losses and all(map(math.isfinite, values))
    losses = (c.sign * value for c, value in zip(columns, values, strict=True))
    return replace(trial, losses=tuple(losses) if counts else ())


def is_table(found: Any) -> bool:
    """Return whether an object holds rows: a data frame, a list or a tuple of them."""
    is_rows = isinstance(found, list | tuple) and not _is_of(_pair(found)[0], "hyperopt")
    return is_rows or _is_of(found, "pandas")


def of_object(found: Any, space: Space, columns: Sequence[Column]) -> list[Finding]:
    """Return the findings in an object; raises InputError where it holds no results.

    space: what is searched here. columns: of each objective.
    """
    trials, expression = _pair(found)
    history = getattr(found, "history", getattr(getattr(found, "state", None), "history", found))
    if isinstance(history, History):
        return of_history(history, columns)
    if _is_of(trials, "hyperopt", "trials"):
        from autosearch.interop.hyperopt import of_hyperopt

        return of_hyperopt(trials, space, expression)
    if hasattr(found, "space") and (hasattr(found, "x_iters") or hasattr(found, "Xi")):
        from autosearch.interop.skopt import of_skopt

        return of_skopt(found)
    if _is_of(found, "optuna", "directions", "trials"):
        return of_study(found)
    if _is_of(found, "pandas", "columns"):
        distinct(found.columns)
        return of_rows(found.to_dict("records"), columns, space.names)
    if not isinstance(found, list | tuple):
        raise InputError(
            "expected a path, a Result, a Study, a table, hyperopt's Trials, scikit-optimize's "
            "result, an Optuna study, or [(params, value), …]"
        )
    if all(isinstance(row, Mapping) for row in found):
        return of_rows(found, columns, space.names)
    return _of_pairs(found, columns)


def _pair(found: Any) -> tuple[Any, Any]:
    """Return (Trials, their expression), if hyperopt's are found, with or without the latter."""
    return found if isinstance(found, tuple) and len(found) == 2 else (found, None)


def _is_of(found: Any, package: str, *needed: str) -> bool:
    """Return whether a package's class, with all that is needed, made it."""
    kind = type(found)
    return kind.__module__.partition(".")[0] == package and all(hasattr(kind, n) for n in needed)


def _of_pairs(found: Sequence[Any], columns: Sequence[Column]) -> list[Finding]:
    names = [column.name or "value" for column in columns]
    single = len(names) == 1
    if single and columns[0].name:
        raise InputError("value: [(params, value), …] has no columns; leave value out")
    try:
        pairs = [(dict(params), [v] if single else v) for params, v in found]
        rows = [{"params": p, **dict(zip(names, v, strict=True))} for p, v in pairs]
    except (TypeError, ValueError):
        value = "value" if single else f"({', '.join(names)})"
        raise InputError(f"expected [(params, {value}), …] or one mapping a row") from None
    return of_rows(rows, columns)
