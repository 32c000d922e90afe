"""Confirming, with real programs: noisy, deterministic, without any effect; killed and resumed."""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import asked, autosearch, project, started, wait_for

# A number of its own for every seed and point, in awk: it starts at once.
NOISY = """\
seed=0
for word; do
  case $word in
    --x=*) x=${word#--x=} ;;
    --seed=*) seed=${word#--seed=} ;;
  esac
done
awk -v x="$x" -v seed="$seed" 'BEGIN {
  srand(seed + int(x * 1e6)); for (i = 0; i < 12; i++) sum += rand()
  printf "loss: %.6f\\n", EFFECT * (x - 0.3)^2 + 0.1 * (sum - 6)
}'
"""
SEARCH = """\
name: small
command: sh train.sh
metric: {name: loss, mode: min}
space:
  x: {type: float, low: 0.0, high: 1.0, default: 1.0}
search: {strategy: random, trials: 8, parallel: 1, seed: 1}
confirm: {top: 2, repeats: 3, seed_option: --seed}
limits: {grace: 1s}
"""


def noisy(folder: Path, effect: float, search: str = SEARCH) -> Path:
    return project(folder, NOISY.replace("EFFECT", str(effect)), search)


def rows_of(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = asked("trials", file)
    return rows


def told(row: dict[str, Any]) -> list[Any]:
    return [row[k] for k in ("number", "params", "value", "seed", "origin", "repeat_of")]


def test_a_kill_in_the_middle_of_confirming_loses_nothing_and_changes_nothing(
    tmp_path: Path,
) -> None:
    whole = noisy(tmp_path / "whole", 1.0)
    ran = autosearch("run", whole)
    assert ran.returncode == 0
    file = noisy(tmp_path / "killed", 1.0)
    process = started("run", file)
    study = tmp_path / "killed" / "runs" / "small"
    wait_for((study / "trials" / "0010" / "attempt-1" / "output.log").exists, "a confirming run")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (
        asked("status", file)["confirmed"] is None
        or not asked("status", file)["confirmed"]["complete"]
    )
    assert autosearch("run", file).returncode == 0
    rows = rows_of(file)
    assert [told(row) for row in rows] == [told(row) for row in rows_of(whole)]
    assert [row["origin"] for row in rows] == ["random"] * 8 + ["confirm"] * 9
    assert len({row["seed"] for row in rows}) == len(rows)


def test_a_gain_is_proven_where_there_is_one_and_shown_everywhere(tmp_path: Path) -> None:
    file = noisy(tmp_path, 5.0)
    ran = autosearch("run", file)
    found = asked("status", file)["confirmed"]
    assert found["complete"] and found["gain"]["proven"] and not found["reason"]
    assert found["gain"]["low"] < 5.0 * 0.49 < found["gain"]["high"]
    sentence = f"trial {found['configurations'][0]['trial']} is better than the default: by"
    assert sentence in ran.stdout
    assert sentence in autosearch("status", file).stdout
    assert sentence[1:] in (tmp_path / "runs" / "small" / "report.html").read_text()
    table = autosearch("trials", file).stdout.splitlines()
    assert "repeats" in table[0].split()
    # The search is over: nothing runs again, and its trials are as many as were asked for.
    assert autosearch("run", file).returncode == 0
    assert len(rows_of(file)) == 17


def test_a_space_without_effect_has_no_proven_gain(tmp_path: Path) -> None:
    file = noisy(tmp_path, 0.0)
    assert "has no proven gain over the default" in autosearch("run", file).stdout


@pytest.mark.parametrize("seeded", [True, False])
def test_a_program_without_noise_or_deaf_to_its_seed_claims_no_interval(
    seeded: bool, tmp_path: Path
) -> None:
    search = SEARCH if seeded else SEARCH.replace(", seed_option: --seed", "")
    program = NOISY.replace("EFFECT", "1.0")
    if seeded:
        program = program.replace("0.1 * (sum - 6)", "0")
    file = project(tmp_path, program, search)
    ran = autosearch("run", file)
    assert "came to the same value" in ran.stdout
    assert ("AUTOSEARCH_SEED only" in ran.stderr) is not seeded
    found = asked("status", file)["confirmed"]
    assert (found["gain"], found["lead"]) == (None, None)
    assert all(c["low"] is None and len(set(c["values"])) == 1 for c in found["configurations"])


def test_an_ended_search_can_be_confirmed_later(tmp_path: Path) -> None:
    file = noisy(tmp_path, 1.0, SEARCH.replace("confirm:", "# confirm:"))
    assert autosearch("run", file).returncode == 0
    before = rows_of(file)
    assert asked("status", file)["confirmed"] is None
    file.write_text(SEARCH)
    assert autosearch("run", file).returncode == 2
    assert autosearch("resume", file.parent / "runs" / "small", "--extend", file).returncode == 0
    rows = rows_of(file)
    assert rows[:8] == before
    assert len(rows) == 17


def test_runs_deaf_to_their_seed_are_made_again_with_its_option(tmp_path: Path) -> None:
    file = noisy(tmp_path, 5.0, SEARCH.replace(", seed_option: --seed", ""))
    ran = autosearch("run", file)
    assert "came to the same value" in ran.stdout
    before = rows_of(file)
    study = file.parent / "runs" / "small"
    resumed = autosearch("resume", study, "--set", "confirm.seed_option=--seed")
    assert resumed.returncode == 0
    rows = rows_of(file)
    assert rows[: len(before)] == before
    again = rows[len(before) :]
    assert {row["origin"] for row in again} == {"confirm"} and len(again) == 9
    found = asked("status", file)["confirmed"]
    assert found["complete"] and not found["reason"] and found["gain"]["proven"]
    runs = {number for c in found["configurations"] for number in c["runs"]}
    assert runs == {row["number"] for row in again}
    # All is done: nothing is run a third time.
    assert autosearch("resume", study).returncode == 0
    assert len(rows_of(file)) == len(rows)
