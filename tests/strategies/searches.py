"""Drives a strategy as a study would, without running anything."""

from collections.abc import Callable, Sequence

from autosearch.space import Space
from autosearch.space.values import Params
from autosearch.strategies import Strategy, Suggestion, rng_for
from autosearch.trial import History, State, Trial

Objective = Callable[[Params], float | None]


def drive(
    strategy: Strategy,
    space: Space,
    objective: Objective,
    asks: int,
    seed: int = 0,
    failing: State = "failed",
) -> History:
    """Return the history after `asks` trials one after the other, or fewer where asking ends.

    A trial whose objective is None ends in the state `failing`.
    """
    history = History()
    for number in range(asks):
        suggestion = strategy.ask(space, history, rng_for(seed, number))
        if suggestion is None:
            break
        trial = tried(number, suggestion, objective(suggestion.params), failing)
        history = History((*history.trials, trial))
    return history


def tried(
    number: int, suggestion: Suggestion, loss: float | None, failing: State = "failed"
) -> Trial:
    """Return the suggestion as a trial that ended with `loss`, without one as `failing`."""
    return Trial(
        number,
        suggestion.params,
        origin=suggestion.origin,
        notes=suggestion.notes,
        state=failing if loss is None else "completed",
        losses=() if loss is None else (loss,),
    )


def history_of(space: Space, points: Sequence[Params], losses: Sequence[float | None]) -> History:
    """Return a history of these points, each asked by nobody in particular."""
    return History(
        tuple(
            tried(n, Suggestion(p), loss)
            for n, (p, loss) in enumerate(zip(points, losses, strict=True))
        )
    )
