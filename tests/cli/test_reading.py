import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.cli.program import SEARCH, asked, autosearch, project, strict, words_of

# Whole commands in processes of their own.
pytestmark = pytest.mark.slow

ROW = {
    "number", "attempt", "params", "value", "state", "reason", "origin", "metrics", "started_at",
    "seconds", "exit_code", "signal", "peak_memory", "seed", "repeat_of",
}  # fmt: skip


def test_trials_as_json_are_the_published_array(done: Done) -> None:
    # Once as whole process: nothing but the array may be on its stdout.
    rows = strict(autosearch("trials", done.folder, "--json").stdout)
    assert [row["number"] for row in rows] == list(range(8))
    assert all(row.keys() >= ROW for row in rows)
    failed = [row for row in rows if row["state"] == "failed"]
    assert failed
    assert all(row["value"] is None and row["params"]["opt"] == "bad" for row in failed)
    for row in rows:
        if row["state"] == "completed":
            assert abs(row["value"] - (row["params"]["x"] - 0.3) ** 2 - 1 / 3) < 1e-5
            assert row["metrics"] == {"loss": row["value"]}


def test_a_value_that_is_no_number_is_null_in_json(tmp_path: Path) -> None:
    program = 'echo "loss: nan"'
    file = project(tmp_path, program)
    autosearch("run", file, "--trials", 1)
    [row] = asked("trials", file)
    assert row["value"] is None
    assert row["metrics"] == {"loss": None}
    assert row["state"] == "failed"


def test_trials_are_sorted_and_chosen(done: Done) -> None:
    words = ("trials", done.folder, "--json", "--sort", "value", "--state", "completed")
    values = [row["value"] for row in strict(autosearch(*words).stdout)]
    assert values == sorted(values)
    assert len(values) < 8


def test_the_table_has_a_line_for_each_trial(done: Done) -> None:
    lines = autosearch("trials", done.folder).stdout.splitlines()
    assert lines[0].split() == ["trial", "loss", "x", "opt", "state", "time", "reason"]
    assert len(lines) == 9


def test_a_yaml_file_stands_for_its_study(done: Done) -> None:
    by_file = autosearch("trials", done.file, "--json").stdout
    assert by_file == autosearch("trials", done.folder, "--json").stdout


def test_a_reader_that_has_enough_is_no_error(done: Done) -> None:
    piped = " ".join(words_of("export", done.folder)) + " | true"
    ran = subprocess.run(piped, shell=True, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_status_tells_how_a_study_stands(done: Done) -> None:
    shown = autosearch("status", done.folder)
    assert shown.returncode == 0
    assert "complete" in shown.stdout
    found = asked("status", done.folder)
    assert found["state"] == "complete"
    assert sum(found["states"].values()) == 8
    assert found["running"] == []


def test_status_shows_what_is_running(running: Path) -> None:
    found = asked("status", running)
    assert found["state"] == "running"
    assert found["owner"]["pid"] > 0
    assert {row["number"] for row in found["running"]} == {0, 1}
    assert all(row["values"][0] == [1, 0.1] for row in found["running"])
    assert "#0" in autosearch("status", running).stdout


def test_show_tells_everything_of_a_trial(done: Done) -> None:
    rows = asked("trials", done.folder)
    good = next(row for row in rows if row["state"] == "completed")
    found = asked("show", done.folder, good["number"])
    assert found["params"] == good["params"]
    assert [step for step, _ in found["values"]["loss"]] == [1, 2, 3]
    text = autosearch("show", done.folder, good["number"]).stdout
    assert found["command"] in text
    assert "3 values" in text


def test_show_prints_the_last_lines_of_a_failed_trial(done: Done) -> None:
    rows = asked("trials", done.folder)
    bad = next(row for row in rows if row["state"] == "failed")
    text = autosearch("show", done.folder, bad["number"]).stdout
    assert "loading data\n  ValueError: opt is bad" in text


def test_export_writes_csv_and_json(done: Done, tmp_path: Path) -> None:
    lines = autosearch("export", done.folder).stdout.splitlines()
    assert lines[0].endswith(",params.x,params.opt,metrics.loss")
    assert len(lines) == 9
    out = tmp_path / "trials.json"
    assert autosearch("export", done.folder, "--format", "json", "--out", out).stdout == ""
    assert len(strict(out.read_text())) == 8


def test_report_is_written_where_it_is_asked_for(done: Done, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    assert autosearch("report", done.folder, "--out", out).stdout == f"{out}\n"
    assert out.read_text().startswith("<!doctype html>")


def test_the_recommended_trial_is_told_and_shown(done: Done) -> None:
    found = asked("status", done.folder, "--advice")["recommended"]
    assert found["trial"] in {row["number"] for row in asked("trials", done.folder)}
    text = autosearch("status", done.folder, "--advice").stdout
    assert f"Recommended: trial {found['trial']}" in text
    assert asked("show", done.folder, "recommended")["number"] == found["trial"]
    assert asked("show", done.folder, "best")["number"] == found["best"]
    assert f"Recommended: trial {found['trial']}" in done.stdout


def test_the_advice_is_told(done: Done) -> None:
    advice = asked("status", done.folder, "--advice")["advice"]
    assert advice["reason"] and not advice["negligible"]
    told = f"Advice: go on: {advice['reason']}"
    assert told in done.stdout
    assert told in autosearch("status", done.folder, "--advice").stdout
    assert "advice" not in asked("status", done.folder)
    assert told in (done.folder / "report.html").read_text()


def test_the_advice_is_told_where_no_trial_keeps_its_bounds(tmp_path: Path) -> None:
    search = SEARCH.replace("{name: loss, mode: min}", "[{name: loss, mode: min, at_most: 0}]")
    file = project(tmp_path, search=search.replace("trials: 8", "trials: 3"))
    autosearch("run", file)
    told = autosearch("status", file, "--advice").stdout
    assert "Advice: go on: fewer than 15 trials have a value that counts\n" in told
    assert "Advice" not in autosearch("status", file).stdout
