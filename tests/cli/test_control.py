import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Done
from tests.cli.program import asked, autosearch, carriers, environment, strict, wait_for

# Whole commands in processes of their own.
pytestmark = pytest.mark.slow


def test_one_trial_is_stopped_and_the_search_goes_on(running: Path) -> None:
    stopped = autosearch("stop", running, 0)
    assert stopped.returncode == 0, stopped.stderr
    assert "trial 0 has ended" in stopped.stdout
    rows = asked("trials", running)
    assert rows[0]["state"] == "stopped"
    # What it had reached counts: it was stopped after it had printed a value.
    assert rows[0]["value"] is not None
    assert asked("status", running)["state"] == "running"
    assert autosearch("stop", running, 0).returncode == 2


def test_the_whole_search_is_stopped(running: Path) -> None:
    assert autosearch("stop", running).returncode == 0
    assert asked("status", running)["state"] == "stopped"
    assert not carriers(running)
    assert list((running / "requests").iterdir()) == []
    again = autosearch("stop", running)
    assert again.returncode == 0
    assert "nobody runs this study" in again.stdout


def test_what_a_dead_driver_left_is_killed(running: Path) -> None:
    study = asked("status", running)["study"]
    os.kill(strict((running / "lease.json").read_text())["pid"], signal.SIGKILL)
    wait_for(lambda: not carriers(running), "the end of the trials")
    # As if it had escaped its supervisor.
    marked = environment(
        AUTOSEARCH_TRIAL=f"{study}/0/1", AUTOSEARCH_TRIAL_DIR=f"{running}/trials/0000"
    )
    escaped = subprocess.Popen(["sleep", "60"], env=marked, start_new_session=True)
    wait_for(lambda: carriers(running), "the leftover process")
    cleaned = autosearch("clean", running)
    assert cleaned.stdout == "1 leftover process was killed\n"
    assert escaped.wait(timeout=10) == -signal.SIGKILL


def test_a_study_that_is_being_run_is_not_cleaned(running: Path) -> None:
    assert autosearch("clean", running, "--all", "--yes").returncode == 5
    assert asked("status", running)["state"] == "running"


def test_nothing_is_deleted_without_a_word(copied: Path) -> None:
    refused = autosearch("clean", copied, "--all", stdin=subprocess.DEVNULL)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert (copied / "study.db").exists()


def test_logs_are_deleted_and_the_results_stay(copied: Path) -> None:
    assert autosearch("clean", copied, "--logs", "--yes").returncode == 0
    assert not (copied / "trials").exists()
    assert len(asked("trials", copied)) == 8


def test_deleting_a_study_spares_what_is_not_its_own(copied: Path, done: Done) -> None:
    (copied / "notes.txt").write_text("mine")
    cleaned = autosearch("clean", copied, "--all", "--yes")
    assert cleaned.returncode == 0, cleaned.stderr
    assert [path.name for path in copied.iterdir()] == ["notes.txt"]
    assert "notes.txt" in cleaned.stdout
    assert autosearch("clean", copied, "--all", "--yes").returncode == 6


def test_deleting_a_study_deletes_its_folder(copied: Path) -> None:
    assert autosearch("clean", copied, "--all", "--yes").returncode == 0
    assert not copied.exists()
