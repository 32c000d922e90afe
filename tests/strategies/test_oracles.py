"""Our algorithms beside hyperopt's own, on the same tasks and seeds."""

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
