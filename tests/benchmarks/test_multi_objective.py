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


def test_a_search_without_a_feasible_trial_has_the_worst_regret() -> None:
    task = constrained.TASKS["gramacy"]
    scale = constrained.scale_of(task, [])
    assert scale.least == pytest.approx(0.6, abs=0.02)
    assert scale.regret([((0.1,), (0.5, -1.0))]) == scale.regret([((scale.worst,), (0.0, -1.0))])
    assert scale.regret([((scale.least,), (0.0, 0.0)), ((0.1,), (0.5, 0.0))]) == 0.0
