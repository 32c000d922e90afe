from pathlib import Path

import pytest

from autosearch.cli.finding import line_at
from tests.cli.program import SEARCH, autosearch, project, strict

# Whole commands in processes of their own.
pytestmark = pytest.mark.slow

LOG = "start\nepoch 1 loss: 0.5\nepoch 2 loss: 0.25\n"


def test_a_dry_run_shows_the_space_and_the_first_commands(tmp_path: Path) -> None:
    shown = autosearch("check", project(tmp_path))
    assert shown.returncode == 0, shown.stderr
    assert "sh train.sh --x=" in shown.stdout
    assert "patterns made from its name" in shown.stdout
    assert not (tmp_path / "runs").exists()


def test_a_log_shows_which_lines_a_rule_hits(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LOG)
    words = ("check", project(tmp_path), "--log", tmp_path / "log")
    shown = autosearch(*words)
    assert shown.returncode == 0, shown.stderr
    assert "2 values, counts as 0.25 (last)" in shown.stdout
    assert "line 3, step 2: 0.25  in  epoch 2 loss: 0.25" in shown.stdout
    found = strict(autosearch(*words, "--json").stdout)
    assert [hit["line"] for hit in found["metrics"]["loss"]] == [2, 3]


def test_a_rule_that_finds_nothing_shows_the_likeliest_lines(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LOG)
    words = ("--log", tmp_path / "log", "--set", "metric.name=val_loss")
    shown = autosearch("check", project(tmp_path), *words)
    assert shown.returncode == 3
    assert "likeliest lines" in shown.stdout
    assert "epoch 2 loss: 0.25" in shown.stdout


def test_the_first_trial_is_run_once(tmp_path: Path) -> None:
    shown = autosearch("check", project(tmp_path), "--run", "--set", "space.opt.values=[adam, sgd]")
    assert shown.returncode == 0, shown.stderr
    assert "the trial completed" in shown.stdout
    assert "3 values" in shown.stdout
    assert not (tmp_path / "runs").exists()


def test_a_program_that_fails_shows_its_last_lines(tmp_path: Path) -> None:
    shown = autosearch("check", project(tmp_path), "--run", "--set", "space.opt.values=[bad]")
    assert shown.returncode == 4
    assert "ValueError: opt is bad" in shown.stdout


def test_every_fault_has_its_place_at_the_start_of_a_line(tmp_path: Path) -> None:
    search = SEARCH.replace("high: 1.0", "hihg: 1.0").replace("mode: min", "mode: mn")
    file = project(tmp_path, search=search)
    shown = autosearch("check", file)
    assert shown.returncode == 2
    lines = [line for line in shown.stderr.splitlines() if line.startswith(f"{file}:")]
    assert {line.removeprefix(f"{file}:").split(":")[0] for line in lines} == {"3", "5"}
    assert lines == shown.stderr.splitlines()
    assert shown.stdout == ""


def test_near_misses_are_shown_with_their_reasons(tmp_path: Path) -> None:
    log = "loss went down\nloss: 1.5e-05\rloss: 0.5\nval_loss: 3\n"
    (tmp_path / "log").write_bytes(log.encode())
    rule = r"metric.regex=(?<!_)loss:\s(\d+\.\d+)"
    words = ("check", project(tmp_path), "--log", tmp_path / "log", "--set", rule)
    shown = autosearch(*words).stdout
    assert "line 2, step 2: 0.5  in  loss: 0.5" in shown
    assert "line 1: the metric is named, but the regex does not match  in  loss went down" in shown
    assert "line 2: 1.5 is only a part of a number in this line  in  loss: 1.5e-05" in shown
    assert "val_loss" not in shown
    near = strict(autosearch(*words, "--json").stdout)["near_misses"]["loss"]
    assert [(m["line"], m["value"]) for m in near] == [(1, None), (2, 1.5)]


def test_lines_are_counted_as_grep_counts_them() -> None:
    log = b"a\nb\rc\r\nd"
    assert [line_at(log, log.index(c)) for c in (b"a", b"b", b"c", b"d")] == [
        (1, "a"),
        (2, "b"),
        (2, "c"),
        (3, "d"),
    ]
