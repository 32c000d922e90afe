"""The janitor of a Ray of our own. A process that follows a log stands in for Ray's daemons."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.executors import processes_with, wait_until

Start = Callable[[str], subprocess.Popen[str]]

SESSION = """
import subprocess, sys
from autosearch.executors.ray_session import Session
session = Session()
(session.folder / "session_1").touch()
subprocess.Popen(["tail", "-f", f"{session.folder}/session_1"])
print(session.folder, session._janitor.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start(short_folder: Path) -> Iterator[Start]:
    """Starts an owner of sessions that goes on when its stdin ends."""
    started = []

    def begin(source: str) -> subprocess.Popen[str]:
        env = {**os.environ, "TMPDIR": str(short_folder), "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(
            [sys.executable, "-c", source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()
    for left in processes_with(str(short_folder)):
        left.kill()


def read_session(owner: subprocess.Popen[str]) -> tuple[Path, int]:
    assert owner.stdout is not None
    folder, janitor = owner.stdout.readline().split()
    assert Path(folder).is_dir()
    return Path(folder), int(janitor)


def test_closing_removes_the_folder_and_what_is_left_of_ray(start: Start) -> None:
    owner = start(SESSION + "session.close(); print(session.folder.exists())")
    folder, _ = read_session(owner)
    out, _ = owner.communicate()
    assert out == "False\n"
    assert processes_with(str(folder)) == []


def test_a_killed_owner_is_cleared_up_after(start: Start, short_folder: Path) -> None:
    owner = start(SESSION)
    folder, _ = read_session(owner)
    owner.kill()
    wait_until(lambda: not folder.exists())
    assert processes_with(f"{folder}/session_1") == []


def test_where_the_janitor_was_killed_too_the_next_session_clears_up(start: Start) -> None:
    dead, living = start(SESSION), start(SESSION)
    (left, janitor), (used, _) = read_session(dead), read_session(living)
    os.kill(janitor, signal.SIGKILL)
    dead.kill()
    dead.wait()
    assert left.is_dir()
    start(SESSION).communicate()
    assert not left.exists()
    assert processes_with(f"{left}/session_1") == []
    assert used.is_dir()
    assert len(processes_with(f"{used}/session_1")) == 1
