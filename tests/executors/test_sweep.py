"""Ending what outlived its supervisor."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator

import psutil
import pytest

from autosearch.executors.sweep import sweep, sweep_attempt
from tests.contract.executors import processes_with

Start = Callable[[str], psutil.Process]


@pytest.fixture
def start(odd_seconds: str) -> Iterator[Start]:
    """Starts a process with a marker, in a session of its own, that ignores TERM."""
    started = []

    def begin(marker: str) -> psutil.Process:
        env = {**os.environ, "AUTOSEARCH_TRIAL": marker}
        command = ["sh", "-c", f"trap '' TERM; echo ready; sleep {odd_seconds}; true"]
        process = subprocess.Popen(command, env=env, start_new_session=True, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return psutil.Process(process.pid)

    yield begin
    for process in started:
        os.killpg(process.pid, 9)
        process.communicate()


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.slow
def test_every_process_of_a_study_is_ended_and_no_other(start: Start) -> None:
    study, other = uuid.uuid4().hex, uuid.uuid4().hex
    ours = [start(f"{study}/0/1"), start(f"{study}/12/3")]
    theirs = start(f"{other}/0/1")
    assert sweep(study) >= 2
    assert not any(alive(process) for process in ours)
    assert alive(theirs)
    assert processes_with(study) == []
    assert sweep(study) == 0


@pytest.mark.slow
def test_only_the_attempt_that_was_named_is_ended(start: Start) -> None:
    study = uuid.uuid4().hex
    ours, longer, later = start(f"{study}/1/1"), start(f"{study}/1/12"), start(f"{study}/1/2")
    sweep_attempt(f"{study}/1/1")
    assert [alive(process) for process in (ours, longer, later)] == [False, True, True]
