"""A space in the words that most libraries share: categories, whole numbers and reals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from autosearch.space import Int, Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Value


@dataclass(frozen=True)
class Axis:
    """One parameter: "choice" among `parameter.values`, "index" or "log" in low..high, or "unit".

    An index counts the values of a linear whole number or of a list; "log" is a whole number on the
    log scale; a real is searched in [0, 1], along its own scale.
    """

    parameter: Parameter
    kind: Literal["choice", "index", "log", "unit"]
    low: int = 0
    high: int = 1

    def value(self, found: Any) -> Value:
        """Return the parameter's value for what a library suggested."""
        if self.kind == "choice":
            # As text: a library may hand back a type of its own.
            return next(v for v in self.parameter.values if str(v) == str(found))
        if self.kind == "index":
            return self.parameter.from_unit((int(found) + 0.5) / (self.high + 1))
        return int(found) if self.kind == "log" else self.parameter.from_unit(float(found))


def axis(parameter: Parameter) -> Axis:
    """Return how `parameter` is put to a library."""
    if parameter.categorical:
        return Axis(parameter, "choice")
    if isinstance(parameter, Int) and parameter.log:
        return Axis(parameter, "log", parameter.low, parameter.high)
    if parameter.count is not None:
        return Axis(parameter, "index", 0, parameter.count - 1)
    return Axis(parameter, "unit")


def point(space: Space, found: Mapping[str, Any]) -> dict[str, Value]:
    """Return the point that a library's suggestions for all or all existing parameters mean."""
    params: dict[str, Value] = {}
    while missing := [n for n in space.active(params) if n not in params]:
        params |= {n: axis(space.params[n]).value(found[n]) for n in missing}
    return params


def gate(space: Space, name: str) -> tuple[str, list[Value]] | None:
    """Return the parent of a conditional parameter and the parent's values for which it exists.

    None for a parameter that always exists. Every condition in the tasks has one parent.
    """
    when = space.params[name].when
    if when is None:
        return None
    if isinstance(when, Mapping):
        ((parent, wanted),) = when.items()
        return parent, list(wanted) if isinstance(wanted, list | tuple) else [wanted]
    parent = next(n for n in space.params if n in str(when).split())
    outer = space.params[parent]
    values = [outer.from_unit((i + 0.5) / outer.count) for i in range(outer.count or 0)]
    return parent, [v for v in values if name in space.active({parent: v})]
