from pathlib import Path

import pytest

from autosearch.cli.logs import last_lines
from tests.cli.conftest import Done
from tests.cli.program import asked, autosearch, carriers, project, started, wait_for

# Whole commands in processes of their own.
pytestmark = pytest.mark.slow


def good_trial(done: Done) -> int:
    rows = asked("trials", done.folder)
    return int(next(row["number"] for row in rows if row["state"] == "completed"))


def test_logs_print_what_the_trial_printed(done: Done) -> None:
    lines = autosearch("logs", done.folder, good_trial(done)).stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["epoch", "1"], ["epoch", "2"], ["epoch", "3"]]


@pytest.mark.parametrize(
    ("options", "epochs"),
    [(("--tail", 1), ["3"]), (("--grep", "epoch [12]"), ["1", "2"]), (("--tail", 0), [])],
)
def test_logs_are_cut_and_searched(
    done: Done, options: tuple[object, ...], epochs: list[str]
) -> None:
    shown = autosearch("logs", done.folder, good_trial(done), *options)
    assert shown.returncode == 0, shown.stderr
    assert [line.split()[1] for line in shown.stdout.splitlines()] == epochs


def test_following_ends_with_the_trial(tmp_path: Path) -> None:
    program = 'for i in 1 2 3 4 5 6 7 8; do echo "loss: 0.$i"; sleep 0.2; done'
    file = project(tmp_path, program)
    search = started("run", file, "--trials", 1)
    folder = tmp_path / "runs" / "small"
    wait_for(lambda: (folder / "trials" / "0000").exists(), "the first trial")
    followed = autosearch("logs", folder, 0, "-f")
    search.communicate(timeout=60)
    assert followed.stdout.splitlines() == [f"loss: 0.{i}" for i in range(1, 9)]
    assert "trial 0: completed" in followed.stderr
    assert not carriers(folder)


def test_a_log_or_trial_that_is_not_there_is_wrong_input(done: Done) -> None:
    assert "there is no trial 99" in autosearch("logs", done.folder, 99).stderr
    wrong = autosearch("logs", done.folder, 0, "--attempt", 7)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "1 attempts" in wrong.stderr
    assert autosearch("logs", done.folder, 0, "--grep", "(").returncode == 2


def test_a_progress_bar_is_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_bytes(b"start\n10%\r20%\r100%\r\n\nend")
    assert last_lines(path, 3) == [b"20%", b"100%", b"end"]
