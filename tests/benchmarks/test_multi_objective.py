import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import constrained, cost_aware, multi_objective
from benchmarks.multi_objective import TASKS, best_volume, drive, volume


@pytest.mark.parametrize("name", ["zdt1", "zdt2", "dtlz2"])
def test_no_point_lies_beyond_the_front_that_a_formula_gives(name: str) -> None:
    task = TASKS[name]
    rng = np.random.default_rng(1)
    points = [task.function(task.space.sample(rng)) for _ in range(200)]
    assert 0 < volume(task, points) < best_volume(task, [])
    known = [(tuple(point), ()) for point in task.known]
    assert volume(task, known) == pytest.approx(best_volume(task, []))


def test_points_that_break_the_constraint_do_not_count() -> None:
    task = TASKS["bounded"]
    assert volume(task, [((0.1, 0.1), (0.5,))]) == 0.0
    assert volume(task, [((0.1, 0.1), (0.0,))]) == pytest.approx(0.9 * 2.4)


def test_equal_seeds_give_equal_runs() -> None:
    task = TASKS["network"]
    assert drive("tpe_search", task, 1, 8) == drive("tpe_search", task, 1, 8)
    assert drive("tpe_search", task, 1, 8) != drive("tpe_search", task, 2, 8)


@pytest.mark.slow
def test_the_table_is_printed_and_runs_are_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs.jsonl"
    words = ["x", "--seeds", "1", "--trials", "20", "--tasks", "zdt1"]
    words += ["--methods", "random", "anneal_search", "--out"]
    monkeypatch.setattr(sys, "argv", [*words, str(out)])
    multi_objective.main()
    first, before = capsys.readouterr().out, out.read_text()
    multi_objective.main()
    assert capsys.readouterr().out == first
    assert out.read_text() == before
    assert "anneal_search: 0." in first


def test_a_trial_that_would_end_too_late_does_not_count() -> None:
    task = cost_aware.TASKS["epochs"]
    steps = cost_aware.drive("random", task, 1, 300.0)
    assert steps[-1][0] <= 300.0
    assert [best for _, best in steps] == sorted((best for _, best in steps), reverse=True)


@pytest.mark.parametrize("name", cost_aware.TASKS)
def test_seconds_differ_much_within_a_space(name: str) -> None:
    task, rng = cost_aware.TASKS[name], np.random.default_rng(1)
    found = np.array([task.function(task.space.sample(rng)) for _ in range(500)])
    assert np.isfinite(found).all()
    assert found[:, 1].min() > 0.0
    assert 5.0 < found[:, 1].max() / found[:, 1].min() < 300.0


@pytest.mark.slow
def test_totals_are_over_tasks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = ["kinds", "best is cheap", "realistic kernels 1"]
    monkeypatch.setattr(sys, "argv", ["x", "--seeds", "1", "--tasks", *tasks])
    monkeypatch.setattr(cost_aware, "RANDOM_POINTS", 200)
    cost_aware.main()
    lines = capsys.readouterr().out.split("\n\n")
    assert [text.split("\n")[0] for text in lines[1:]] == [*tasks, "the small ones", "all"]
    rows = [next(r for r in text.split("\n") if "plain" in r).split()[1:6:2] for text in lines[1:]]
    values = np.array(rows, dtype=float)
    np.testing.assert_allclose(values[3], values[:2].mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(values[4], values[:3].mean(axis=0), atol=1e-4)


def test_a_search_without_a_feasible_trial_has_the_worst_regret() -> None:
    task = constrained.TASKS["gramacy"]
    scale = constrained.scale_of(task, [])
    assert scale.least == pytest.approx(0.6, abs=0.02)
    assert scale.regret([((0.1,), (0.5, -1.0))]) == scale.regret([((scale.worst,), (0.0, -1.0))])
    assert scale.regret([((scale.least,), (0.0, 0.0)), ((0.1,), (0.5, 0.0))]) == 0.0
