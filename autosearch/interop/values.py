"""Plain values out of what other packages keep."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autosearch.errors import SpaceError


def plain(value: Any) -> Any:
    """Return the value as plain Python: no numpy's scalars, no arrays; pandas' NA is None."""
    if type(value).__name__ == "NAType":
        return None
    if not hasattr(value, "item"):
        return str(value) if isinstance(value, str) else value
    is_scalar = math.prod(getattr(value, "shape", ())) == 1
    return value.item() if is_scalar else value.tolist()


@contextmanager
def about(name: str) -> Iterator[None]:
    """Within it, begin what is wrong with a parameter with its name."""
    try:
        yield
    except SpaceError as error:
        raise SpaceError(f"{name}: {error}") from None
