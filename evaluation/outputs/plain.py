"""Plain JSON values from dataclasses and arrays."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

import numpy as np

from evaluation.intervals import Estimate

# Sums in another order, as other processors make them, differ beyond this many digits.
DIGITS = 10


def plain(value: object) -> Any:
    """Return JSON values: NaN and infinity become None, floats keep ten significant digits."""
    if isinstance(value, Estimate):
        return estimate(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | np.floating):
        return rounded(float(value))
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def rounded(value: float) -> float | None:
    """Return the number at ten significant digits, None for NaN and infinity."""
    return float(f"{value:.{DIGITS}g}") if isfinite(value) else None


def estimate(value: Estimate) -> dict[str, Any]:
    """Return {"value", "ci"} with a reason where either is missing."""
    known = value.low is not None and value.high is not None
    result: dict[str, Any] = {
        "value": None if value.value is None else rounded(float(value.value)),
        "ci": [rounded(float(value.low)), rounded(float(value.high))]  # type: ignore[arg-type]
        if known
        else None,
    }
    if value.reason:
        result["reason"] = value.reason
    return result
