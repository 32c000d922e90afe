"""JSON that every parser reads: what is not a finite number becomes null."""

import json
import math
from collections.abc import Mapping
from typing import Any


def dumps(value: Any, *, indent: int | None = 2) -> str:
    """Return a value as strict JSON text; nan and infinities are written as null.

    >>> dumps({"loss": float("nan"), "steps": (1, 2)}, indent=None)
    '{"loss": null, "steps": [1, 2]}'
    """
    return json.dumps(_strict(value), indent=indent, ensure_ascii=False, allow_nan=False)


def _strict(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _strict(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(v) for v in value]
    return value
