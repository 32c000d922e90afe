"""A search that starts from another's results, on the command line."""

from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.cli.program import PROGRAM, SEARCH, asked, autosearch, project

# Whole commands in processes of their own.
pytestmark = pytest.mark.slow


def test_the_best_of_another_study_is_tried_first(done: Done, tmp_path: Path) -> None:
    best = asked("status", done.folder)["best"]
    file = project(tmp_path, search=SEARCH.replace("trials: 8", "trials: 2"))
    ran = autosearch("run", file, "--warm-start", done.folder, "--json")
    assert ran.returncode == 0
    first = asked("trials", tmp_path / "runs" / "small")[0]
    assert (first["params"], first["origin"]) == (best["params"], "warm_start")
    valued = len([t for t in asked("trials", done.folder) if t["value"] is not None])
    line = f"warm_start: {done.folder}: {valued} of 8 results taken, the best "
    assert line in ran.stderr
    assert line.removeprefix("warm_start: ") in autosearch("status", file).stdout
    assert asked("show", tmp_path / "runs" / "small", 0)["origin"] == "warm_start"


def test_a_file_names_what_it_starts_from_and_goes_on_without_it(
    done: Done, tmp_path: Path
) -> None:
    file = project(tmp_path, search=f"{SEARCH}warm_start: [old.csv]\n")
    export = autosearch("export", done.folder, "--out", tmp_path / "old.csv")
    assert export.returncode == 0
    check = autosearch("check", file)
    assert "warm start\n  old.csv  " in check.stdout
    assert autosearch("run", file, "--trials", 1).returncode == 0
    (tmp_path / "old.csv").unlink()
    folder = tmp_path / "runs" / "small"
    assert autosearch("resume", folder, "--trials", 2).returncode == 0
    assert [t["origin"] for t in asked("trials", folder)] == ["warm_start", "random"]


def test_a_source_that_is_not_there_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    file = project(tmp_path, search=f"{SEARCH}warm_start: runs/olt\n")
    for command in ("run", "check"):
        ran = autosearch(command, file)
        assert ran.returncode == 2
        message = f"warm_start: runs/olt: there is nothing at {tmp_path}/runs/olt"
        assert f"{file}:9:13: {message}" in ran.stderr
    ran = autosearch("check", file, "--set", "warm_start=[old.csv]")
    assert "--set warm_start=[old.csv]: warm_start[0]: old.csv: No such file" in ran.stderr
    assert autosearch("run", file, "--set", "warm_start=null", "--json").returncode == 0


def test_it_can_be_added_to_a_study_that_has_begun(done: Done, tmp_path: Path) -> None:
    search = SEARCH.replace("[adam, bad]", "[adam, sgd]").replace("trials: 8", "trials: 2")
    file = project(tmp_path, search=search)
    assert autosearch("run", file).returncode == 0
    refused = autosearch("run", file, "--warm-start", done.folder)
    assert refused.returncode == 2
    assert "warm_start: not given → " in refused.stderr
    file.write_text(f"{search}warm_start: {done.folder}\n")
    folder = tmp_path / "runs" / "small"
    assert autosearch("resume", folder, "--extend", file, "--trials", 4).returncode == 0
    origins = [t["origin"] for t in asked("trials", folder)]
    assert origins == ["random", "random", "warm_start", "random"]


def test_a_search_of_the_same_task_goes_on_from_the_others_trials(
    done: Done, tmp_path: Path
) -> None:
    search = SEARCH.replace("trials: 8", "trials: 3")
    file = project(tmp_path, search=f"{search}warm_start: {{path: {done.folder}, same: true}}\n")
    ran = autosearch("run", file)
    assert ran.returncode == 0
    assert "; they count as trials of this search" in ran.stderr
    trials = asked("trials", tmp_path / "runs" / "small")
    assert [t["origin"] for t in trials] == ["warm_start", "random", "random"]
    old = [t["params"] for t in asked("trials", done.folder)]
    assert [t["params"] in old for t in trials] == [True, False, False]
    (tmp_path / "train.sh").write_text(f"{PROGRAM}# edited\n")
    assert "changed since: train.sh" in autosearch("check", file).stdout
    file.write_text(file.read_text().replace("train.sh", "train.sh --fast"))
    ran = autosearch("check", file)
    assert ran.returncode == 2
    assert "same: it is a study of another task: command: " in ran.stderr


def test_an_option_says_that_a_study_is_of_the_same_task(done: Done, tmp_path: Path) -> None:
    file = project(tmp_path, search=SEARCH.replace("trials: 8", "trials: 2"))
    ran = autosearch("run", file, "--same-task", done.folder)
    assert ran.returncode == 0
    assert "; they count as trials of this search" in ran.stderr
    best = asked("status", done.folder)["best"]
    first, second = asked("trials", tmp_path / "runs" / "small")
    assert (first["params"], first["origin"]) == (best["params"], "warm_start")
    assert second["params"] not in [t["params"] for t in asked("trials", done.folder)]


def test_a_source_that_is_given_both_ways_is_taken_once(done: Done, tmp_path: Path) -> None:
    search = SEARCH.replace("trials: 8", "trials: 2")
    file = project(tmp_path, search=f"{search}warm_start: [{done.folder}]\n")
    ran = autosearch("run", file, "--same-task", done.folder)
    assert ran.returncode == 0
    (said,) = [line for line in ran.stderr.splitlines() if line.startswith("warm_start: ")]
    assert said.endswith("; they count as trials of this search")


def test_a_study_of_another_task_is_refused_as_one_of_the_same(done: Done, tmp_path: Path) -> None:
    file = project(tmp_path, search=SEARCH.replace("x:", "y:"))
    ran = autosearch("run", file, "--same-task", done.folder)
    assert ran.returncode == 2
    assert f"warm_start: {done.folder}: same: it is a study of another task: " in ran.stderr


def test_what_a_study_confirmed_counts_once_from_its_folder_and_its_export(tmp_path: Path) -> None:
    confirm = "confirm: {top: 1, repeats: 2}\n"
    old = project(tmp_path / "old", search=SEARCH.replace("trials: 8", "trials: 4") + confirm)
    assert autosearch("run", old).returncode == 0
    folder = tmp_path / "old" / "runs" / "small"
    assert autosearch("export", folder, "--out", tmp_path / "old.csv").returncode == 0
    searched = len([t for t in asked("trials", folder) if t["repeat_of"] is None])
    assert searched < len(asked("trials", folder))
    file = project(tmp_path, search=SEARCH)
    for source in (folder, "old.csv"):
        said = autosearch("check", file, "--set", f"warm_start={source}").stdout
        assert f"of {searched} results taken" in said
    refused = autosearch("check", file, "--set", f"warm_start={{path: {folder}, mode: max}}")
    assert refused.returncode == 2
    assert f"warm_start.path: {folder}: mode: loss has the mode min" in refused.stderr
