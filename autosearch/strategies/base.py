"""What a search strategy is: a frozen dataclass of settings with one pure method.

Its settings are its YAML keys, its help and its REST listing: fields made by `setting`, each with a
default, a line of help, and a range or choices. A field made otherwise is no setting; one named
`trials` is filled with the number of trials that the search will have (None: unknown). A class with
`ordinal = True` looks at the order of losses alone, which helps it with several objectives.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from autosearch.space import Space
from autosearch.space.values import Params
from autosearch.trial import History

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The params of the next trial.

    origin: the strategy, and the step in it, that made them, e.g. "bayes_opt_search/initial".
    notes: small JSON that History hands back with the trial; a strategy has no other memory.
    repeat_of: the number of the trial that is repeated on purpose.
    """

    params: Params
    origin: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)
    repeat_of: int | None = None


@runtime_checkable
class Strategy(Protocol):
    """Chooses the params of the next trial from everything known so far.

    `ask` is pure: the same space, history and generator state give the same suggestion in any
    process. It sees running trials in `history.pending`, treats trials without a loss as
    information, never repeats known params unless it says so (`repeat_of`), and returns None when
    the space holds no more. Its cost is bounded as the history grows. What it makes of
    `history.earlier` is its own affair: the best of them come first without its help.
    """

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        """Return the next suggestion, or None when the space is exhausted."""


def rng_for(seed: int, number: int) -> np.random.Generator:
    """Return the generator with which trial `number` of a search with `seed` is asked."""
    return np.random.default_rng([seed, number])


def setting(  # noqa: PLR0913  # all that describes a setting
    default: T,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    exclusive: bool = False,
    needs: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> T:
    """Return a dataclass field that describes itself; bounds are inclusive unless `exclusive`.

    needs: other settings → the values of theirs that this one has an effect with; with any other it
    must keep its default.
    """
    metadata = {"help": help, "low": low, "high": high, "choices": choices, "exclusive": exclusive}
    return field(default=default, metadata={**metadata, "needs": needs})


def settings_of(strategy: type[Any]) -> Mapping[str, dataclasses.Field[Any]]:
    """Return a strategy class's settings by name, in the order of their definition."""
    return {f.name: f for f in dataclasses.fields(strategy) if "help" in f.metadata}
