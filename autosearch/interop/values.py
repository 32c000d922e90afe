"""Plain values out of what other packages keep."""

from typing import Any

from autosearch.space.values import Value


def plain(value: Any) -> Value:
    """Return the value as plain Python; numpy's scalars become numbers, text or booleans."""
    found: Value = value.item() if hasattr(value, "item") else value
    return str(found) if isinstance(found, str) else found
