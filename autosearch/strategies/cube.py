"""Many points of a space at once, as rows of the unit cube: what the models compute with."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autosearch.space import Choice, Expression, Float, Int, Space
from autosearch.space.parameters import Bool, Parameter
from autosearch.space.values import Params

Matrix = NDArray[np.float64]
Column = NDArray[np.float64]
Mask = NDArray[np.bool_]
# Whether a parameter exists at each canonical row.
Condition = Callable[[Matrix], Mask]

# Coordinates closer than this are the same value of a discrete parameter.
SAME = 1e-9


class Cube:
    """The map between a space's points and rows, shape (n, len(space)), made once for a space.

    Agrees with `Space.to_unit` and `Space.from_unit` point by point.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.parameters: tuple[Parameter, ...] = tuple(space.params.values())
        # 0 where there is no end of values.
        self.counts = np.array([p.count or 0 for p in self.parameters])
        self.categorical: Mask = np.array([p.categorical for p in self.parameters])
        # Widths of the slices of the unit interval that share one value; 0 where there are none.
        # Those of whole numbers on a log scale differ; theirs is the mean.
        self.slices = np.divide(1.0, self.counts, out=np.zeros(len(space)), where=self.counts > 0)
        self._tables = [_table(p) for p in self.parameters]
        self._conditions = _conditions(space)

    def rows(self, points: Sequence[Params]) -> Matrix:
        """Return the points' rows; nan where a parameter is inactive."""
        rows = np.empty((len(points), len(self.parameters)))
        for j, (name, parameter) in enumerate(self.space.params.items()):
            table = self._tables[j]
            if table is not None or not isinstance(parameter, Float | Int):
                rows[:, j] = [(table or {})[p[name]] if name in p else math.nan for p in points]
            else:
                values = np.array([p.get(name, math.nan) for p in points], dtype=np.float64)
                rows[:, j] = _to_unit(parameter, values)
        return rows

    def snap(self, rows: Matrix) -> Matrix:
        """Return the rows with every discrete coordinate at the middle of its slice."""
        snapped = rows.copy()
        sliced = self.counts > 0
        counts = self.counts[sliced]
        index = np.clip(np.floor(rows[:, sliced] * counts), 0, counts - 1)
        snapped[:, sliced] = (index + 0.5) / counts
        for j, parameter in enumerate(self.parameters):
            if isinstance(parameter, Int) and parameter.log:
                snapped[:, j] = _snap_log(parameter, rows[:, j])
        return snapped

    def canonical(self, rows: Matrix) -> Matrix:
        """Return rows (no nan in them) as `rows` does: snapped, nan where inactive."""
        units = self.snap(rows)
        for j, holds in self._conditions:
            units[~holds(units), j] = math.nan
        return units

    def active(self, rows: Matrix) -> Mask:
        """Return which parameters exist at each row (no nan in it), shape (n, len(space))."""
        return ~np.isnan(self.canonical(rows))


@lru_cache(maxsize=8)
def cube_of(space: Space) -> Cube:
    """Return the space's Cube, made at most once."""
    return Cube(space)


def _table(parameter: Parameter) -> dict[Any, float] | None:
    """Return each listed value's coordinate; None where the values are a range."""
    if isinstance(parameter, Choice | Bool) or parameter.values is not None:
        return {v: parameter.to_unit(v) for v in parameter.values}
    return None


def _to_unit(parameter: Float | Int, values: Column) -> Column:
    """Return the coordinates of a range's values; nan stays nan."""
    if parameter.log:
        edges = (parameter.low, parameter.high)
        low, high = parameter.log_edges() if isinstance(parameter, Int) else map(math.log, edges)
        unit: Column = np.clip((np.log(values) - low) / (high - low), 0.0, 1.0)
    elif parameter.count is None:
        unit = np.clip((values - parameter.low) / (parameter.high - parameter.low), 0.0, 1.0)
    else:
        index = np.round((values - parameter.low) / (parameter.step or 1))
        unit = (np.clip(index, 0, parameter.count - 1) + 0.5) / parameter.count
    return unit


def _snap_log(parameter: Int, column: Column) -> Column:
    low, high = parameter.log_edges()
    values = np.round(np.exp(low + column * (high - low)))
    return _to_unit(parameter, np.clip(values, parameter.low, parameter.high))


def _conditions(space: Space) -> list[tuple[int, Condition]]:
    """Return the conditional parameters, parents first, each with its test of canonical rows."""
    column = {name: j for j, name in enumerate(space.params)}
    found = []
    for name in space.order:
        when = space.params[name].when
        if isinstance(when, str):
            found.append((column[name], _by_expression(space, Expression(when), column)))
        elif when is not None:
            among = [(column[n], _units(space.params[n], wanted)) for n, wanted in when.items()]
            found.append((column[name], _by_values(among)))
    return found


def _units(parent: Parameter, wanted: Any) -> Column:
    listed = wanted if isinstance(wanted, list | tuple) else [wanted]
    # A whole number may stand for a Float's value.
    values = map(float, listed) if isinstance(parent, Float) else listed
    return np.array([parent.to_unit(v) for v in values])  # type: ignore[arg-type]


def _by_values(among: list[tuple[int, Column]]) -> Condition:
    def holds(units: Matrix) -> Mask:
        verdicts = np.ones(len(units), dtype=bool)
        for j, allowed in among:
            # Where the parent is inactive, its nan equals nothing.
            verdicts &= (np.abs(units[:, j, None] - allowed) < SAME).any(axis=1)
        return verdicts

    return holds


def _by_expression(space: Space, expression: Expression, column: Mapping[str, int]) -> Condition:
    names = sorted(expression.names)
    columns = [column[n] for n in names]

    def verdict(row: Column) -> bool:
        if np.isnan(row).any():
            return False
        known = {n: space.params[n].from_unit(float(u)) for n, u in zip(names, row, strict=True)}
        return expression.holds(known)

    def holds(units: Matrix) -> Mask:
        # Parents mostly have few values: each combination of them is looked at once.
        distinct, inverse = np.unique(units[:, columns], axis=0, return_inverse=True)
        verdicts = np.array([verdict(row) for row in distinct], dtype=bool)
        return verdicts[inverse.reshape(-1)]

    return holds
