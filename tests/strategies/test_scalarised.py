import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.asking import ask_next
from autosearch.pareto import hypervolume_of
from autosearch.records import Ended, Imported, fold
from autosearch.space import Choice, Float, Space
from autosearch.space.values import Params
from autosearch.strategies import Strategy, combine, make, rng_for
from autosearch.strategies.base import Suggestion
from autosearch.strategies.bayes.encoding import Encoding
from autosearch.strategies.bayes.knowledge import Knowledge
from autosearch.strategies.bayes.recipe import RECIPE
from autosearch.strategies.portfolio import Portfolio
from autosearch.strategies.scalarised import Scalarised, layered, scalarised
from autosearch.strategies.tpe import TPESearch
from autosearch.trial import History, Trial
from tests.contract.strategies import StrategyContract
from tests.strategies.searches import tried

SPACE = Space({"x": Float(0, 1), "y": Float(0, 1), "k": Choice(["a", "b"])})
FINITE = st.floats(allow_nan=False, allow_infinity=False)
WEIGHT = st.floats(0.05, 0.95)


def trials_of(losses: list[tuple[float, ...]]) -> tuple[Trial, ...]:
    return tuple(
        Trial(n, {"x": n / 100}, state="completed", losses=point) for n, point in enumerate(losses)
    )


class TestScalarised(StrategyContract):
    """With one objective it is the strategy that it wraps."""

    @pytest.fixture(params=["random", "tpe_search", "anneal_search"])
    def strategy(self, request: pytest.FixtureRequest) -> Strategy:
        return Scalarised(make(request.param))


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=12), WEIGHT)
def test_any_finite_losses_become_one_finite_loss_that_respects_dominance(
    losses: list[tuple[float, float]], weight: float
) -> None:
    trials = trials_of(losses)
    found = scalarised(trials, np.array([weight, 1 - weight]))
    assert all(len(t.losses) == 1 and math.isfinite(t.losses[0]) for t in found)
    for a, before in zip(found, trials, strict=True):
        for b, other in zip(found, trials, strict=True):
            if all(x <= y for x, y in zip(before.losses, other.losses, strict=True)):
                assert a.losses <= b.losses


@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=1, max_size=15), WEIGHT)
def test_layers_come_in_order_and_their_trials_by_trade_off(
    losses: list[tuple[int, int, int]], weight: float
) -> None:
    trials = trials_of([tuple(map(float, point)) for point in losses])
    weighed = scalarised(trials, np.array([weight, (1 - weight) / 2, (1 - weight) / 2]))
    found = layered(trials, weighed)
    left, depth = list(range(len(trials))), 0
    while left:
        front = [
            i
            for i in left
            if not any(
                losses[j] != losses[i]
                and all(a <= b for a, b in zip(losses[j], losses[i], strict=True))
                for j in left
            )
        ]
        assert all(depth <= found[i].losses[0] < depth + 1 for i in front)
        by_loss = sorted(front, key=lambda i: found[i].losses)
        values = [weighed[i].losses for i in by_loss]
        assert values == sorted(values)
        left, depth = [i for i in left if i not in front], depth + 1


def test_trials_that_break_a_constraint_push_none_back() -> None:
    known = trials_of([(0.0, 0.0), (0.5, 1.0), (1.0, 0.5)])
    broken = replace(known[0], constraints=(1.0,))
    trials = (broken, *known[1:], Trial(3, {"x": 0.5}, state="failed"))
    found = layered(trials, scalarised(trials, np.array([0.5, 0.5])))
    assert all(t.losses[0] < 1.0 for t in found[:3])
    assert found[3] == trials[3]


def test_more_trials_than_are_compared_still_have_an_order() -> None:
    points = np.random.default_rng(0).random((1200, 2))
    trials = trials_of([tuple(map(float, point)) for point in points])
    found = layered(trials, scalarised(trials, np.array([0.5, 0.5])))
    assert len({t.losses for t in found}) == len(trials)


@given(WEIGHT)
def test_the_units_of_the_objectives_do_not_matter(weight: float) -> None:
    losses = [(0.1, 9.0), (0.4, 3.0), (0.9, 1.0), (0.95, 5.0)]
    weights = np.array([weight, 1 - weight])
    plain = scalarised(trials_of(losses), weights)
    scaled = scalarised(trials_of([(1e6 * a + 3, 1e-6 * b) for a, b in losses]), weights)
    for one, other in zip(plain, scaled, strict=True):
        assert one.losses == pytest.approx(other.losses, abs=1e-6)


def test_every_corner_of_the_front_is_the_best_for_some_weights() -> None:
    # The middle lies in a dent, where no weighted sum alone would find it.
    losses = [(0.0, 1.0), (0.6, 0.6), (1.0, 0.0), (0.8, 0.9)]
    best = set()
    for weight in np.linspace(0.01, 0.99, 50):
        found = History(scalarised(trials_of(losses), np.array([weight, 1 - weight]))).best
        assert found is not None
        best.add(found.number)
    assert best == {0, 1, 2}


def test_what_has_no_losses_stays_as_it_is_and_constraints_stay() -> None:
    known = trials_of([(0.0, 1.0), (1.0, 0.0)])
    failed = Trial(2, {"x": 0.5}, state="failed")
    running = Trial(3, {"x": 0.6}, state="running")
    other = Trial(4, {"x": 0.7}, state="completed", losses=(1.0,))
    broken = replace(known[1], constraints=(2.0,))
    found = scalarised((known[0], broken, failed, running, other), np.array([0.5, 0.5]))
    assert found[2:4] == (failed, running)
    assert found[1].constraints == (2.0,)
    assert found[4].losses == ()


def trade_off(params: Params) -> tuple[float, float]:
    x, y = float(params["x"]), float(params["y"])
    rise = 1 + 3 * y + (params["k"] == "b")
    return x, rise * (1 - math.sqrt(x / rise))


def searched(strategy: Strategy, seed: int, asks: int = 30) -> History:
    history = History()
    for number in range(asks):
        suggestion = strategy.ask(SPACE, history, rng_for(seed, number))
        assert suggestion is not None
        assert suggestion == strategy.ask(SPACE, history, rng_for(seed, number))
        done = replace(tried(number, suggestion, 0.0), losses=trade_off(suggestion.params))
        history = History((*history.trials, done))
    return history


@pytest.mark.slow
@pytest.mark.parametrize("name", ["auto", "bayes_opt_search", "tpe_search", "anneal_search"])
def test_the_front_is_found_better_than_by_chance(name: str) -> None:
    def volume(chosen: str) -> float:
        found = [searched(combine([(chosen, {})], 30, 2), seed) for seed in range(3)]
        return sum(hypervolume_of(history, [1.1, 3.0]) for history in found)

    assert volume(name) > volume("random")


def test_with_several_objectives_nothing_draws_away_from_the_bounds() -> None:
    history = searched(combine([("bayes_opt_search", {})], 12, 2), 0, asks=12)
    alone = History(scalarised(history.trials, np.array([0.5, 0.5])))
    several = replace(alone, objectives=2)
    known = [Knowledge(Encoding(SPACE), h, RECIPE) for h in (alone, several)]
    bowls = [k.loss_likelihood(k.features, k.outcomes.values).bowl for k in known]
    assert bowls == [RECIPE.bowl, 0.0]
    assert not [t for t in history.trials if t.origin.endswith("/descent")]
    assert replace(several, before=alone.trials).continued.objectives == 2


def test_several_objectives_wrap_a_portfolio_once() -> None:
    found = combine([("tpe_search", {}), ("random", {})], 10, 3)
    assert isinstance(found, Scalarised)
    assert not found.layered
    assert combine([("tpe_search", {}), ("anneal_search", {})], 10, 2).layered  # type: ignore[attr-defined]
    assert combine([("random", {})], 10, 1) == make("random")
    assert combine([("random", {})], 1, 0) == make("random")


def test_among_more_objectives_fewer_trials_count_as_good() -> None:
    def gammas(objectives: int) -> list[float]:
        entries: list[tuple[str, dict[str, float]]] = [
            ("tpe_search", {"gamma": 0.2}),
            ("random", {}),
        ]
        made = combine(entries, 30, objectives)
        inner = made.inner if isinstance(made, Scalarised) else made
        assert isinstance(inner, Portfolio)
        return [one.gamma for _, one in inner.members if isinstance(one, TPESearch)]

    assert gammas(1) == gammas(2) == [0.2]
    assert gammas(3) == [pytest.approx(0.04)]


class Spy:
    """Keeps the history that it was shown."""

    def ask(self, space: Space, history: History, rng: np.random.Generator) -> Suggestion:
        self.seen = history
        return Suggestion(space.sample(rng))


def test_other_searches_results_are_weighed_each_by_its_own_front() -> None:
    points: list[tuple[float, ...]] = [(0.0, 4.0), (1.0, 1.0), (4.0, 0.0), (5.0, 5.0)]
    one = tuple(replace(t, origin="one") for t in trials_of([*points, ()]))
    # Losses of two searches are not comparable: other units, and the same order.
    larger = trials_of([tuple(1000.0 * x + 7.0 for x in point) for point in points])
    other = tuple(replace(t, origin="other", number=t.number + 9) for t in larger)
    spy = Spy()
    Scalarised(spy).ask(SPACE, History(trials_of(points), (*one, *other)), rng_for(0, 0))
    losses = [t.losses for t in spy.seen.earlier]
    assert losses[:4] == [t.losses for t in spy.seen.trials]
    assert losses[4] == ()
    assert np.allclose(losses[5:], losses[:4])


def test_results_of_another_search_bring_the_front_sooner() -> None:
    def values(params: Params) -> tuple[float, float]:
        x, y = float(params["x"]), float(params["y"])
        return (x - 0.8) ** 2 + (y - 0.3) ** 2, (x - 0.6) ** 2 + (y - 0.2) ** 2

    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    rng = np.random.default_rng(3)
    points = [space.sample(rng) for _ in range(30)]
    old = Imported(0.0, "old", tuple((p, values(p)) for p in points))

    def volume(imported: list[Imported], seed: int) -> float:
        history = fold(History(), imported)
        strategy = combine([("bayes_opt_search", {})], None, 2)
        for number in range(4):
            asked = ask_next(strategy, space, history, seed=seed, at=0.0)
            assert asked is not None
            ended = Ended(number, 0, 0.0, "completed", values(asked.params))
            history = fold(history, [asked, ended])
        return hypervolume_of(history, (0.1, 0.1))

    warm, cold = (np.mean([volume(given, seed) for seed in range(3)]) for given in ([old], []))
    assert warm > cold
