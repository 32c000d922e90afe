import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosearch.space import Choice, Float, Space
from autosearch.strategies import combine, make, rng_for
from autosearch.strategies.bayes.design import cheap_side
from autosearch.strategies.bayes.encoding import Encoding
from autosearch.strategies.bayes_opt import BayesOpt
from autosearch.trial import History, Trial
from tests.strategies.searches import tried

SPACE = Space({"x": Float(0, 1), "y": Float(0, 1), "k": Choice(["a", "b"])})
SECONDS = st.none() | st.sampled_from([0.0, 1.0, 1e-9, 1e9, math.nan]) | st.floats(0, 1e6)


def history_of(seconds: list[float | None]) -> History:
    rng = np.random.default_rng(3)
    return History(
        tuple(
            Trial(n, SPACE.sample(rng), state="completed", losses=(float(rng.random()),), seconds=s)
            for n, s in enumerate(seconds)
        )
    )


def searched(strategy: BayesOpt, seed: int, asks: int = 20) -> History:
    """Search where y makes trials up to a hundred times as long, and no better."""
    history = History()
    for number in range(asks):
        suggestion = strategy.ask(SPACE, history, rng_for(seed, number))
        assert suggestion is not None
        x, y = (float(suggestion.params[name]) for name in ("x", "y"))
        done = tried(number, suggestion, (x - 0.6) ** 2)
        history = History((*history.trials, replace(done, seconds=10 ** (2 * y))))
    return history


@settings(max_examples=25, deadline=None)
@given(st.lists(SECONDS, min_size=2, max_size=16))
def test_any_seconds_give_one_suggestion_that_is_allowed(seconds: list[float | None]) -> None:
    history = history_of(seconds)
    strategy = BayesOpt(cost="seconds")
    first = strategy.ask(SPACE, history, rng_for(1, len(history)))
    assert first == strategy.ask(SPACE, history, rng_for(1, len(history)))
    assert first is not None
    assert SPACE.problems(first.params) == []


def test_without_seconds_it_is_the_plain_search() -> None:
    known, unknown = history_of([float(n + 1) for n in range(12)]), history_of([None] * 12)
    plain = BayesOpt().ask(SPACE, known, rng_for(1, 12))
    assert BayesOpt(cost="seconds").ask(SPACE, unknown, rng_for(1, 12)) == plain
    priced = BayesOpt(cost="seconds").ask(SPACE, known, rng_for(1, 12))
    assert plain is not None and priced is not None and priced.params != plain.params
    for n in range(2, 6):
        few = History(unknown.trials[:n])
        found = BayesOpt(cost="seconds").ask(SPACE, few, rng_for(1, n))
        assert found == BayesOpt().ask(SPACE, few, rng_for(1, n))


def test_the_cheap_side_is_where_the_seconds_fall() -> None:
    space = Space({"a": Float(0, 1), "b": Float(0, 1), "c": Float(0, 1), "k": Choice(["p", "q"])})
    encoding = Encoding(space)
    rows = encoding.rows(
        [
            {"a": 0.5, "b": 0.5, "c": 0.5, "k": "p"},
            {"a": 0.8, "b": 0.5, "c": 0.5, "k": "p"},
            {"a": 0.5, "b": 0.2, "c": 0.5, "k": "p"},
            {"a": 0.5, "b": 0.5, "c": 0.5, "k": "q"},
        ]
    )
    found = cheap_side(encoding, encoding.features(rows), np.log([10.0, 40.0, 9.0, 2.0]), 0.3)
    assert encoding.params(found) == pytest.approx({"a": 0.2, "b": 0.2, "c": 0.5, "k": "q"})


def first_steps(seed: int, seconds: Callable[[float], float], least: float = 0.0) -> History:
    """Start a search of 1 - a, thrifty; where a is less than `least`, a constraint is broken."""
    space = Space({name: Float(0, 1) for name in "abcd"})
    history, strategy = History(), BayesOpt(cost="seconds")
    for number in range(7):
        suggestion = strategy.ask(space, history, rng_for(seed, number))
        assert suggestion is not None
        a = float(suggestion.params["a"])
        done = tried(number, suggestion, 1 - a)
        constraints = (least - a,) if least else ()
        done = replace(done, seconds=seconds(a), constraints=constraints)
        history = History((*history.trials, done))
    return history


@pytest.mark.parametrize("seed", range(5))
def test_first_steps_stay_where_trials_are_cheap_though_they_are_worse(seed: int) -> None:
    history = first_steps(seed, lambda a: 10 ** (2 * a))
    assert [t.params["a"] for t in history.trials[2:5]] == pytest.approx([0.2] * 3)
    assert not any(t.origin.endswith("/descent") for t in history.trials)


@pytest.mark.parametrize("seed", range(3))
def test_a_cheap_side_that_breaks_a_constraint_is_left(seed: int) -> None:
    history = first_steps(seed, lambda a: 10 ** (2 * a), least=0.4)
    # The second trial may find out; what follows it starts from what is allowed.
    assert all(t.feasible for t in history.trials[3:5])


@pytest.mark.parametrize("seed", range(3))
def test_seconds_that_hardly_differ_change_no_first_step(seed: int) -> None:
    history = first_steps(seed, lambda a: 10 + 0.1 * a)
    best = max(float(t.params["a"]) for t in history.trials[:2])
    assert [t.params["a"] for t in history.trials[2:5]] == pytest.approx([best] * 3)
    assert all(t.origin.endswith("/descent") for t in history.trials[5:])


def test_what_costs_more_and_gives_nothing_is_tried_less() -> None:
    seeds = range(4)
    thrifty = [searched(BayesOpt(cost="seconds"), seed) for seed in seeds]
    plain = [searched(BayesOpt(), seed) for seed in seeds]
    spent = [sum(t.seconds or 0.0 for h in found for t in h.trials) for found in (thrifty, plain)]
    assert spent[0] < 0.8 * spent[1]
    for history in thrifty:
        assert history.best is not None
        assert history.best.losses[0] < 0.001
        assert "cost" in history.trials[-1].notes


def test_the_default_strategy_takes_it_too() -> None:
    made = make("bayes_opt_search", {"cost": "seconds"}, 30)
    assert made == BayesOpt(cost="seconds", trials=30)
    auto = combine([("auto", {"cost": "seconds"})], 30)
    history = history_of([float(n + 1) for n in range(12)])
    found, other = (s.ask(SPACE, history, rng_for(1, 12)) for s in (auto, made))
    assert found is not None
    assert found == other
