import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosearch.asking import ask_next
from autosearch.records import Ended, Imported, fold
from autosearch.space import Float, Space
from autosearch.space.values import Params
from autosearch.strategies import make, rng_for
from autosearch.strategies.bayes import earlier
from autosearch.strategies.bayes.earlier import Informed, informed
from autosearch.strategies.bayes.encoding import Encoding
from autosearch.strategies.bayes.gaussian import GaussianProcess
from autosearch.trial import History, Trial
from tests.space.spaces import spaces

SPACE = Space({name: Float(0, 1) for name in "xyz"})


def valley(params: Params) -> float:
    x, y, z = (float(v) for v in params.values())
    return (x - 0.2) ** 2 + 3 * (y - 0.7) ** 2 + (x - z) ** 2


def results(loss: object, size: int = 30, source: str = "old") -> Imported:
    rng = np.random.default_rng(3)
    points = [SPACE.sample(rng) for _ in range(size)]
    return Imported(0.0, source, tuple((p, loss(p)) for p in points))  # type: ignore[operator]


def after(imported: list[Imported], trials: int, seed: int = 0) -> History:
    """Returns the history of a search in the valley."""
    history, strategy = fold(History(), imported), make("bayes_opt_search")
    for _ in range(trials):
        asked = ask_next(strategy, SPACE, history, seed=seed, at=0.0)
        assert asked is not None
        ended = Ended(asked.number, 0, 0.0, "completed", (valley(asked.params),))
        history = fold(history, [asked, ended])
    return history


def test_without_earlier_results_nothing_is_added() -> None:
    assert informed(SPACE, after([], 4)) == Encoding(SPACE)


def test_a_search_that_holds_here_is_believed_and_others_are_not() -> None:
    helpful, opposite = results(valley), results(lambda p: -valley(p), source="wrong")
    history = after([helpful, opposite], 5)
    encoding = informed(SPACE, history)
    assert isinstance(encoding, Informed)
    assert len(encoding.models) == 1
    units = encoding.rows([{"x": 0.2, "y": 0.7, "z": 0.2}, {"x": 0.9, "y": 0.1, "z": 0.1}])
    good, bad = encoding.models[0].mean(Encoding.features(encoding, units))
    assert good < bad
    width = Encoding(SPACE).features(units).trend.shape[1]
    assert encoding.features(units).trend.shape == (2, width + 1)
    assert informed(SPACE, after([opposite], 5)) == Encoding(SPACE)


def test_nothing_is_believed_before_four_trials() -> None:
    assert informed(SPACE, after([results(valley)], 3)) == Encoding(SPACE)


def test_a_search_of_noise_is_not_believed_whatever_it_agrees_with() -> None:
    def models(imported: Imported) -> tuple[GaussianProcess, ...]:
        return earlier._models(SPACE, earlier._Identical(fold(History(), [imported]).earlier))

    rng = np.random.default_rng(5)
    noise = [results(lambda p: rng.normal(), source=f"noise {n}") for n in range(20)]
    assert sum(len(models(n)) for n in noise) <= 3
    assert len(models(results(valley))) == 1
    assert len(models(results(lambda p: valley(p) + 0.2 * rng.normal()))) == 1


def test_what_is_believed_ends_the_first_exploration() -> None:
    def explored(history: History) -> int:
        return sum(t.origin.endswith("/initial") for t in history.trials)

    believed, alone = after([results(valley)], 8), after([], 8)
    assert explored(believed) < explored(alone)


@pytest.mark.parametrize("loss", [valley, lambda p: 5.0 + 80.0 * valley(p)])
def test_results_of_the_same_task_lead_to_the_minimum_at_once(loss: object) -> None:
    def found(imported: list[Imported]) -> float:
        best = [after(imported, 8, seed).best for seed in range(3)]
        return float(np.mean([math.inf if t is None else t.losses[0] for t in best]))

    assert found([results(loss)]) < found([]) / 2


def test_models_are_made_once_and_what_is_asked_does_not_depend_on_it() -> None:
    history = after([results(valley)], 6)
    strategy = make("bayes_opt_search")
    one = strategy.ask(SPACE, history, rng_for(0, 6))
    earlier._models.cache_clear()
    again = replace(history, earlier=(*history.earlier,))
    assert strategy.ask(SPACE, again, rng_for(0, 6)) == one
    assert strategy.ask(SPACE, again, rng_for(0, 6)) == one
    assert earlier._models.cache_info().misses == 1


@settings(max_examples=25)
@given(
    space=spaces(max_size=3),
    losses=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6),
    own=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=5, max_size=7),
)
def test_any_results_may_be_earlier_ones(
    space: Space, losses: list[float], own: list[float]
) -> None:
    rng = np.random.default_rng(0)
    old = tuple((space.sample(rng), loss) for loss in losses)
    trials = tuple(
        Trial(n, space.sample(rng), state="completed", losses=(loss,)) for n, loss in enumerate(own)
    )
    history = replace(fold(History(), [Imported(0.0, "old", old)]), trials=trials)
    suggestion = make("bayes_opt_search").ask(space, history, rng_for(0, len(own)))
    assert suggestion is None or space.contains(suggestion.params)
