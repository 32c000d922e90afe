"""Our algorithms beside hyperopt's and scikit-optimize's, on the same tasks and seeds."""

import numpy as np
import pytest

from autosearch.strategies import make
from tests.strategies.objectives import TASKS, mean_best

TRIALS = 30
SEEDS = 5


@pytest.mark.slow
@pytest.mark.statistical
@pytest.mark.parametrize("name", ["tpe_search", "anneal_search"])
def test_ours_is_no_worse_than_hyperopts(name: str) -> None:
    ratios = [
        mean_best(make(name), task, TRIALS, SEEDS)
        / mean_best(make(name, {"engine": "hyperopt"}), task, TRIALS, SEEDS)
        for task in TASKS.values()
    ]
    assert np.exp(np.mean(np.log(ratios))) <= 1.0, ratios


@pytest.mark.slow
@pytest.mark.statistical
def test_our_process_is_no_worse_than_scikit_optimizes() -> None:
    # Few trials: each of its suggestions costs a tenth of a second.
    trials, seeds = 12, 3
    theirs = make("bayes_opt_search", {"engine": "skopt", "n_initial_points": 5})
    ratios = [
        mean_best(make("bayes_opt_search"), task, trials, seeds)
        / mean_best(theirs, task, trials, seeds)
        for task in TASKS.values()
    ]
    assert np.exp(np.mean(np.log(ratios))) <= 1.0, ratios
