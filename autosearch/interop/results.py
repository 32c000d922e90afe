"""Trials and plain values out of what other packages keep."""

import math
from collections.abc import Mapping
from typing import Any

from autosearch.errors import SpaceError
from autosearch.space import Space
from autosearch.space.values import Value
from autosearch.trial import Trial


def plain(value: Any) -> Value:
    """Return the value as plain Python; numpy's scalars become numbers, text or booleans."""
    found: Value = value.item() if hasattr(value, "item") else value
    return str(found) if isinstance(found, str) else found


def ended_trial(
    number: int, params: Mapping[str, Any], loss: float | None, space: Space, origin: str
) -> Trial:
    """Return a trial that ended with `loss`, or failed where there is none.

    Raises SpaceError where the params are not a point of the space.
    """
    wrong = space.problems(params)
    if wrong:
        raise SpaceError(f"{origin}: trial {number}: {'; '.join(wrong)}")
    if loss is None or not math.isfinite(loss):
        return Trial(number, params, origin=origin, state="failed", reason="no finite loss")
    return Trial(number, params, origin=origin, state="completed", losses=(loss,))
