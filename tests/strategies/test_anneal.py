import numpy as np
import pytest

from autosearch.space import Choice, Float, Space
from autosearch.strategies.anneal import AnnealSearch, anneal_rows, best_rows
from autosearch.strategies.cube import cube_of
from autosearch.strategies.evidence import evidence_of
from autosearch.strategies.random import RandomSearch
from autosearch.trial import History, Trial
from tests.strategies.objectives import TASKS, mean_best
from tests.strategies.searches import failures

LINE = Space({"x": Float(0, 1)})


@pytest.mark.parametrize("name", ["rotated", "mixed"])
def test_it_finds_more_than_random_search(name: str) -> None:
    ours = mean_best(AnnealSearch(), TASKS[name], trials=40, seeds=6)
    random = mean_best(RandomSearch(), TASKS[name], trials=40, seeds=6)
    assert ours < 0.6 * random


def test_regions_that_fail_are_left_alone() -> None:
    # A lost trial says nothing about its params: so it would be without learning from failures.
    ours = AnnealSearch()
    assert failures(ours, "failed") < 0.5 * failures(ours, "lost")


def _steps(space: Space, best: list[dict[str, float]], count: int = 400) -> list[float]:
    cube, rng = cube_of(space), np.random.default_rng(0)
    return anneal_rows(cube, cube.rows(best), rng, count, avg_best_idx=1.0)[:, 0].tolist()


def test_steps_are_uniform_in_a_window_that_shrinks() -> None:
    few = _steps(LINE, [{"x": 0.5}] * 10)
    many = _steps(LINE, [{"x": 0.5}] * 90)
    assert 0.24 < 0.5 - min(few) <= 0.25
    assert 0.048 < 0.5 - min(many) <= 0.05
    assert np.mean(few) == pytest.approx(0.5, abs=0.03)


def test_at_a_bound_the_window_keeps_its_width() -> None:
    steps = _steps(LINE, [{"x": 0.0}] * 10)
    assert min(steps) >= 0
    assert 0.48 < max(steps) <= 0.5
    assert np.median(steps) == pytest.approx(0.25, abs=0.05)


def test_the_mean_rank_decides_how_greedy_the_start_is() -> None:
    best = 0.001 * np.arange(1000)[:, None]
    rows = anneal_rows(cube_of(LINE), best, np.random.default_rng(0), 2000, 50.0, 1e9)
    assert rows.mean() == pytest.approx(0.049, abs=0.005)


def test_a_parameter_that_was_never_active_is_drawn_anew() -> None:
    space = Space({"k": Choice(["a", "b"]), "x": Float(0, 1, when={"k": "b"})})
    cube, rng = cube_of(space), np.random.default_rng(0)
    steps = cube.canonical(anneal_rows(cube, cube.rows([{"k": "a"}]), rng, 300))
    drawn = steps[~np.isnan(steps[:, 1]), 1]
    assert len(drawn) > 50
    assert drawn.min() < 0.1
    assert drawn.max() > 0.9


def test_trials_that_break_a_constraint_are_the_last_to_start_from() -> None:
    history = History(
        (
            Trial(0, {"x": 0.1}, state="completed", losses=(1.0,), constraints=(0.5,)),
            Trial(1, {"x": 0.2}, state="completed", losses=(3.0,), constraints=(0.0,)),
            Trial(2, {"x": 0.3}, state="completed", losses=(2.0,)),
            Trial(3, {"x": 0.4}, state="failed"),
        )
    )
    assert best_rows(evidence_of(LINE, history)).tolist() == [[0.3], [0.2], [0.1]]
