"""Rows of the unit cube as a model sees them: snapped to real values, one column per category.

A *row* is a point of the unit cube, shape (len(space),). A *canonical* row holds the middles of the
slices of discrete parameters and nan for inactive parameters, as `Space.to_unit` returns it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autosearch.space import Int, Space
from autosearch.space.values import Params, Value
from autosearch.strategies.cube import Cube, cube_of

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

# A category's column holds this where it is chosen, so that two categories are 1 apart.
ONE_HOT = math.sqrt(0.5)


class Features(NamedTuple):
    """What the models read, one line per point.

    columns: numbers in [0, 1], one-hot categories; inactive: 0.5 and no category. trend: the basis
    of a quadratic trend. bowl: how far out the numbers lie, of mean 0 over a space where all are
    active; inactive ones lie in the middle. cosines: the basis of the additive part, none of
    inactive numbers. units: canonical rows.
    """

    columns: Array
    trend: Array
    bowl: Array
    cosines: Array
    units: Array

    def of(self, rows: Bools) -> "Features":
        """Return the features of some of the points; rows: which, shape (n,)."""
        return Features(*(part[rows] for part in self))


def additive_amplitudes(count: int, scale: float) -> tuple[float, ...]:
    """Return amplitudes of cos(πx), cos(2πx), … whose products sum to a covariance on [0, 1].

    That of Matérn-3/2 with length `scale`, in its first `count` terms, mirrored at both ends (Solin
    and Särkkä 2020, with the cosines of a Neumann border). Its variance is 1 in the mean, and about
    twice as much at the ends as in the middle.
    """
    frequencies = np.pi * np.arange(1, count + 1)
    density = (3.0 / scale**2 + frequencies**2) ** -2
    return tuple(map(float, np.sqrt(2.0 * density / density.sum())))


@dataclass(frozen=True)
class Encoding:
    """The map from rows of the unit cube of `space` to the columns of a model.

    amplitudes: of the cosines of each number, see `additive_amplitudes`; none: no additive part.

    >>> from autosearch.space import Choice
    >>> encoding = Encoding(Space({"n": Int(1, 2), "opt": Choice(["adam", "sgd"])}))
    >>> encoding.canonical(np.array([[0.1, 0.9]]))
    array([[0.25, 0.75]])
    """

    space: Space
    amplitudes: tuple[float, ...] = ()

    @cached_property
    def _cube(self) -> Cube:
        return cube_of(self.space)

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of values of each parameter, 0 where there is no end of them."""
        return self._cube.counts

    @property
    def categorical(self) -> Bools:
        """Which parameters have values without an order."""
        return self._cube.categorical

    @cached_property
    def free(self) -> int:
        """How many parameters have more than one value."""
        return int((self.counts != 1).sum())

    @cached_property
    def points(self) -> int | None:
        """The product of the parameters' counts; None where a parameter has no end of values."""
        return math.prod(map(int, self.counts)) if (self.counts > 0).all() else None

    @cached_property
    def numbers(self) -> NDArray[np.intp]:
        """The parameters that are numbers with more than one value; the first columns."""
        return np.flatnonzero(~self.categorical & (self.counts != 1))

    @cached_property
    def _categories(self) -> tuple[int, ...]:
        return tuple(map(int, np.flatnonzero(self.categorical & (self.counts > 1))))

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """The parameter, among the free ones, that each column belongs to; in rising order."""
        sizes = [1] * len(self.numbers) + [int(self.counts[j]) for j in self._categories]
        return np.repeat(np.arange(len(sizes)), sizes)

    @property
    def additive(self) -> bool:
        """Whether points have features of an additive part."""
        return bool(self.amplitudes) and len(self.numbers) > 0

    @cached_property
    def number_groups(self) -> int:
        """How many of the groups are numbers; they come first."""
        return len(self.numbers)

    def rows(self, points: Sequence[Params]) -> Array:
        """Return the canonical rows of `points`, shape (len(points), len(space))."""
        return self._cube.rows(points)

    def params(self, row: Array) -> dict[str, Value]:
        """Return the params at one row, canonical or not."""
        return self.space.from_unit(np.nan_to_num(row, nan=0.5))

    def canonical(self, rows: Array) -> Array:
        """Return the canonical rows at `rows`, which hold no nan; same shape."""
        return self._cube.canonical(rows)

    def features(self, units: Array) -> Features:
        """Return what the models read at canonical rows."""
        u = np.nan_to_num(units[:, self.numbers], nan=0.5)
        outwards = 6.0 * ((u - 0.5) ** 2 - 1.0 / 12.0)
        columns, trend = [u], [1.7 * (u - 0.5), outwards]
        bowl = outwards.sum(axis=1) / math.sqrt(max(u.shape[1], 1))
        for j in self._categories:
            count = self.counts[j]
            chosen = np.nan_to_num(np.floor(units[:, j] * count), nan=-1.0)
            one_hot = ONE_HOT * (chosen[:, None] == np.arange(count))
            columns.append(one_hot)
            trend.append(one_hot)
        return Features(np.hstack(columns), np.hstack(trend), bowl, self._cosines(units), units)

    def _cosines(self, units: Array) -> Array:
        numbers, count = units[:, self.numbers], len(self.amplitudes)
        if not count:
            return np.empty((len(units), 0))
        waves = np.ones((count + 1, *numbers.shape))
        waves[1] = np.cos(np.pi * numbers)
        twice = 2.0 * waves[1]
        # By cos((k + 1)x) = 2 cos(x) cos(kx) - cos((k - 1)x), in half the time of cosines.
        for k in range(2, count + 1):
            np.multiply(twice, waves[k - 1], out=waves[k])
            waves[k] -= waves[k - 2]
        waves[:, np.isnan(numbers)] = 0.0
        size = len(self.numbers)
        each = np.repeat(self.amplitudes, size) / math.sqrt(max(size, 1))
        cosines: Array = waves[1:].transpose(1, 0, 2).reshape(len(units), count * size) * each
        return cosines

    def least_steps(self, rows: Array) -> Array:
        """Return by how much each coordinate must move to reach another value; same shape."""
        steps = np.broadcast_to(self._cube.slices, rows.shape).copy()
        for j, parameter in enumerate(self._cube.parameters):
            if isinstance(parameter, Int) and parameter.log:
                low, high = parameter.log_edges()
                values = np.exp(low + rows[:, j] * (high - low))
                # A little beyond the lower edge of the slice, which is farther away.
                steps[:, j] = -1.01 * np.log1p(-0.5 / values) / (high - low)
        return steps

    def enumerate(self) -> Array:
        """Return the canonical rows of every combination of values; for small finite spaces."""
        axes = [
            np.array([p.to_unit(v) for v in range(p.low, p.high + 1)])
            if isinstance(p, Int) and p.log
            else (np.arange(p.count or 0) + 0.5) / (p.count or 1)
            for p in self._cube.parameters
        ]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        return self.canonical(grid)
