import numpy as np
import pytest

from autosearch.space import Float, Space
from autosearch.space.values import Params
from autosearch.strategies.auto import Auto
from autosearch.strategies.random import RandomSearch
from autosearch.strategies.tpe import TPESearch
from autosearch.trial import History, State
from tests.strategies.objectives import TASKS, mean_best
from tests.strategies.searches import Objective, drive

PLANE = Space({"x": Float(0, 1), "y": Float(0, 1)})


def _askers(history: History) -> set[str]:
    return {t.origin.partition("/")[0] for t in history.trials}


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_it_finds_more_than_random_search(name: str) -> None:
    ours = mean_best(Auto(), TASKS[name], trials=30, seeds=3)
    random = mean_best(RandomSearch(), TASKS[name], trials=30, seeds=3)
    assert ours < 0.8 * random


def _bowl(params: Params) -> float:
    return (float(params["x"]) - 0.3) ** 2 + (float(params["y"]) - 0.6) ** 2


def test_the_model_works_alone_on_numbers_without_noise() -> None:
    assert _askers(drive(Auto(), PLANE, _bowl, asks=16)) == {"bayes_opt_search"}


def test_tpe_takes_part_where_losses_are_noisy() -> None:
    rng = np.random.default_rng(0)
    noisy: Objective = lambda p: _bowl(p) + 0.3 * float(rng.normal())  # noqa: E731
    history = drive(Auto(), PLANE, noisy, asks=24)
    assert _askers(history) == {"bayes_opt_search", "tpe_search"}


def test_tpe_takes_part_where_values_have_no_order() -> None:
    task = TASKS["tree"]
    assert _askers(drive(Auto(), task.space, task.loss, asks=8)) == {
        "bayes_opt_search",
        "tpe_search",
    }


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
