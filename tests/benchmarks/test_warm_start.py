import math
from pathlib import Path

import numpy as np
import pytest

from autosearch.interop.found import Finding, fit
from benchmarks.search.suites import training
from benchmarks.warm_start import COLD, SOURCES, Kept, main, ratio, read, table

TASKS = {t.name: t for t in training()}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("task", ["sphere-4", "mixed-ackley", "branches-2", "layers-4"])
def test_every_source_is_a_task_whose_results_fit_into_the_other(source: str, task: str) -> None:
    rng = np.random.default_rng(0)
    other = SOURCES[source].make(TASKS[task], rng)
    points = [other.space.sample(rng) for _ in range(20)]
    losses = [other.loss(p) for p in points]
    assert all(map(math.isfinite, losses))
    fitted = fit(
        [Finding(p, (v,)) for p, v in zip(points, losses, strict=True)], TASKS[task].space
    ).results
    assert fitted


@pytest.mark.parametrize("source", [n for n in SOURCES if "same" not in n and n != "pure noise"])
def test_other_tasks_are_other_tasks(source: str) -> None:
    task, rng = TASKS["ellipsoid-3"], np.random.default_rng(0)
    other = SOURCES[source].make(task, rng)
    points = [other.space.sample(rng) for _ in range(20)]
    same = other.space == task.space and other.noise == 0.0
    assert not same or [other.loss(p) for p in points] != [task.loss(p) for p in points]


def test_the_ratio_is_of_means_and_its_interval_of_pairs() -> None:
    pairs = {"a": [(1.0, 2.0)] * 3, "b": [(0.0, 2.0), (4.0, 4.0), (2.0, 3.0)]}
    middle, low, high = ratio(pairs)
    assert middle == pytest.approx((1 + 2) / (2 + 3))
    assert low < middle < high


def test_only_pairs_of_the_same_seed_are_compared() -> None:
    kept: Kept = {
        ("auto", "t", COLD, 0): {10: 0.5},
        ("auto", "t", "same", 0): {10: 0.1},
        ("auto", "t", "same", 1): {10: 9.0},
        ("auto", "t", "upside down", 0): {10: 0.6},
    }
    text = table(kept, "auto")
    assert "same                   0.20 (0.20..0.20)" in text
    assert "all unrelated          1.20 (1.20..1.20)" in text


@pytest.mark.slow
def test_runs_are_kept_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "runs.jsonl"
    words = ["x", "--results", str(path), "--tasks", "sphere-4", "--sources", "same"]
    monkeypatch.setattr(
        "sys.argv", [*words, "--seeds", "1", "--trials", "10", "--strategy", "random"]
    )
    main()
    first = path.read_text()
    main()
    assert path.read_text() == first
    assert len(read(path)) == 2
    assert "all related" in capsys.readouterr().out
