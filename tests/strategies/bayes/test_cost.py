from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosearch.space import Choice, Float, Space
from autosearch.strategies import combine, make, rng_for
from autosearch.strategies.bayes.cost import share_left
from autosearch.strategies.bayes_opt import BayesOpt
from autosearch.trial import History, Trial
from tests.strategies.searches import tried

SPACE = Space({"x": Float(0, 1), "y": Float(0, 1), "k": Choice(["a", "b"])})
SECONDS = st.none() | st.sampled_from([0.0, 1.0, 1e-9, 1e9]) | st.floats(0, 1e6)


def history_of(seconds: list[float | None]) -> History:
    rng = np.random.default_rng(3)
    return History(
        tuple(
            Trial(n, SPACE.sample(rng), state="completed", losses=(float(rng.random()),), seconds=s)
            for n, s in enumerate(seconds)
        )
    )


def searched(strategy: BayesOpt, seed: int, asks: int = 20) -> History:
    """Search where y makes trials up to a hundred times as long, and hardly better."""
    history = History()
    for number in range(asks):
        suggestion = strategy.ask(SPACE, history, rng_for(seed, number))
        assert suggestion is not None
        x, y = (float(suggestion.params[name]) for name in ("x", "y"))
        done = tried(number, suggestion, (x - 0.6) ** 2 + 0.01 * (1 - y))
        history = History((*history.trials, replace(done, seconds=10 ** (2 * y))))
    return history


@given(st.lists(SECONDS, max_size=20), st.integers(1, 50), st.floats(1e-3, 1e6))
def test_what_is_left_only_shrinks(
    seconds: list[float | None], trials: int, budget_s: float
) -> None:
    history = history_of(seconds)
    shares = [
        share_left(History(history.trials[:n]), trials, budget_s) for n in range(len(history) + 1)
    ]
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert shares == sorted(shares, reverse=True)
    assert share_left(history, None, None) == 1.0


@settings(max_examples=25, deadline=None)
@given(st.lists(SECONDS, min_size=2, max_size=16))
def test_any_seconds_give_one_suggestion_that_is_allowed(seconds: list[float | None]) -> None:
    history = history_of(seconds)
    strategy = BayesOpt(cost="seconds")
    first = strategy.ask(SPACE, history, rng_for(1, len(history)))
    assert first == strategy.ask(SPACE, history, rng_for(1, len(history)))
    assert first is not None
    assert SPACE.problems(first.params) == []


def test_without_seconds_or_at_the_end_it_is_the_plain_search() -> None:
    known, unknown = history_of([float(n + 1) for n in range(12)]), history_of([None] * 12)
    for history, strategy in (
        (unknown, BayesOpt(cost="seconds")),
        (known, BayesOpt(cost="seconds", trials=12)),
        (known, BayesOpt(cost="seconds", budget_s=1.0)),
        (known, BayesOpt(cost="none", trials=100)),
    ):
        found = strategy.ask(SPACE, history, rng_for(1, 12))
        assert found == BayesOpt().ask(SPACE, history, rng_for(1, 12))
    assert BayesOpt(cost="seconds").ask(SPACE, known, rng_for(1, 12)) != BayesOpt().ask(
        SPACE, known, rng_for(1, 12)
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_costs_more_and_gives_little_is_tried_less(seed: int) -> None:
    thrifty, plain = searched(BayesOpt(cost="seconds"), seed), searched(BayesOpt(), seed)
    spent = [sum(t.seconds or 0.0 for t in h.trials) for h in (thrifty, plain)]
    assert spent[0] < 0.7 * spent[1]
    assert thrifty.best is not None
    assert thrifty.best.losses[0] < 0.02
    assert "cost" in thrifty.trials[-1].notes


def test_the_budget_reaches_the_strategies_that_know_it() -> None:
    made = make("bayes_opt_search", {"cost": "seconds"}, 30, 120.0)
    assert made == BayesOpt(cost="seconds", trials=30, budget_s=120.0)
    auto = combine([("auto", {"cost": "seconds"})], 30, 1, 120.0)
    history = history_of([float(n + 1) for n in range(12)])
    found, other = (s.ask(SPACE, history, rng_for(1, 12)) for s in (auto, made))
    assert found is not None
    assert found == other
