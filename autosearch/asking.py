"""Asking a strategy for the next trial of a history."""

import hashlib

from autosearch.records import Asked
from autosearch.space import Space
from autosearch.strategies.base import Strategy, rng_for
from autosearch.strategies.earlier import earlier_point
from autosearch.trial import History


def trial_seed(seed: int, number: int) -> int:
    """Return the seed of a trial's program, in 0..2**31-1, made of the search's and its number."""
    digest = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def ask_next(
    strategy: Strategy, space: Space, history: History, *, seed: int, at: float
) -> Asked | None:
    """Return the record of the next trial, or None where the space holds no more.

    Some of the first are the best points of the searches that this one starts from. seed: the
    search's. at: the time, in seconds since the epoch; it has no say in the choice.
    """
    number = len(history)
    suggestion = earlier_point(space, history) or strategy.ask(
        space, history, rng_for(seed, number)
    )
    if suggestion is None:
        return None
    return Asked(
        number=number,
        params=dict(suggestion.params),
        at=at,
        seed=trial_seed(seed, number),
        origin=suggestion.origin,
        notes=dict(suggestion.notes),
        repeat_of=suggestion.repeat_of,
    )
