"""Values as text for people. Nothing that comes from a trial reaches a terminal unchecked."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

BARS = "▁▂▃▄▅▆▇█"


def clean(text: str) -> str:
    """Return text without anything that a terminal would obey; what cannot be printed becomes �.

    >>> clean("loss\\x1b[2J 0.1\\n")
    'loss�[2J 0.1�'
    """
    return "".join(c if c.isprintable() else "�" for c in text)


def clean_lines(text: str) -> str:
    """Return text as `clean` does, with its line ends kept."""
    return "\n".join(map(clean, text.split("\n")))


def cut(text: str, width: int) -> str:
    """Return text of at most `width` characters, an ellipsis where something was cut off."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def number(value: float | None, digits: int = 5) -> str:
    """Return a number with so many significant digits; "-" for None.

    >>> number(0.123456789), number(3), number(1e-05), number(None)
    ('0.12346', '3', '1e-05', '-')
    """
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.{digits}g}"


def param(value: Any, digits: int = 5) -> str:
    """Return a parameter's value on one line."""
    if isinstance(value, float):
        return number(value, digits)
    return clean(str(value))


def span(low: float | None, high: float | None, digits: int = 5) -> str:
    """Return an interval.

    >>> span(0.123456, 2), span(-math.inf, math.inf)
    ('0.12346 to 2', 'unknown')
    """
    if low == -math.inf and high == math.inf:
        return "unknown"
    return f"{number(low, digits)} to {number(high, digits)}"


def params(values: Mapping[str, Any], digits: int = 5) -> str:
    """Return parameters on one line: `lr=0.001 opt=adam`."""
    return " ".join(f"{clean(name)}={param(value, digits)}" for name, value in values.items())


def condition(when: Mapping[str, Any] | str | None) -> str:
    """Return when a parameter exists, to be put behind its range; "" for always.

    >>> condition({"opt": "sgd"}), condition(None)
    (', where opt is sgd', '')
    """
    if isinstance(when, Mapping):
        when = " and ".join(f"{name} is {value}" for name, value in when.items())
    return f", where {when}" if when else ""


def duration(seconds: float | None) -> str:
    """Return a duration in the two largest units that say something; "-" for None.

    >>> duration(0.314), duration(75), duration(7320), duration(200_000)
    ('0.31 s', '1 min 15 s', '2 h 2 min', '2 d 7 h')
    """
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 9.95 else f"{min(seconds, 59.4):.0f} s"
    whole = round(seconds)
    for big, name, small, rest in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= big:
            left = whole % big // small
            return f"{whole // big} {name} {left} {rest}" if left else f"{whole // big} {name}"
    raise AssertionError("unreachable")


def size(amount: int | None) -> str:
    """Return bytes in a binary unit; "-" for None.

    >>> size(512), size(3 * 2**20)
    ('512 B', '3.0 MiB')
    """
    if amount is None:
        return "-"
    if amount < 1024:
        return f"{amount} B"
    power = min(int(math.log2(amount) / 10), 4)
    return f"{amount / 1024**power:.1f} {'KMGT'[power - 1]}iB"


def moment(seconds: float | None) -> str:
    """Return seconds since the epoch as local date and time; "-" for None."""
    if seconds is None:
        return "-"
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def plural(count: int, word: str) -> str:
    """Return a count with its word: `1 trial`, `2 trials`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """Return a curve as a row of bars; a longer one is thinned out, what is not finite is a space.

    >>> sparkline([1, 2, 3, 8])
    '▁▂▃█'
    """
    if len(values) > width:
        # The last value of each part, so that the row ends where the curve does.
        values = [values[(i + 1) * len(values) // width - 1] for i in range(width)]
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    # Divided before the subtraction: the range of two huge values may not fit into a float.
    scale = (high / 2 - low / 2) or 1.0
    return "".join(
        BARS[min(int((v / 2 - low / 2) / scale * len(BARS)), len(BARS) - 1)]
        if math.isfinite(v)
        else " "
        for v in values
    )
