"""What every strategy promises, whoever wrote it: inherit, and name who is held to it.

class TestMine(StrategyContract):
    @pytest.fixture(params=["mine"])
    def strategy(self, request): return make(request.param)
"""

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autosearch.asking import ask_next
from autosearch.records import Ended, Imported, fold
from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.values import Params
from autosearch.strategies import Strategy, rng_for
from autosearch.trial import STATES, History, State, Trial
from tests.space.spaces import spaces
from tests.strategies.searches import drive

LOSSES = st.one_of(st.none(), st.floats(-1e300, 1e300), st.sampled_from([0.0, 1.0]))
MIXED = Space(
    {
        "lr": Float(1e-5, 1e-1, scale="log", default=0.003),
        "opt": Choice(["adam", "sgd"]),
        "momentum": Float(0, 0.99, when={"opt": "sgd"}),
        "layers": Int(1, 8),
        "width": Int(8, 512, scale="log"),
    }
)
FINITE = Space(
    {
        "batch": Choice([16, 64, 256]),
        "accum": Int(1, 4),
        "amp": Bool(),
        "level": Choice(["O1", "O2"], when={"amp": True}),
    },
    constraints=["batch * accum <= 512"],
    skip=[{"batch": 16, "amp": True}],
)
NOTES_LIMIT = 10_000


@st.composite
def histories(draw: st.DrawFn, space: Space, most: int = 12) -> History:
    """Histories of points of `space` in any state, with losses of any size."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    trials = []
    for number in range(draw(st.integers(0, most))):
        loss = draw(LOSSES)
        without: list[State] = [s for s in STATES if s not in ("completed", "timed_out")]
        state = draw(st.sampled_from(without)) if loss is None else "completed"
        losses = () if loss is None else (loss,)
        trials.append(Trial(number, space.sample(rng), state=state, losses=losses))
    return History(tuple(trials))


def bowl(params: Params) -> float:
    """Return a smooth loss of the numbers, whatever they are called."""
    numbers = [float(v) for v in params.values() if not isinstance(v, str)]
    return sum((x - 0.3) ** 2 for x in numbers) + 0.1 * len(params)


class StrategyContract:
    """Override `strategy` with a fixture that returns the strategy under test."""

    examples = settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
    )

    @pytest.fixture
    def strategy(self) -> Strategy:
        raise NotImplementedError

    @examples
    @given(data=st.data(), space=spaces(), seed=st.integers(0, 2**31))
    def test_ask_is_pure_and_stays_in_the_space(
        self, strategy: Strategy, data: st.DataObject, space: Space, seed: int
    ) -> None:
        history = data.draw(histories(space))
        before = copy.deepcopy(history.trials)
        first = strategy.ask(space, history, rng_for(seed, len(history)))
        second = strategy.ask(space, history, rng_for(seed, len(history)))
        assert first == second
        assert history.trials == before
        if first is not None:
            assert space.problems(first.params) == []
            assert {type(v) for v in first.params.values()} <= {int, float, str, bool}
            assert all(first.params != t.params for t in history.trials)
            assert first.origin

    def test_only_parameters_that_exist_are_suggested(self, strategy: Strategy) -> None:
        history = drive(strategy, MIXED, bowl, asks=15)
        for trial in history.trials:
            assert ("momentum" in trial.params) == (trial.params["opt"] == "sgd")

    def test_trials_asked_in_parallel_differ(self, strategy: Strategy) -> None:
        history = drive(strategy, MIXED, bowl, asks=6)
        for number in range(6, 14):
            suggestion = strategy.ask(MIXED, history, rng_for(1, number))
            assert suggestion is not None
            assert all(suggestion.params != t.params for t in history.trials)
            history = History((*history.trials, Trial(number, suggestion.params, state="running")))

    @pytest.mark.parametrize("failing", [{0}, {5}, {11}, set(range(12))])
    def test_trials_that_fail_never_stop_the_search(
        self, strategy: Strategy, failing: set[int]
    ) -> None:
        calls = iter(range(12))
        history = drive(
            strategy, MIXED, lambda p: None if next(calls) in failing else bowl(p), asks=12
        )
        assert len(history) == 12

    def test_a_search_whose_best_trials_fail_goes_on(self, strategy: Strategy) -> None:
        history = drive(strategy, MIXED, lambda p: v if (v := bowl(p)) > 10 else None, asks=12)
        assert len(history) == 12

    def test_a_finite_space_ends_after_every_point_exactly_once(self, strategy: Strategy) -> None:
        history = drive(strategy, FINITE, bowl, asks=100)
        keys = [FINITE.key(t.params) for t in history.trials]
        assert len(keys) == len(set(keys))
        assert set(keys) == {FINITE.key(p) for p in FINITE.points()}

    def test_trials_from_before_are_the_beginning_of_the_search(self, strategy: Strategy) -> None:
        points = list(FINITE.points())
        known, left = points[:-4], points[-4:]
        results = tuple((p, (bowl(p),)) for p in known)
        history = fold(History(), [Imported(0.0, "old", results, same=True)])
        while asks := ask_next(strategy, FINITE, history, seed=0, at=0.0):
            ended = Ended(asks.number, 0, 0.0, "completed", (bowl(asks.params),))
            history = fold(history, [asks, ended])
        asked = [t.params for t in history.trials]
        assert asked[0] == min(known, key=bowl)
        assert sorted(map(str, asked[1:])) == sorted(map(str, left))

    def test_a_space_of_one_point_is_tried_once(self, strategy: Strategy) -> None:
        space = Space({"only": Choice(["this"])})
        assert [t.params for t in drive(strategy, space, bowl, asks=3).trials] == [{"only": "this"}]

    def test_constraints_and_skipped_combinations_are_kept(self, strategy: Strategy) -> None:
        space = Space(
            {"a": Float(0, 1), "b": Float(0, 1), "c": Choice(["x", "y"])},
            constraints=["a + b <= 1"],
            skip=[{"c": "y"}],
        )
        for trial in drive(strategy, space, bowl, asks=20).trials:
            assert space.problems(trial.params) == []

    def test_notes_are_small_json(self, strategy: Strategy) -> None:
        for trial in drive(strategy, MIXED, bowl, asks=15).trials:
            text = json.dumps(trial.notes, allow_nan=False)
            assert json.loads(text) == trial.notes
            assert len(text) < NOTES_LIMIT

    def test_a_search_goes_on_from_its_records_alone(self, strategy: Strategy) -> None:
        whole = drive(strategy, MIXED, bowl, asks=16)
        # What a store keeps: numbers, text and JSON; nothing of the objects that were there.
        kept = History(
            tuple(
                Trial(
                    t.number,
                    json.loads(json.dumps(t.params)),
                    origin=t.origin,
                    notes=json.loads(json.dumps(t.notes)),
                    state=t.state,
                    losses=t.losses,
                )
                for t in whole.trials[:9]
            )
        )
        again = pickle.loads(pickle.dumps(strategy))
        for number in range(9, 16):
            suggestion = again.ask(MIXED, kept, rng_for(0, number))
            assert suggestion is not None
            assert suggestion.params == whole.trials[number].params
            kept = History((*kept.trials, whole.trials[number]))

    def test_losses_of_any_size_are_borne(self, strategy: Strategy) -> None:
        sizes = [1e308, -1e308, 0.0, 5e-324, 1.0, 1.0, 1.0, 1e-300]
        calls = iter(sizes * 2)
        assert len(drive(strategy, MIXED, lambda p: next(calls), asks=16)) == 16
