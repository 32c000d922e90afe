import pytest

from autosearch.space import Float, Space
from autosearch.space.values import Params
from autosearch.strategies.auto import Auto
from autosearch.strategies.bayes_opt import BayesOpt
from autosearch.strategies.random import RandomSearch
from autosearch.strategies.tpe import TPESearch
from autosearch.trial import State
from tests.strategies.objectives import TASKS, mean_best
from tests.strategies.searches import drive

PLANE = Space({"x": Float(0, 1), "y": Float(0, 1)})


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_it_finds_more_than_random_search(name: str) -> None:
    ours = mean_best(Auto(), TASKS[name], trials=30, seeds=3)
    random = mean_best(RandomSearch(), TASKS[name], trials=30, seeds=3)
    assert ours < 0.8 * random


@pytest.mark.parametrize("name", TASKS)
def test_it_asks_what_the_gaussian_process_asks(name: str) -> None:
    task = TASKS[name]
    ours, its = (drive(s, task.space, task.loss, asks=14) for s in (Auto(), BayesOpt()))
    assert [t.params for t in ours.trials] == [t.params for t in its.trials]


@pytest.mark.slow
def test_failing_regions_cost_a_third_of_what_they_cost_without_learning() -> None:
    def fails(params: Params) -> float | None:
        x, y = float(params["x"]), float(params["y"])
        return None if x > 0.6 or y < 0.2 else (x - 0.5) ** 2 + (y - 0.3) ** 2

    def failures(strategy: Auto | TPESearch, state: State) -> int:
        return sum(
            not trial.losses
            for seed in range(3)
            for trial in drive(strategy, PLANE, fails, 40, seed, state).trials
        )

    # A lost trial says nothing about its params.
    assert failures(Auto(), "failed") < 0.3 * failures(TPESearch(), "lost")
