import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autosearch.errors import StudyBusyError
from autosearch.lease import FILE, Lease, owner_of, this_process

HOLD = """
import sys, time
from pathlib import Path
from autosearch.lease import Lease
lease = Lease(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""
RACE = """
import sys, time
from pathlib import Path
from autosearch.errors import StudyBusyError
from autosearch.lease import Lease
try:
    Lease(Path(sys.argv[1]))
except StudyBusyError:
    print("busy", flush=True)
else:
    print("held", flush=True)
    time.sleep(60)
"""


def start(code: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True
    )


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_second_owner_is_refused_and_told_whose_it_is(tmp_path: Path) -> None:
    process = start(HOLD, tmp_path)
    assert said(process) == "held"
    with pytest.raises(StudyBusyError, match=f"process {process.pid} on"):
        Lease(tmp_path)
    owner = owner_of(tmp_path)
    assert owner is not None
    assert owner.pid == process.pid
    end(process)


def test_the_lease_of_a_killed_owner_is_free_at_once(tmp_path: Path) -> None:
    process = start(HOLD, tmp_path)
    assert said(process) == "held"
    os.kill(process.pid, signal.SIGKILL)
    end(process)
    assert owner_of(tmp_path) is None
    lease = Lease(tmp_path)
    assert owner_of(tmp_path) == this_process()
    lease.release()


def test_a_released_lease_belongs_to_nobody(tmp_path: Path) -> None:
    lease = Lease(tmp_path)
    lease.release()
    lease.release()
    assert owner_of(tmp_path) is None
    Lease(tmp_path).release()


def test_a_text_left_by_somebody_else_does_not_hold_the_lease(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"host": "x", "boot": "y", "pid": 1, "started": 2}')
    assert owner_of(tmp_path) is None
    Lease(tmp_path).release()


@pytest.mark.slow
def test_of_several_at_once_exactly_one_goes_on(tmp_path: Path) -> None:
    processes = [start(RACE, tmp_path) for _ in range(4)]
    answers = [said(process) for process in processes]
    for process in processes:
        end(process)
    assert sorted(answers) == ["busy", "busy", "busy", "held"]


def test_looking_who_the_owner_is_keeps_nobody_out(tmp_path: Path) -> None:
    for _ in range(50):
        owner_of(tmp_path)
        Lease(tmp_path).release()
