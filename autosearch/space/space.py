"""A search space: the only map between values and the unit cube."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autosearch.errors import SpaceError
from autosearch.space.expression import Expression
from autosearch.space.parameters import Float, Int, Parameter, to_dict
from autosearch.space.values import Params, Value

Vector = NDArray[np.float64]
Key = tuple[tuple[str, Value], ...]

# Uniform draws before a space counts as one whose constraints (almost) nothing meets.
SAMPLE_TRIES = 10_000
# Largest finite space that is listed outright.
LISTABLE = 100_000


@dataclass(frozen=True, eq=True)
class Space:
    """Named parameters, with conditions (`when`), constraints and combinations to skip.

    params: name → Float, Int, Choice or Bool. A parameter with `when` exists only where the
    condition holds: a mapping from other parameters to a value or a list of values, all of which
    must agree, or an expression. constraints: expressions that every point meets; one that names an
    inactive parameter does not apply. skip: partial assignments; a point that agrees with one is
    never tried.

    Raises SpaceError where a name is unknown, conditions run in a circle, or values cannot occur.

    >>> from autosearch.space import Bool, Choice
    >>> space = Space({"opt": Choice(["adam", "sgd"]), "nesterov": Bool(when={"opt": "sgd"})})
    >>> space.from_unit([0.2, 0.9]), space.from_unit([0.8, 0.9])
    ({'opt': 'adam'}, {'opt': 'sgd', 'nesterov': True})
    """

    params: Mapping[str, Parameter]
    constraints: tuple[str, ...] = ()
    skip: tuple[Mapping[str, Value], ...] = ()
    _conditions: Mapping[str, "_Condition"] = field(init=False, repr=False, compare=False)
    _rules: tuple[Expression, ...] = field(init=False, repr=False, compare=False)
    _order: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.params:
            raise SpaceError("the search space is empty: name at least one parameter")
        for name, parameter in self.params.items():
            if not isinstance(parameter, Parameter):
                expected = "expected Float, Int, Choice or Bool, e.g. Float(0, 1)"
                raise SpaceError(f"{name}: {expected}; found {parameter!r}")
        set_ = object.__setattr__
        set_(self, "params", dict(self.params))
        set_(self, "constraints", tuple(self.constraints))
        set_(self, "skip", tuple(dict(s) for s in self.skip))
        set_(self, "_conditions", {n: _condition(n, self.params) for n in self.params})
        set_(self, "_order", self._sorted())
        set_(self, "_rules", tuple(self._rule(text) for text in self.constraints))
        for combination in self.skip:
            for name, value in combination.items():
                _expect_known(name, self.params, "skip")
                if not self.params[name].contains(value):
                    expected = self.params[name].describe()
                    raise SpaceError(f"skip: {name} is never {value!r}; it is {expected}")

    def _sorted(self) -> tuple[str, ...]:
        """Return the names, parents before children, otherwise as given."""
        order: list[str] = []
        rest = list(self.params)
        while rest:
            ready = [n for n in rest if self._conditions[n].names <= set(order)]
            if not ready:
                circle = ", ".join(rest)
                raise SpaceError(f"when: the conditions of {circle} run in a circle")
            order += ready
            rest = [n for n in rest if n not in ready]
        return tuple(order)

    def _rule(self, text: str) -> Expression:
        expression = Expression(text)
        for name in sorted(expression.names):
            _expect_known(name, self.params, f"constraint {text!r}")
        return expression

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, in the order given: the order of the unit cube's axes."""
        return tuple(self.params)

    @property
    def order(self) -> tuple[str, ...]:
        """The parameters' names, parents before children, otherwise in the order given."""
        return self._order

    def __len__(self) -> int:
        return len(self.params)

    def __hash__(self) -> int:
        return hash((self.names, self.constraints))

    @property
    def conditional(self) -> bool:
        """Whether any parameter exists only under a condition."""
        return any(c.names for c in self._conditions.values())

    @property
    def constrained(self) -> bool:
        """Whether some points of the unit cube are not allowed."""
        return bool(self.constraints or self.skip)

    @cached_property
    def cardinality(self) -> int | None:
        """How many points there are, at most LISTABLE of them counted exactly; None: no end of
        them.

        Conditions, constraints and skipped combinations are taken into account where the product of
        the parameters' counts is at most LISTABLE; above it that product is returned.
        """
        counts = [p.count for p in self.params.values()]
        if any(c is None for c in counts):
            return None
        product = math.prod(c for c in counts if c is not None)
        return product if product > LISTABLE else sum(1 for _ in self.points())

    def active(self, params: Params) -> tuple[str, ...]:
        """Return the names that exist given the values of their parents, in the given order."""
        known: dict[str, Value] = {}
        active = set()
        for name in self._order:
            if self._conditions[name].holds(known):
                active.add(name)
                if name in params:
                    known[name] = params[name]
        return tuple(n for n in self.params if n in active)

    def problems(self, params: Params) -> list[str]:
        """Return what keeps `params` from being a point of this space, one sentence each."""
        found = [
            f"{name} is not a parameter of this space" for name in params if name not in self.params
        ]
        active = set(self.active(params))
        for name, parameter in self.params.items():
            if name not in active:
                if name in params:
                    found.append(f"{name} does not exist here: {self._conditions[name].text}")
            elif name not in params:
                found.append(f"{name} is missing")
            elif not parameter.contains(params[name]):
                found.append(f"{name} = {params[name]!r} is not one of {parameter.describe()}")
        return found or self.violations(params)

    def contains(self, params: Params) -> bool:
        """Return whether `params` is a point of this space that may be tried."""
        return not self.problems(params)

    def violations(self, params: Params) -> list[str]:
        """Return the constraints and skipped combinations that `params` runs against, in words."""
        found = [
            f"the constraint {rule.text} is not met"
            for rule in self._rules
            if rule.names <= params.keys() and not rule.holds(params)
        ]
        for combination in self.skip:
            if all(n in params and params[n] == v for n, v in combination.items()):
                found.append(f"the combination {dict(combination)} is to be skipped")
        return found

    def feasible(self, params: Params) -> bool:
        """Return whether a point made by `from_unit` meets the constraints and is not skipped."""
        return not self.constrained or not self.violations(params)

    def to_unit(self, params: Params) -> Vector:
        """Return the point in the unit cube, shape (len(space),), nan where a parameter is
        inactive.
        """
        active = set(self.active(params))
        unit = [
            p.to_unit(params[n]) if n in active else math.nan  # type: ignore[arg-type]
            for n, p in self.params.items()
        ]
        return np.array(unit, dtype=np.float64)

    def from_unit(self, unit: Sequence[float] | Vector) -> dict[str, Value]:
        """Return the params at a point of the unit cube, shape (len(space),): only the active ones.

        Constraints are not looked at; see `feasible`.
        """
        at = dict(zip(self.params, map(float, unit), strict=True))
        return self._walk(lambda name: self.params[name].from_unit(at[name]))

    def _walk(self, value_of: Callable[[str], Value]) -> dict[str, Value]:
        known: dict[str, Value] = {}
        for name in self._order:
            if self._conditions[name].holds(known):
                known[name] = value_of(name)
        return {n: known[n] for n in self.params if n in known}

    def sample(self, rng: np.random.Generator) -> dict[str, Value]:
        """Return a point drawn uniformly from the part of the unit cube that is allowed.

        Raises SpaceError where SAMPLE_TRIES draws and, in a finite space, the list of all points
        hold none.
        """
        for _ in range(SAMPLE_TRIES if self.constrained else 1):
            params = self.from_unit(rng.random(len(self)))
            if self.feasible(params):
                return params
        points = self.listed()
        if not points:
            raise SpaceError(
                f"none of {SAMPLE_TRIES} points drawn at random meets the constraints "
                f"({'; '.join(self.constraints)}): loosen them, or search the free parameters only"
            )
        return dict(points[int(rng.integers(len(points)))])

    def listed(self) -> tuple[dict[str, Value], ...]:
        """Return every allowed point of a `listable` space, else ()."""
        return tuple(self.points()) if self.listable else ()

    @property
    def listable(self) -> bool:
        """Whether there are at most LISTABLE combinations, allowed or not."""
        counts = [p.count for p in self.params.values()]
        return all(c is not None for c in counts) and math.prod(c or 1 for c in counts) <= LISTABLE

    def points(self, resolution: int = 3) -> Iterator[dict[str, Value]]:
        """Yield every allowed point once, in a fixed order; endless parameters at `resolution`
        values.

        Those values are spread evenly over the unit interval, both ends included.
        """
        axes = [_axis(p, resolution) for p in self.params.values()]
        seen: set[Key] | None = set() if self.conditional else None
        for unit in itertools.product(*axes):
            params = self.from_unit(unit)
            if seen is not None:
                key = self.key(params)
                if key in seen:
                    continue
                seen.add(key)
            if self.feasible(params):
                yield params

    def defaults(self) -> dict[str, Value] | None:
        """Return the declared defaults, the centre where none is declared; see `start`.

        None where nothing is declared at all, or the result is not allowed.
        """
        if all(p.default is None for p in self.params.values()):
            return None
        return self._central(declared=True)

    def start(self) -> dict[str, Value] | None:
        """Return where a search starts: `defaults`, else the centre; None if that is not allowed.

        The centre of a range is its middle on its scale, of categories the first.
        """
        return self.defaults() or self._central(declared=False)

    def _central(self, *, declared: bool) -> dict[str, Value] | None:

        def value_of(name: str) -> Value:
            parameter = self.params[name]
            default: Value | None = parameter.default if declared else None
            centre = 0.0 if parameter.categorical else 0.5
            return parameter.from_unit(centre) if default is None else default

        params = self._walk(value_of)
        return params if self.feasible(params) else None

    def key(self, params: Params) -> Key:
        """Return what tells points apart: equal for equal points, whatever the order of their
        names.
        """
        return tuple((n, params[n]) for n in self.params if n in params)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return the parameters as they are written in an experiment's `space`."""
        return {name: to_dict(p) for name, p in self.params.items()}


@dataclass(frozen=True)
class _Condition:
    """When a parameter exists: each parent among some values, or an expression."""

    among: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    expression: Expression | None = None

    @property
    def names(self) -> frozenset[str]:
        return self.expression.names if self.expression else frozenset(self.among)

    @property
    def text(self) -> str:
        if self.expression:
            return f"it needs {self.expression.text}"
        parts = [f"{n} = {' or '.join(map(str, vs))}" for n, vs in self.among.items()]
        return f"it needs {' and '.join(parts)}"

    def holds(self, known: Mapping[str, Value]) -> bool:
        if self.expression:
            return self.expression.names <= known.keys() and self.expression.holds(known)
        return all(
            n in known and any(known[n] == v and type(known[n]) is type(v) for v in vs)
            for n, vs in self.among.items()
        )


def _expect_known(name: str, params: Mapping[str, Parameter], where: str) -> None:
    if name not in params:
        raise SpaceError(f"{where}: there is no parameter {name!r}; there are {', '.join(params)}")


def _condition(name: str, params: Mapping[str, Parameter]) -> _Condition:
    when = params[name].when
    if when is None:
        return _Condition()
    where = f"{name}: when"
    if isinstance(when, str):
        expression = Expression(when)
        if not expression.names:
            raise SpaceError(f"{where}: {when!r} names no parameter")
        for parent in sorted(expression.names):
            _expect_known(parent, params, where)
        return _Condition(expression=expression)
    if not isinstance(when, Mapping) or not when:
        raise SpaceError(f"{where}: expected {{parameter: value}} or an expression, found {when!r}")
    among: dict[str, tuple[Value, ...]] = {}
    for parent, wanted in when.items():
        _expect_known(parent, params, where)
        listed = tuple(wanted) if isinstance(wanted, list | tuple) else (wanted,)
        # 1 is a value of a Float; what is compared later is what the parameter really takes.
        cast = [float(v) if _float_like(params[parent], v) else v for v in listed]
        for value in cast:
            if not params[parent].contains(value):
                expected = params[parent].describe()
                raise SpaceError(f"{where}: {parent} is never {value!r}; it is {expected}")
        among[parent] = tuple(cast)
    return _Condition(among=among)


def _float_like(parameter: Parameter, value: object) -> bool:
    return isinstance(parameter, Float) and isinstance(value, int) and not isinstance(value, bool)


def _axis(parameter: Parameter, resolution: int) -> list[float]:
    if parameter.count is not None:
        if isinstance(parameter, Int) and parameter.log:
            return [parameter.to_unit(v) for v in range(parameter.low, parameter.high + 1)]
        return [(i + 0.5) / parameter.count for i in range(parameter.count)]
    return [i / max(resolution - 1, 1) for i in range(resolution)]
