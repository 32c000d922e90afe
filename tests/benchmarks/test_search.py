import math

import numpy as np
import pytest

from benchmarks.search.drive import Run
from benchmarks.search.peers import random
from benchmarks.search.score import interval, random_regret, regret
from benchmarks.search.suites import training, unseen
from benchmarks.search.tables import TUNINGS, tuning_task
from benchmarks.search.task import Task


@pytest.mark.parametrize("task", [*training(), *unseen()], ids=lambda t: t.name)
def test_the_stated_optimum_is_one(task: Task) -> None:
    rng = np.random.default_rng(0)
    losses = np.array([task.loss(task.space.sample(rng)) for _ in range(200)])
    assert np.nanmin(losses) >= task.best - 1e-9
    assert task.loss(task.space.from_unit(task.optimum)) == pytest.approx(task.best, abs=1e-6)


@pytest.mark.parametrize("name", TUNINGS)
def test_a_table_holds_every_point_of_its_space(name: str) -> None:
    task = tuning_task(name)
    losses = [task.loss(p) for p in task.space.points()]
    assert min(losses) == task.best
    assert all(map(math.isfinite, losses))


def test_training_and_unseen_tasks_have_nothing_in_common() -> None:
    assert not {t.name for t in training()} & {t.name for t in unseen()}


def test_random_search_has_a_median_regret_of_one() -> None:
    task = training()[0]
    found = [regret(task, random(task, 20, seed), 20) for seed in range(60)]
    assert 0.7 < np.median(found) < 1.4


def test_a_noisy_search_is_judged_by_the_true_loss_of_what_looked_best() -> None:
    task = next(t for t in training() if t.suite == "noisy")
    run = Run(observed=[3.0, 1.0, 2.0], true=[0.0, 5.0, 1.0])
    assert run.chosen(3) == 5.0
    assert regret(task, run, 3) == pytest.approx(min(5.0 / random_regret(task, 3), 10.0))


def test_a_search_in_which_all_trials_failed_chose_nothing() -> None:
    run = Run(observed=[math.nan, math.nan], true=[math.nan, math.nan])
    assert run.chosen(2) == math.inf
    assert run.failures == 2


def test_the_interval_holds_the_mean_and_narrows_with_more_seeds() -> None:
    rng = np.random.default_rng(0)
    few, many = ({"a": list(rng.normal(size=n)), "b": list(rng.normal(size=n))} for n in (4, 400))
    widths = []
    for values in (few, many):
        mean, low, high = interval(values)
        assert low < mean < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 3
