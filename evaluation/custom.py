"""Metrics of the caller's own, with an interval."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from evaluation.arrays import Floats, Ints
from evaluation.errors import InputError
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate
from evaluation.settings import Settings

DRAWS = 200
# labels, predicted ids, probabilities (None for class ids) -> a number.
Metric: TypeAlias = Callable[[Ints, Ints, Floats | None], float]


def read_custom(custom_metric: object) -> tuple[dict[str, Metric], dict[str, Any]]:
    """Return (metrics to compute, a block in ModelArts' dialect to pass through).

    custom_metric: a function, a dict of name to function, or ModelArts' block of ready results
    ({"zh-cn": {name: {"title": …, "value": {…}, …}}}) as a dict or JSON text.
    """
    if custom_metric is None or custom_metric == "":
        return {}, {}
    if callable(custom_metric):
        return {getattr(custom_metric, "__name__", "custom"): custom_metric}, {}
    content = custom_metric
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError as fault:
            raise InputError(f"custom_metric is no JSON: {fault}") from fault
    if not isinstance(content, Mapping):
        raise InputError("custom_metric must be a function, or a dict of name to function")
    if content and all(callable(value) for value in content.values()):
        return {str(name): value for name, value in content.items()}, {}
    if any(callable(value) for value in content.values()):
        raise InputError("custom_metric mixes functions and ready results; use one form")
    return {}, dict(content)


def measure_custom(
    metrics: Mapping[str, Metric], data: Predictions, settings: Settings
) -> dict[str, object]:
    """Return each metric with its percentile bootstrap interval (200 draws)."""
    scores = None
    if data.scores is not None:
        scores = np.concatenate([block for _, block in data.blocks()]).astype(np.float64)
    rng = np.random.default_rng(settings.seed)
    draws = [rng.integers(0, len(data), len(data)) for _ in range(DRAWS)]
    return {
        name: _one(name, metric, data, scores, draws, settings) for name, metric in metrics.items()
    }


def _one(
    name: str,
    metric: Metric,
    data: Predictions,
    scores: Floats | None,
    draws: list[Ints],
    settings: Settings,
) -> Estimate:
    def on(rows: Ints) -> float:
        part = None if scores is None else scores[rows]
        value = metric(data.labels[rows], data.predicted[rows], part)
        try:
            return float(value)
        except (TypeError, ValueError) as fault:
            raise InputError(f"custom_metric {name!r} gave {value!r}; expected a number") from fault

    def on_resample(rows: Ints) -> float:
        try:
            return on(rows)
        except (ValueError, ArithmeticError):
            # Many metrics refuse a resample that lacks a class: it is undefined there.
            return np.nan

    try:
        value = on(np.arange(len(data)))
    except InputError:
        raise
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as fault:
        raise InputError(
            f"custom_metric {name!r} failed on all samples ({type(fault).__name__}: {fault}); it "
            "is called with labels, predicted ids and probabilities"
        ) from fault
    if not np.isfinite(value):
        return Estimate(None, reason=f"the metric gave {value}")
    drawn = np.array([on_resample(rows) for rows in draws])
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < DRAWS / 2:
        return Estimate(value, reason="undefined on most resamples")
    low, high = np.quantile(drawn, [settings.alpha / 2, 1 - settings.alpha / 2])
    return Estimate(value, float(low), float(high))
