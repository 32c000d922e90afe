"""Grid search."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from autosearch.space import Int, Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Params, Value
from autosearch.strategies.base import Suggestion, setting
from autosearch.strategies.evidence import is_new
from autosearch.trial import History

# An index per parameter, parents first; 0 where it is inactive.
Place = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GridSearch:
    """Every combination once, in a fixed order.

    The last parameter changes fastest. Conditions and constraints leave out whole branches of the
    grid, so that an ask costs the same wherever in the grid it stands. To try the points of a
    finite space in random order, take `random`.
    """

    points: int = setting(
        5,
        "values tried of a parameter without an end of them, both ends included",
        low=2,
        high=1000,
    )

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return the next point of the grid that is not known, None after the last."""
        for at, params in _points_after(self._last(history), self._axes(space), space):
            if is_new(params, history):
                return Suggestion(params, "grid", {"at": list(at), "points": self.points})
        return None

    def _last(self, history: History) -> Place:
        """Return where the last point from this grid stands in it, () before the first."""
        for trial in reversed(history.trials):
            if trial.notes.get("points") == self.points and "at" in trial.notes:
                return tuple(trial.notes["at"])
        return ()

    def _axes(self, space: Space) -> Mapping[str, "_Axis"]:
        return {name: _Axis(space.params[name], self.points) for name in space.order}


class _Axis:
    """The values of one parameter that the grid tries."""

    def __init__(self, parameter: Parameter, points: int) -> None:
        self.parameter = parameter
        self.points = points

    def __len__(self) -> int:
        return self.points if self.parameter.count is None else self.parameter.count

    def __getitem__(self, index: int) -> Value:
        if self.parameter.count is None:
            return self.parameter.from_unit(index / (self.points - 1))
        if isinstance(self.parameter, Int) and self.parameter.log:
            return int(self.parameter.low) + index
        return self.parameter.from_unit((index + 0.5) / len(self))


def _points_after(
    last: Place, axes: Mapping[str, _Axis], space: Space
) -> Iterator[tuple[Place, Params]]:
    """Yield the place and the params of every allowed point after `last`, parents first."""
    names = tuple(axes)

    def walk(known: Params, place: Place, on_path: bool) -> Iterator[tuple[Place, Params]]:
        depth = len(place)
        if depth == len(names):
            if not on_path:
                yield place, {n: known[n] for n in space.params if n in known}
            return
        name = names[depth]
        exists = name in space.active(known)
        first = last[depth] if on_path else 0
        for index in range(first, len(axes[name]) if exists else 1):
            params = {**known, name: axes[name][index]} if exists else known
            # A constraint counts as soon as all its names are known.
            if space.feasible(params):
                yield from walk(params, (*place, index), on_path and index == first)

    return walk({}, (), bool(last))
