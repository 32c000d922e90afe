"""A search with two objectives, from its file to everything that shows it."""

from pathlib import Path

import pytest

import autosearch as au
from autosearch.api import strategy_of
from autosearch.errors import InputError
from autosearch.strategies import rng_for
from autosearch.trial import History
from tests.cli.program import asked, autosearch, project

pytestmark = pytest.mark.slow

# The more accurate the larger, but for y, which only makes it larger.
PROGRAM = """\
for word; do
  case $word in
    --x=*) x=${word#--x=} ;;
    --y=*) y=${word#--y=} ;;
  esac
done
awk -v x="$x" -v y="$y" 'BEGIN { printf "accuracy: %.6f\\nsize: %.6f\\n", x, x * x + y }'
"""
SEARCH = """\
name: two
command: sh train.sh
metric:
  - {name: accuracy, mode: max, reference: 0}
  - {name: size, mode: min, objective: true, reference: 2}
space:
  x: {type: float, low: 0.0, high: 1.0}
  y: {type: float, low: 0.0, high: 1.0}
search: {strategy: bayes_opt_search, trials: 16, parallel: 2, seed: 1}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    file = project(tmp_path_factory.mktemp("two"), PROGRAM, SEARCH)
    ran = autosearch("run", file)
    assert ran.returncode == 0, ran.stderr
    return file.parent / "runs" / "two", ran.stdout, ran.stderr


def test_the_front_is_shown_wherever_the_best_is(study: tuple[Path, str, str]) -> None:
    folder, stdout, stderr = study
    rows = asked("trials", folder)
    values = [(row["metrics"]["accuracy"], row["metrics"]["size"]) for row in rows]
    front = {
        row["number"]
        for row, (a, b) in zip(rows, values, strict=True)
        if not any((c >= a and d <= b) and (c, d) != (a, b) for c, d in values)
    }
    assert {row["number"] for row in rows if row["pareto"]} == front
    found = asked("status", folder, "--advice")
    assert set(found["pareto"]) == front
    assert found["best"]["value"] == max(a for a, _ in values)
    assert found["pareto"][0] == found["best"]["number"]
    # The whole front dominates 5/3.
    assert 1.2 < found["hypervolume"] <= 5 / 3
    assert found["recommended"] is None
    told = autosearch("status", folder, "--advice").stdout
    assert f"Advice: go on: {found['advice']['reason']}\n" in told
    assert "several objectives" in found["advice"]["reason"]
    assert f"Front: {len(front)} trials that no other dominates, hypervolume" in stdout
    assert "Best by accuracy: accuracy" in stdout
    assert "max accuracy, min size" in stderr
    assert "(on the front)" in stderr
    assert "hypervolume" in (folder / "report.html").read_text()
    shown = autosearch("trials", folder, "--sort", "value").stdout.splitlines()
    assert [line.endswith("*") for line in shown[1:]] == [True] * len(front) + [False] * (
        16 - len(front)
    )
    assert "Front: " in autosearch("status", folder).stdout


def test_the_front_is_there_from_python(study: tuple[Path, str, str]) -> None:
    result = au.load(study[0])
    assert [t.losses for t in result.pareto] == sorted(t.losses for t in result.pareto)
    assert result.best == result.pareto[0]
    assert result.hypervolume({"size": 1.5}) < result.hypervolume()
    assert "on the front" in repr(result)
    with pytest.raises(InputError, match="reference: 'acc' is none of accuracy, size"):
        result.hypervolume({"acc": 1})
    with pytest.raises(InputError, match="reference: expected finite numbers"):
        result.hypervolume({"size": float("nan")})


def test_every_choice_follows_from_what_is_stored(tmp_path: Path) -> None:
    file = project(tmp_path, PROGRAM, SEARCH.replace("parallel: 2", "parallel: 1"))
    assert autosearch("run", file).returncode == 0
    result = au.load(tmp_path / "runs" / "two")
    strategy = strategy_of(result.experiment)
    for trial in result.trials:
        history = History(result.trials[: trial.number])
        found = strategy.ask(result.experiment.space, history, rng_for(1, trial.number))
        assert found is not None
        assert found.params == trial.params


def test_recommended_is_no_single_trial(study: tuple[Path, str, str]) -> None:
    found = autosearch("show", study[0], "recommended")
    assert found.returncode == 2
    assert "several objectives" in found.stderr
    assert autosearch("show", study[0], "best").returncode == 0
