"""Axes of a chart: values to pixels, and where the ticks are. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

TICKS = 5
# Steps between ticks, times a power of ten.
_NICE = (1.0, 2.0, 5.0, 10.0, 20.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a chart.

    words: the categories of a "words" axis, in their order. whole: ticks are whole numbers.
    """

    kind: Literal["linear", "log", "words"]
    low: float = 0.0
    high: float = 1.0
    words: tuple[str, ...] = ()
    whole: bool = False

    def at(self, value: float | str, start: float, stop: float) -> float:
        """Return the pixel of a value between `start` (for low) and `stop`; beyond is the edge."""
        return start + self._part(value) * (stop - start)

    def _part(self, value: float | str) -> float:
        if self.kind == "words":
            return (self.words.index(str(value)) + 0.5) / len(self.words)
        number = float(value)
        if self.kind == "log":
            low, high, number = math.log(self.low), math.log(self.high), math.log(number)
        else:
            # Halved, so that the range of two huge values fits into a float.
            low, high, number = self.low / 2, self.high / 2, number / 2
        return min(max((number - low) / (high - low), 0.0), 1.0) if high > low else 0.5

    def shows(self, value: float) -> bool:
        """Return whether a value lies between the ends."""
        return self.low <= value <= self.high

    def ticks(self) -> list[tuple[float | str, str]]:
        """Return (value, label) of each tick."""
        if self.kind == "words":
            return [(word, word) for word in self.words]
        values = _log_ticks(self.low, self.high) if self.kind == "log" else []
        if len(values) < 2:
            values = _linear_ticks(self.low, self.high)
        if self.whole:
            values = [v for v in values if v.is_integer()]
        return [(value, f"{value:.6g}") for value in values]


def value_axis(values: Sequence[float], mode: str) -> Axis:
    """Return the axis of the objective; bad outliers lie beyond its edge."""
    if not values:
        return Axis("linear", 0.0, 1.0)
    signed = sorted(-v for v in values) if mode == "max" else sorted(values)
    quartile = signed[(3 * len(signed)) // 4]
    spread = quartile - signed[0]
    worst = signed[-1]
    if spread > 0 and worst - quartile > 4 * spread:
        worst = quartile + 2 * spread
    low, high = (-worst, -signed[0]) if mode == "max" else (signed[0], worst)
    pad = (high / 2 - low / 2) * 0.1 or abs(high) * 0.05 or 0.5
    return Axis("linear", low - pad, high + pad)


def _linear_ticks(low: float, high: float) -> list[float]:
    span = high - low
    if not 0 < span < math.inf:
        return [low]
    rough = span / TICKS
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 1e-300 else rough
    step = next(n * power for n in _NICE if n * power >= rough * 0.7)
    first = math.ceil(low / step - 1e-9)
    count = int(span / step) + 2
    ticks = [(first + i) * step for i in range(count)]
    # Rounded: 0.30000000000000004 is 0.3 to whoever reads it.
    return [float(f"{t:.12g}") for t in ticks if t <= high + step * 1e-9]


def _log_ticks(low: float, high: float) -> list[float]:
    if low <= 0 or high <= low:
        return []
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, math.ceil((last - first + 1) / TICKS))
    powers = [float(f"1e{n}") for n in range(first, last + 1, every)]
    if len(powers) > 2:
        return powers
    parts = [m * 10.0**n for n in range(first - 1, last + 1) for m in (1, 2, 5)]
    return [float(f"{p:.12g}") for p in parts if low * 0.999 <= p <= high * 1.001]
