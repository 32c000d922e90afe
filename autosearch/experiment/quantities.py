"""Durations and sizes as people write them: `90s`, `1h30m`, `8GiB`."""

import math
import re
from collections.abc import Mapping

_SECONDS: Mapping[str, float] = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_BYTES = {"b": 1} | {
    letter + tail: base**power
    for power, letter in enumerate("kmgt", start=1)
    for tail, base in (("b", 1000), ("ib", 1024), ("", 1024))
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*", re.IGNORECASE)


def duration(value: object) -> float:
    """Return seconds, above 0, from a number of them or from text such as `90s` or `1h30m`.

    Raises ValueError where it is neither.

    >>> duration("1h30m"), duration(90)
    (5400.0, 90.0)
    """
    seconds = _number(value)
    if isinstance(value, str) and re.fullmatch(f"(?:{_PART.pattern})+", value.strip(), re.I):
        parts = [(float(n), _SECONDS.get(unit.lower())) for n, unit in _PART.findall(value)]
        if all(unit for _, unit in parts):
            seconds = sum(n * (unit or 0.0) for n, unit in parts)
    if seconds is None or seconds <= 0:
        raise ValueError("expected a time above 0, such as 90s, 30m, 2h, 1d, 1h30m, or seconds")
    return seconds


def size(value: object) -> int:
    """Return bytes, above 0, from a number of them or from text such as `8GiB` or `500 MB`.

    KB, MB, GB and TB are powers of 1000; KiB … TiB, and K … T as `ulimit` writes them, of 1024.
    Raises ValueError where it is neither.

    >>> size("8GiB"), size("500 MB")
    (8589934592, 500000000)
    """
    number = _number(value)
    if number is None and isinstance(value, str):
        match = _PART.fullmatch(value.strip())
        if match and match[2].lower() in _BYTES:
            number = float(match[1]) * _BYTES[match[2].lower()]
    if number is None or number < 1:
        raise ValueError("expected a size, such as 8GiB, 500MB, or bytes")
    return int(number)


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
