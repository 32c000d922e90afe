"""A search for the most improvement a second, from its file on."""

from pathlib import Path

import pytest

import autosearch as au
from autosearch.api import strategy_of
from autosearch.strategies import rng_for
from autosearch.trial import History
from tests.cli.program import asked, autosearch, project

pytestmark = pytest.mark.slow

PROGRAM = """\
for word; do
  case $word in
    --x=*) x=${word#--x=} ;;
    --nap=*) nap=${word#--nap=} ;;
  esac
done
sleep "$nap"
awk -v x="$x" 'BEGIN { printf "loss: %.6f\\n", (x - 0.3)^2 }'
"""
SEARCH = """\
name: costly
command: sh train.sh
metric: {name: loss, mode: min}
space:
  x: {type: float, low: 0.0, high: 1.0}
  nap: {type: float, low: 0.01, high: 0.5, scale: log}
search: {cost: seconds, trials: 10, seed: 1}
limits: {total_time: 10m}
"""


def test_every_choice_follows_from_what_is_stored(tmp_path: Path) -> None:
    file = project(tmp_path, PROGRAM, SEARCH)
    ran = autosearch("run", file)
    assert ran.returncode == 0, ran.stderr
    folder = tmp_path / "runs" / "costly"
    result = au.load(folder)
    strategy = strategy_of(result.experiment)
    for trial in result.trials:
        history = History(result.trials[: trial.number])
        found = strategy.ask(result.experiment.space, history, rng_for(1, trial.number))
        assert found is not None
        assert found.params == trial.params
    assert "cost" in asked("show", folder, 9)["notes"]


def test_a_strategy_that_knows_no_cost_is_told_so(tmp_path: Path) -> None:
    text = SEARCH.replace("cost: seconds", "strategy: tpe_search, cost: seconds")
    found = autosearch("check", project(tmp_path, PROGRAM, text))
    assert found.returncode == 2
    assert "search.cost: tpe_search has no such setting" in found.stderr
