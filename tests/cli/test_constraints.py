"""A search with an outcome constraint, from its file to everything that shows it."""

from pathlib import Path

import pytest

from tests.cli.program import asked, autosearch, project, strict

pytestmark = pytest.mark.slow

# The best accuracy lies at x = 1, where it takes 30 ms; 18 ms are allowed.
PROGRAM = """\
x=${1#--x=}
awk -v x="$x" 'BEGIN { printf "accuracy: %.6f\\nlatency_ms: %.6f\\n", x, 30 * x }'
"""
SEARCH = """\
name: bounded
command: sh train.sh
metric:
  - {name: accuracy, mode: max}
  - {name: latency_ms, at_most: 18}
space:
  x: {type: float, low: 0.0, high: 1.0}
search: {strategy: bayes_opt_search, trials: 12, seed: 1}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    file = project(tmp_path_factory.mktemp("bounded"), PROGRAM, SEARCH)
    ran = autosearch("run", file)
    assert ran.returncode == 0, ran.stderr
    return file.parent / "runs" / "bounded", ran.stdout, ran.stderr


def test_the_best_keeps_the_bound_wherever_it_is_shown(study: tuple[Path, str, str]) -> None:
    folder, stdout, stderr = study
    rows = asked("trials", folder)
    kept = [row for row in rows if row["metrics"]["latency_ms"] <= 18]
    assert 0 < len(kept) < 12
    assert [row["feasible"] for row in rows] == [row in kept for row in rows]
    best = max(kept, key=lambda row: row["value"])
    # The bound cuts the objective at .6.
    assert best["value"] > 0.58
    assert asked("status", folder)["best"]["number"] == best["number"]
    assert asked("status", folder)["constraints"] == ["latency_ms <= 18"]
    value, latency = best["value"], best["metrics"]["latency_ms"]
    assert f"Best: accuracy {value!r}, latency_ms {latency!r} (trial {best['number']})" in stdout
    assert "max accuracy with latency_ms <= 18" in stderr
    assert "is above 18" in stdout + stderr
    last = [line for line in stderr.splitlines() if "best so far" in line][-1]
    assert f" trial {best['number']} " in last


def test_the_best_trials_come_first_and_those_beyond_the_bound_last(
    study: tuple[Path, str, str],
) -> None:
    rows = asked("trials", study[0], "--sort", "value")
    assert [row["feasible"] for row in rows] == sorted((r["feasible"] for r in rows), reverse=True)
    kept = [row["value"] for row in rows if row["feasible"]]
    assert kept == sorted(kept, reverse=True)
    shown = autosearch("trials", study[0], "--sort", "value").stdout.splitlines()
    assert shown[0].split()[:4] == ["trial", "accuracy", "latency_ms", "x"]


def test_where_no_trial_keeps_the_bound_it_is_said(tmp_path: Path) -> None:
    file = project(tmp_path, PROGRAM, SEARCH.replace("at_most: 18", "at_most: -1"))
    ran = autosearch("run", file, "--trials", 4)
    assert ran.returncode == 0
    assert (
        "Best: none of 4 trials with a value meets latency_ms <= -1; the nearest is" in ran.stdout
    )
    folder = tmp_path / "runs" / "bounded"
    assert asked("status", folder)["best"] is None
    assert strict(autosearch("run", file, "--trials", 4, "--json").stdout)["best"] is None
    assert "meets latency_ms &lt;= -1" in (folder / "report.html").read_text()


def test_a_bounded_metric_that_is_never_printed_ends_the_search_at_once(tmp_path: Path) -> None:
    file = project(tmp_path, PROGRAM, SEARCH.replace("latency_ms,", "latencyms,"))
    ran = autosearch("run", file)
    assert ran.returncode == 3
    assert "no value of latencyms" in ran.stdout
    assert "latency_ms: " in ran.stdout
    assert len(asked("trials", tmp_path / "runs" / "bounded")) == 1


def test_check_names_the_bound(tmp_path: Path) -> None:
    shown = autosearch("check", project(tmp_path, PROGRAM, SEARCH)).stdout
    assert "min, last value, latency_ms <= 18, found by patterns" in shown
