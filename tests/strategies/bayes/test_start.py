import numpy as np
import pytest

from autosearch.space import Choice, Float, Space
from autosearch.strategies.base import Suggestion, rng_for
from autosearch.strategies.bayes.recipe import RECIPE
from autosearch.strategies.bayes_opt import BayesOpt
from autosearch.trial import History, Trial
from tests.strategies.searches import tried

CUBE = Space({f"x{i}": Float(0.0, 1.0) for i in range(3)})


def _running(space: Space, history: History, more: int, seed: int = 0) -> History:
    """Return `history` and so many more trials, all of them running."""
    for _ in range(more):
        number = len(history)
        suggestion = BayesOpt().ask(space, history, rng_for(seed, number))
        assert suggestion is not None
        running = Trial(number, suggestion.params, origin=suggestion.origin, notes=suggestion.notes)
        history = History((*history.trials, running))
    return history


def _rows(space: Space, history: History) -> np.ndarray:
    return np.array([space.to_unit(t.params) for t in history.trials])


@pytest.mark.parametrize("seed", range(5))
def test_first_points_that_run_together_lie_on_both_sides_of_the_start(seed: int) -> None:
    start, *steps = _rows(CUBE, _running(CUBE, History(), 7, seed))
    moves = np.array(steps) - start
    assert (np.count_nonzero(moves, axis=1) == 1).all()
    assert np.abs(moves).max(axis=1) == pytest.approx(np.full(6, RECIPE.first_step))
    # No two of the six are the same: each parameter goes up once and down once.
    assert len(np.unique(moves.round(6), axis=0)) == 6


@pytest.mark.parametrize("loss", [0.3, None], ids=["one ended", "one failed"])
def test_so_they_do_when_one_has_ended_unless_it_failed(loss: float | None) -> None:
    start, other, *others = _running(CUBE, History(), 4).trials
    ended = tried(1, Suggestion(other.params, other.origin), loss)
    history = _running(CUBE, History((start, ended, *others)), 1)
    row = _rows(CUBE, history)[-1]
    moved = np.count_nonzero(row - CUBE.to_unit(start.params))
    assert moved == (3 if loss is None else 1)


def test_more_than_there_are_sides_are_spread_out() -> None:
    space = Space({"x": Float(0.0, 1.0), "c": Choice(["a", "b"])})
    history = _running(space, History(), 16)
    assert len({space.key(t.params) for t in history.trials}) == 16
    assert np.ptp(_rows(space, history)[:, 0]) > 0.6
