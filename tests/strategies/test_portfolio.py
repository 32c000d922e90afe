from dataclasses import dataclass

import numpy as np

from autosearch.space import Float, Int, Space
from autosearch.strategies import Suggestion, combine, rng_for
from autosearch.strategies.portfolio import Portfolio
from autosearch.trial import History
from tests.strategies.searches import drive

LINE = Space({"x": Float(0, 1)})


@dataclass(frozen=True)
class Near:
    """Draws around a place; gives up after some trials."""

    place: float
    ends_after: int = 10**9

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion | None:
        mine = [t for t in history.trials if t.notes.get("place") == self.place]
        if len(mine) >= self.ends_after:
            return None
        x = self.place + 0.01 * float(rng.random())
        return Suggestion({"x": x}, "near/step", {"place": self.place})


def _origins(history: History) -> list[str]:
    return [t.origin for t in history.trials]


def test_first_each_member_gets_a_trial_in_the_order_given() -> None:
    portfolio = Portfolio.of([("a", Near(0.9)), ("b", Near(0.1)), ("c", Near(0.5))])
    history = drive(portfolio, LINE, lambda p: float(p["x"]), asks=3)
    assert _origins(history) == ["a/step", "b/step", "c/step"]


def test_trials_go_to_the_member_that_delivers() -> None:
    portfolio = Portfolio.of([("bad", Near(0.9)), ("good", Near(0.1))])
    history = drive(portfolio, LINE, lambda p: float(p["x"]), asks=60)
    assert _origins(history).count("good/step") > 40
    assert _origins(history).count("bad/step") >= 2


def test_a_member_whose_trials_fail_delivers_nothing() -> None:
    portfolio = Portfolio.of([("fails", Near(0.1)), ("works", Near(0.9))])
    history = drive(portfolio, LINE, lambda p: None if p["x"] < 0.5 else 1.0, asks=40)  # type: ignore[operator]
    assert _origins(history).count("works/step") > 25


def test_when_a_member_has_no_more_the_others_go_on() -> None:
    portfolio = Portfolio.of([("short", Near(0.1, ends_after=2)), ("long", Near(0.9))])
    history = drive(portfolio, LINE, lambda p: float(p["x"]), asks=20)
    assert len(history) == 20
    assert _origins(history).count("short/step") == 2


def test_when_no_member_has_more_the_search_ends() -> None:
    space = Space({"n": Int(1, 7)})
    strategy = combine([("random", {}), ("grid", {}), ("anneal_search", {})])
    history = drive(strategy, space, lambda p: float(p["n"]), asks=20)
    assert sorted(t.params["n"] for t in history.trials) == list(range(1, 8))


def test_members_of_one_name_are_told_apart() -> None:
    strategy = combine([("anneal_search", {}), ("anneal_search", {"shrink_coef": 1.0})])
    history = drive(strategy, LINE, lambda p: float(p["x"]), asks=8)
    names = {origin.partition("/")[0] for origin in _origins(history)}
    assert names == {"anneal_search", "anneal_search#2"}


def test_trials_of_others_do_not_count() -> None:
    portfolio = Portfolio.of([("a", Near(0.9)), ("b", Near(0.1))])
    foreign = drive(Near(0.2), LINE, lambda p: 0.0, asks=5)
    suggestion = portfolio.ask(LINE, foreign, rng_for(0, 5))
    assert suggestion is not None
    assert suggestion.origin == "a/step"
