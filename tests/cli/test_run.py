import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.cli.program import (
    SEARCH,
    asked,
    autosearch,
    carriers,
    environment,
    is_running,
    project,
    started,
    strict,
    wait_for,
    words_of,
)

# Whole commands in processes of their own.
pytestmark = pytest.mark.slow


def test_a_search_prints_a_line_for_each_trial_and_then_the_answer(done: Done) -> None:
    assert done.code == 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("[")]
    assert len(lines) == 8
    assert lines[-1].startswith("[8/8] trial ")
    assert sum("best so far" in line for line in lines) >= 1
    assert any("exit code 3: ValueError: opt is bad" in line for line in lines)
    assert done.stdout.startswith("small: complete after ")
    assert "Best: loss " in done.stdout
    assert f"Study   {done.folder}" in done.stdout
    assert (done.folder / "report.html").exists()


def test_the_command_that_is_printed_reproduces_the_best_value(done: Done) -> None:
    lines = done.stdout.splitlines()
    command = lines[lines.index("Reproduce it with") + 1].strip()
    again = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    value = next(line for line in lines if line.startswith("Best: loss ")).split()[2]
    last = again.stdout.split()[-1]
    assert float(last) == float(value)


def test_a_complete_study_is_printed_again_without_a_trial(done: Done) -> None:
    again = autosearch("run", done.file, "--json")
    assert again.returncode == 0
    found = strict(again.stdout)
    assert found["ending"] == "complete"
    assert found["trials"] == 8
    assert found["best"]["state"] == "completed"
    assert again.stderr == ""


def test_a_changed_experiment_is_refused_with_the_ways_on(done: Done) -> None:
    again = autosearch("run", done.file, "--set", "space.x.high=0.5")
    assert again.returncode == 2
    assert "space.x.high" in again.stderr
    assert "--dir" in again.stderr
    assert again.stdout == ""


def test_resume_extends_a_study(copied: Path) -> None:
    extended = autosearch("resume", copied, "--trials", 10, "--json", "--quiet")
    assert extended.returncode == 0
    assert strict(extended.stdout)["trials"] == 10
    assert extended.stderr == ""


def test_a_file_with_wider_ranges_extends_a_study(copied: Path, tmp_path: Path) -> None:
    wider = SEARCH.replace("high: 1.0", "high: 2.0").replace("trials: 8", "trials: 12")
    extended = autosearch("resume", copied, "--extend", project(tmp_path / "wider", search=wider))
    assert extended.returncode == 0, extended.stderr
    rows = asked("trials", copied)
    assert len(rows) == 12
    assert any(row["params"]["x"] > 1 for row in rows[8:])


def test_what_looks_like_a_mistake_is_said_first(tmp_path: Path) -> None:
    search = SEARCH.replace("mode: min", "mode: max").replace("bad", "sgd")
    ran = autosearch("run", project(tmp_path, search=search), "--trials", 1)
    assert ran.returncode == 0
    lines = ran.stderr.splitlines()
    warned = next(i for i, line in enumerate(lines) if line.startswith("warning: metric"))
    ended = next(i for i, line in enumerate(lines) if line.startswith("[1/1]"))
    assert warned < ended


def test_a_search_needs_no_file(tmp_path: Path) -> None:
    project(tmp_path)
    ran = autosearch(
        *("run", "--command", "sh train.sh", "--metric", "loss", "--min", "--trials", 3),
        *("--param", "x=0.1..1", "--param", "opt=adam,sgd", "--json"),
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stderr
    found = strict(ran.stdout)
    assert Path(found["study"]) == tmp_path / "runs" / "train"
    assert 0.1 <= found["best"]["params"]["x"] <= 1


def test_a_metric_that_is_never_printed_ends_the_search_with_code_3(tmp_path: Path) -> None:
    ran = autosearch("run", project(tmp_path), "--set", "metric.name=accuracy", "--quiet")
    assert ran.returncode == 3
    assert "no value of accuracy" in ran.stdout
    assert "loss: " in ran.stdout


def test_failure_after_failure_ends_the_search_with_code_4(tmp_path: Path) -> None:
    search = SEARCH.replace("[adam, bad]", "[bad, bad2]").replace("failures: 8", "failures: 3")
    program = "echo 'RuntimeError: no data'; exit 1"
    ran = autosearch("run", project(tmp_path, program, search), "--quiet")
    assert ran.returncode == 4
    assert "RuntimeError: no data" in ran.stdout


def test_a_study_that_is_being_run_is_refused_with_code_5(running: Path) -> None:
    second = autosearch("resume", running)
    assert second.returncode == 5
    assert "is being run by" in second.stderr


def test_a_damaged_study_is_refused_with_code_6_and_can_be_salvaged(copied: Path) -> None:
    file = copied / "study.db"
    data = bytearray(file.read_bytes())
    at = data.index(b'"number":5')
    data[at + 9] ^= 1
    file.write_bytes(data)
    refused = autosearch("resume", copied)
    assert refused.returncode == 6
    assert "--salvage" in refused.stderr
    mended = autosearch("resume", copied, "--salvage")
    assert mended.returncode == 0, mended.stderr
    assert len(asked("trials", copied)) == 8


def test_resources_that_are_not_there_are_refused_with_code_7(tmp_path: Path) -> None:
    ran = autosearch("run", project(tmp_path), "--set", "resources.cpus=100000")
    assert ran.returncode == 7
    assert "100000" in ran.stderr


def test_an_experiment_may_be_mended_until_its_first_trial(tmp_path: Path) -> None:
    file = project(tmp_path, search=SEARCH.replace("bad", "sgd"))
    assert autosearch("run", file, "--set", "resources.cpus=100000").returncode == 7
    assert autosearch("run", file, "--trials", "1").returncode == 0
    refused = autosearch("run", file, "--set", "resources.cpus=2")
    assert "resources.cpus: 1.0 → 2.0" in refused.stderr


def test_a_killed_driver_loses_nothing_and_leaves_nothing(running: Path) -> None:
    lease = strict((running / "lease.json").read_text())
    os.kill(lease["pid"], signal.SIGKILL)
    wait_for(lambda: not carriers(running), "the end of the trials")
    found = asked("status", running)
    assert found["state"] == "interrupted"
    assert found["owner"] is None


def test_a_closed_stdout_does_not_end_the_search(tmp_path: Path) -> None:
    file = project(tmp_path)
    piped = " ".join(words_of("run", file)) + " 2>&1 | head -1"
    ran = subprocess.run(piped, shell=True, capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout.startswith("small: 8 trials")
    assert ran.stderr == ""
    wait_for(lambda: _state(tmp_path) == "complete", "the end of the search")


def _state(folder: Path) -> str:
    shown = autosearch("status", folder / "runs" / "small", "--json")
    return str(strict(shown.stdout)["state"])


def test_a_search_runs_without_stdout_and_stderr(tmp_path: Path) -> None:
    command = " ".join(words_of("run", project(tmp_path))) + " >&- 2>&-"
    assert subprocess.run(command, shell=True, timeout=120, check=False).returncode == 0
    assert _state(tmp_path) == "complete"


def test_text_that_the_terminal_cannot_show_is_no_error(tmp_path: Path) -> None:
    search = SEARCH.replace("[adam, bad]", "[größe, µ]")
    ran = autosearch(
        "run", project(tmp_path, search=search), env=environment(PYTHONIOENCODING="ascii")
    )
    assert ran.returncode == 0, ran.stderr
    assert "gr\\xf6\\xdfe" in ran.stdout + ran.stderr


def test_sigterm_ends_a_search_as_ctrl_c_does(tmp_path: Path) -> None:
    file = project(tmp_path, program="echo loss: 1; sleep 60")
    process = started("run", file)
    folder = tmp_path / "runs" / "small"
    wait_for(lambda: is_running(folder), "the first trial")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"autosearch resume {folder}" in err
    assert out.startswith("small: interrupted")
    assert not carriers(folder)
