import pytest
from hypothesis import settings

from autosearch.space import Choice, Float, Space
from autosearch.space.values import Params
from autosearch.strategies import Strategy, make, rng_for
from autosearch.trial import History, Trial
from tests.contract.strategies import FINITE, MIXED, StrategyContract, bowl
from tests.strategies.searches import drive

SKOPT = [{"surrogate": "gp", "kind": "ucb"}, {"surrogate": "forest"}]


@pytest.mark.slow
class TestHyperopt(StrategyContract):
    examples = settings(StrategyContract.examples, max_examples=15)

    @pytest.fixture(params=["tpe_search", "anneal_search"])
    def strategy(self, request: pytest.FixtureRequest) -> Strategy:
        return make(request.param, {"engine": "hyperopt"})


@pytest.fixture(params=SKOPT, ids=["gp", "forest"])
def skopt(request: pytest.FixtureRequest) -> Strategy:
    """Returns scikit-optimize's side of bayes_opt_search; too slow for the whole contract."""
    return make("bayes_opt_search", {"engine": "skopt", "n_initial_points": 3, **request.param})


@pytest.mark.slow
def test_skopt_searches_purely_within_the_space_past_failures(skopt: Strategy) -> None:
    history = drive(skopt, MIXED, lambda p: v if (v := bowl(p)) > 5 else None, asks=7)
    for trial in history.trials:
        assert MIXED.problems(trial.params) == []
        assert {type(v) for v in trial.params.values()} <= {int, float, str, bool}
    assert history.trials[-1].origin == "bayes_opt_search/skopt"
    one, two = (skopt.ask(MIXED, history, rng_for(0, 7)) for _ in range(2))
    assert one == two
    assert one is not None
    running = History((*history.trials, Trial(7, one.params, state="running")))
    other = skopt.ask(MIXED, running, rng_for(0, 8))
    assert other is not None
    assert other.params != one.params


@pytest.mark.slow
def test_skopt_ends_with_a_finite_space(skopt: Strategy) -> None:
    space = Space({"a": Choice(["x", "y"]), "b": Choice([1, 2], when={"a": "x"})})
    history = drive(skopt, space, bowl, asks=5)
    assert {space.key(t.params) for t in history.trials} == {space.key(p) for p in space.points()}
    assert len(history) == 3


@pytest.mark.slow
def test_skopt_bears_losses_of_any_size(skopt: Strategy) -> None:
    sizes = iter([1e308, -1e308, 0.0, 5e-324, 1.0, 1.0])
    assert len(drive(skopt, MIXED, lambda p: next(sizes), asks=6)) == 6


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tpe_search", "anneal_search"])
def test_hyperopt_learns(name: str) -> None:
    space = Space({"x": Float(0, 1), "k": Choice(["a", "b"])})

    def loss(params: Params) -> float:
        return (float(params["x"]) - 0.73) ** 2 + (params["k"] == "a")

    history = drive(make(name, {"engine": "hyperopt"}), space, loss, asks=40)
    late = [t.losses[0] for t in history.trials[20:]]
    assert sorted(late)[len(late) // 2] < 0.05


@pytest.mark.slow
def test_a_finite_space_is_finite_for_every_engine() -> None:
    history = drive(make("tpe_search", {"engine": "hyperopt"}), FINITE, bowl, asks=100)
    assert len(history) == sum(1 for _ in FINITE.points())
