"""Drives a strategy as a study would, without running anything."""

from collections.abc import Callable, Sequence

from autosearch.space import Float, Space
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


def failures(strategy: Strategy, state: State, seeds: int = 4) -> int:
    """Return how many of 40 trials fail, over all seeds, where half of a plane does.

    The best point that does not fail lies at the border. state: what a failing trial ends in.
    """
    plane = Space({"x": Float(0, 1), "y": Float(0, 1)})

    def fails_beside_the_best(params: Params) -> float | None:
        x, y = float(params["x"]), float(params["y"])
        return None if x > 0.5 else (x - 0.55) ** 2 + (y - 0.3) ** 2

    histories = (
        drive(strategy, plane, fails_beside_the_best, 40, seed, state) for seed in range(seeds)
    )
    return sum(not trial.losses for history in histories for trial in history.trials)
