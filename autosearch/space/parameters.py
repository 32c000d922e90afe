"""The four kinds of parameter, and each one's map between its values and the unit interval."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

from autosearch.errors import SpaceError
from autosearch.space.values import Value

Scale = Literal["linear", "log", "auto"]
When = Mapping[str, Any] | str | None

# Values made from the unit interval are rounded to this many significant digits (log scale) or this
# many digits of the range (linear scale). The rounding absorbs the error of exp, log and division,
# so that value → unit → value is exact, and nobody trains with a learning rate of sixteen digits.
DIGITS = 10
# `auto` takes the log scale where the range spans at least two powers of ten.
AUTO_LOG_RATIO = 100.0
# Beyond it a float no longer holds every whole number, so the unit interval could not either.
MAX_INT = 2**53


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _slice_of(u: float, count: int) -> int:
    return min(max(int(u * count), 0), count - 1)


@dataclass(frozen=True, slots=True)
class _Number:
    """What Float and Int share: a range or explicit values, a scale, a step, a default, a
    condition.
    """

    low: Any = None
    high: Any = None
    scale: Scale = "linear"
    step: Any = None
    values: Any = None
    default: Any = None
    when: When = None
    help: str = ""

    kind: ClassVar[str]
    categorical: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.values is not None:
            self._check_values()
        else:
            self._check_range()
        if self.default is not None:
            if not _is_number(self.default):
                raise SpaceError(f"default: {self.default!r} is not a number")
            object.__setattr__(self, "default", self._cast(self.default, "default"))
            if not self.contains(self.default):
                raise SpaceError(f"default: {self.default!r} is not one of {self.describe()}")

    def _cast(self, value: Any, field: str) -> Any:
        return float(value)

    def _check_values(self) -> None:
        if isinstance(self.values, str) or not all(map(_is_number, self.values)):
            raise SpaceError(f"values: expected a list of finite numbers, found {self.values!r}")
        values = tuple(sorted(self._cast(v, "values") for v in self.values))
        if not values or len(set(values)) < len(values):
            raise SpaceError(f"values: expected different numbers, at least one; found {values}")
        # The ends of the list are what this class itself puts into low and high.
        for bound, allowed in (("low", values[0]), ("high", values[-1]), ("step", None)):
            if getattr(self, bound) not in (None, allowed):
                raise SpaceError(f"{bound}: cannot be given together with values")
        if self.scale == "log":
            raise SpaceError("scale: cannot be given together with values")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "low", values[0])
        object.__setattr__(self, "high", values[-1])

    def _check_range(self) -> None:
        for bound in ("low", "high"):
            if not _is_number(getattr(self, bound)):
                found = getattr(self, bound)
                what = (
                    "is missing" if found is None else f"expected a finite number, found {found!r}"
                )
                raise SpaceError(f"{bound}: {what}")
            object.__setattr__(self, bound, self._cast(getattr(self, bound), bound))
        if not self.low < self.high:
            raise SpaceError(f"low: must be below high; found low {self.low}, high {self.high}")
        if not math.isfinite(float(self.high) - float(self.low)):
            raise SpaceError(f"high: the range {self.low}..{self.high} is too wide for a float")
        if self.scale not in ("linear", "log", "auto"):
            raise SpaceError(f"scale: expected linear, log or auto, found {self.scale!r}")
        if self.scale == "log" and self.low <= 0:
            raise SpaceError(f"scale: log needs low above 0, found low {self.low}")
        if self.step is not None:
            self._check_step()

    def _check_step(self) -> None:
        if not _is_number(self.step) or self.step <= 0:
            raise SpaceError(f"step: expected a number above 0, found {self.step!r}")
        if self.scale != "linear":
            raise SpaceError("step: goes with the linear scale only; list the values instead")
        object.__setattr__(self, "step", self._cast(self.step, "step"))
        if self.count == 1:
            found = f"{self.low}..{self.high} in steps of {self.step}"
            raise SpaceError(f"step: must not be wider than the range; found {found}")

    @property
    def log(self) -> bool:
        """Whether the unit interval runs along the logarithm of the values."""
        if self.values is not None:
            return False
        if self.scale == "auto":
            return bool(self.low > 0 and self.high / self.low >= AUTO_LOG_RATIO)
        return self.scale == "log"

    @property
    def count(self) -> int | None:
        """How many values there are; None where there is no end of them."""
        raise TypeError("a number is a Float or an Int")

    def contains(self, value: object) -> bool:
        """Return whether `value` is one of this parameter's values."""
        raise TypeError("a number is a Float or an Int")

    def describe(self) -> str:
        """Return the values in words."""
        if self.values is not None:
            return ", ".join(map(str, self.values))
        step = f" in steps of {self.step}" if self.step is not None else ""
        return f"{self.low}..{self.high}{step}{' (log)' if self.log else ''}"


@dataclass(frozen=True, slots=True)
class Float(_Number):
    """A real number in [low, high], or one of `values`.

    scale: linear, log, or auto (log where the range spans two powers of ten). step: low, low +
    step, … up to high. default: where the search starts. when: the condition under which it exists.

    >>> Float(1e-5, 1e-1, scale="log").from_unit(0.5)
    0.001
    """

    kind: ClassVar[str] = "float"

    @property
    def count(self) -> int | None:
        """How many values there are; None where there is no end of them."""
        if self.values is not None:
            return len(self.values)
        if self.step is None:
            return None
        return int((self.high - self.low) / self.step * (1 + 1e-12) + 1e-9) + 1

    def contains(self, value: object) -> bool:
        """Return whether `value` is a number of this range, on its step or among its values."""
        if not _is_number(value):
            return False
        if self.count is None:
            return bool(self.low <= value <= self.high)
        return self.from_unit(self.to_unit(value)) == value  # type: ignore[arg-type]

    def to_unit(self, value: float) -> float:
        """Return where `value` lies in [0, 1]; for a discrete one, the middle of its slice."""
        if self.count is not None:
            return (self._index(value) + 0.5) / self.count
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            unit = (math.log(value) - low) / (high - low)
        else:
            unit = (value - self.low) / (self.high - self.low)
        return float(min(max(unit, 0.0), 1.0))

    def from_unit(self, u: float) -> float:
        """Return the value at `u` in [0, 1], rounded as `DIGITS` says."""
        if self.count is not None:
            return self._at(_slice_of(u, self.count))
        if u <= 0.0:
            return float(self.low)
        if u >= 1.0:
            return float(self.high)
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            value = float(f"{math.exp(low + u * (high - low)):.{DIGITS}g}")
        else:
            span = self.high - self.low
            value = round(self.low + u * span, DIGITS - 1 - math.floor(math.log10(span)))
        return float(min(max(value, self.low), self.high))

    def _index(self, value: float) -> int:
        if self.values is not None:
            return min(range(len(self.values)), key=lambda i: abs(self.values[i] - value))
        index = round((value - self.low) / self.step)
        return int(min(max(index, 0), (self.count or 1) - 1))

    def _at(self, index: int) -> float:
        if self.values is not None:
            return float(self.values[index])
        # Rounded: 0.1 + 2 * 0.1 should be the 0.3 that a user would write.
        digits = DIGITS + 2 - 1 - math.floor(math.log10(max(abs(self.low), abs(self.high))))
        return float(min(round(self.low + index * self.step, digits), self.high))


@dataclass(frozen=True, slots=True)
class Int(_Number):
    """A whole number in low..high, both included, or one of `values`; each has an equal slice of
    [0, 1].

    On the log scale the slices are equal in the logarithm, from low - 1/2 to high + 1/2.

    >>> [Int(1, 3).from_unit(u) for u in (0.0, 0.5, 1.0)]
    [1, 2, 3]
    """

    kind: ClassVar[str] = "int"

    def _cast(self, value: Any, field: str) -> Any:
        if int(value) != value:
            raise SpaceError(f"{field}: expected a whole number, found {value!r}")
        if abs(value) > MAX_INT:
            raise SpaceError(f"{field}: expected a whole number within ±2^53, found {value!r}")
        return int(value)

    @property
    def count(self) -> int:
        """How many values there are."""
        if self.values is not None:
            return len(self.values)
        return int((self.high - self.low) // (self.step or 1)) + 1

    def contains(self, value: object) -> bool:
        """Return whether `value` is a whole number of this range, on its step or listed."""
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        if self.values is not None:
            return value in self.values
        return bool(self.low <= value <= self.high and (value - self.low) % (self.step or 1) == 0)

    def log_edges(self) -> tuple[float, float]:
        """Return the logarithms between which the unit interval runs on the log scale."""
        return math.log(max(self.low - 0.5, 0.5)), math.log(self.high + 0.5)

    def to_unit(self, value: int) -> float:
        """Return where `value` lies in [0, 1]: the middle of its slice."""
        if self.log:
            low, high = self.log_edges()
            return min(max((math.log(value) - low) / (high - low), 0.0), 1.0)
        if self.values is not None:
            index = min(range(len(self.values)), key=lambda i: abs(self.values[i] - value))
        else:
            index = round((value - self.low) / (self.step or 1))
        return float((min(max(index, 0), self.count - 1) + 0.5) / self.count)

    def from_unit(self, u: float) -> int:
        """Return the value whose slice holds `u`."""
        if self.log:
            low, high = self.log_edges()
            return int(min(max(round(math.exp(low + u * (high - low))), self.low), self.high))
        index = _slice_of(u, self.count)
        return int(
            self.values[index] if self.values is not None else self.low + index * (self.step or 1)
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values without an order: text, numbers or booleans.

    >>> Choice(["adam", "sgd"]).from_unit(0.7)
    'sgd'
    """

    values: Any
    default: Any = None
    when: When = None
    help: str = ""

    kind: ClassVar[str] = "choice"
    categorical: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if isinstance(self.values, str) or not isinstance(self.values, list | tuple):
            raise SpaceError(f"values: expected a list, found {self.values!r}")
        object.__setattr__(self, "values", tuple(self.values))
        for value in self.values:
            if not isinstance(value, str | int | float) or value != value:
                raise SpaceError(f"values: expected text, numbers or booleans, found {value!r}")
        seen = [str(v) for v in self.values]
        if min(len(set(seen)), len(set(self.values))) < len(seen) or not seen:
            raise SpaceError(f"values: expected different values, at least one; found {seen}")
        if self.default is not None and not self.contains(self.default):
            raise SpaceError(f"default: {self.default!r} is not one of {self.describe()}")

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)

    def contains(self, value: object) -> bool:
        """Return whether `value` is one of the values, of the same type."""
        return any(type(v) is type(value) and v == value for v in self.values)

    def to_unit(self, value: Value) -> float:
        """Return the middle of the value's equal slice of [0, 1]."""
        for index, known in enumerate(self.values):
            if type(known) is type(value) and known == value:
                return float((index + 0.5) / self.count)
        raise SpaceError(f"{value!r} is not one of {self.describe()}")

    def from_unit(self, u: float) -> Value:
        """Return the value whose slice holds `u`."""
        value: Value = self.values[_slice_of(u, self.count)]
        return value

    def describe(self) -> str:
        """Return the values in words."""
        return ", ".join(map(str, self.values))


@dataclass(frozen=True, slots=True)
class Bool:
    """True or False.

    flag: how it reaches the program's command line. None: `--name=True`; "true": `--name` or
    nothing; "both": `--name` or `--no-name`.
    """

    default: bool | None = None
    when: When = None
    flag: Literal["true", "both"] | None = None
    help: str = ""

    kind: ClassVar[str] = "bool"
    categorical: ClassVar[bool] = True
    values: ClassVar[tuple[bool, ...]] = (False, True)
    count: ClassVar[int] = 2

    def __post_init__(self) -> None:
        if self.default is not None and not isinstance(self.default, bool):
            raise SpaceError(f"default: expected true or false, found {self.default!r}")
        if self.flag not in (None, "true", "both"):
            raise SpaceError(f"flag: expected true or both, found {self.flag!r}")

    def contains(self, value: object) -> bool:
        """Return whether `value` is True or False."""
        return isinstance(value, bool)

    def to_unit(self, value: bool) -> float:
        """Return 0.25 for False, 0.75 for True."""
        return 0.75 if value else 0.25

    def from_unit(self, u: float) -> bool:
        """Return False below one half, else True."""
        return u >= 0.5

    def describe(self) -> str:
        """Return the values in words."""
        return "true or false"


Parameter = Float | Int | Choice | Bool
KINDS: Mapping[str, type[Parameter]] = {c.kind: c for c in (Float, Int, Choice, Bool)}


def to_dict(parameter: Parameter) -> dict[str, Any]:
    """Return the parameter as it is written in an experiment: plain JSON values, no defaults."""
    entry: dict[str, Any] = {"type": parameter.kind}
    explicit_values = getattr(parameter, "values", None) is not None and parameter.kind != "bool"
    for f in fields(parameter):
        value = getattr(parameter, f.name)
        if value == f.default or (f.name in ("low", "high") and explicit_values):
            continue
        entry[f.name] = list(value) if isinstance(value, tuple) else value
    return entry
