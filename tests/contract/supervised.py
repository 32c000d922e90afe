"""What an executor must do beside the contract where its trials run under our supervisor."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from autosearch.executors.base import Event, Executor, Job, Limits, Lost
from tests.contract.executors import (
    ExecutorContract,
    Jobs,
    Outcome,
    has_ended,
    poll_until,
    processes_with,
    run,
    wait_until,
)


class SupervisedContract(ExecutorContract):
    """The suite for executors whose trials run under our supervisor, and die with the driver."""

    # Python that makes an `executor` in another process.
    driver_source: str

    def supervisor_of(self, job: Job) -> psutil.Process:
        [supervisor] = [p for p in processes_with(job.marker) if job.marker in p.cmdline()]
        return supervisor

    def test_exit_json_says_what_the_exit_says(self, executor: Executor, job: Jobs) -> None:
        ended = job("sh", "-c", "echo acc=1; exit 3")
        [outcome] = run(executor, ended)
        record = json.loads((ended.attempt_folder / "exit.json").read_text())
        assert (record["code"], record["why"]) == (3, "exited")
        assert record["seconds"] == outcome.exit.seconds
        assert {path.name for path in ended.attempt_folder.iterdir()} == {"output.log", "exit.json"}

    def test_an_exit_that_cannot_be_written_is_reported_all_the_same(
        self, executor: Executor, job: Jobs
    ) -> None:
        [outcome] = run(
            executor,
            job("sh", "-c", "cd $AUTOSEARCH_TRIAL_DIR; rm -r attempt-1; touch attempt-1; exit 3"),
        )
        assert outcome.exit.code == 3

    def test_a_trial_that_empties_its_folder_is_read_to_its_end(
        self, executor: Executor, job: Jobs
    ) -> None:
        [outcome] = run(executor, job("sh", "-c", "rm -r $AUTOSEARCH_TRIAL_DIR; echo acc=1"))
        assert (outcome.values, outcome.exit.code) == ([1], 0)

    @pytest.mark.slow
    def test_a_killed_supervisor_takes_its_trial_along(self, executor: Executor, job: Jobs) -> None:
        # The processes keep their environment: the sweep finds them by the marker in it.
        asked = job("sh", "-c", "setsid sleep 1000 & echo acc=1; sleep 1000")
        executor.start(asked)
        events = poll_until(executor, bool)
        supervisor = self.supervisor_of(asked)
        [main] = supervisor.children()
        supervisor.kill()
        wait_until(lambda: not main.is_running() or main.status() == psutil.STATUS_ZOMBIE)
        poll_until(executor, has_ended(asked), events)
        assert isinstance(events[-1], Lost)
        assert processes_with(asked.marker) == []
        assert executor.free_slots == 2

    def test_helpers_that_end_with_their_program_are_not_remarked_upon(
        self, executor: Executor, job: Jobs
    ) -> None:
        [outcome] = run(executor, job("sh", "-c", "sleep 0.02 & exit 0"))
        assert outcome.notices == []

    def test_closing_at_once_waits_for_no_grace(
        self, make_executor: Callable[..., Executor], job: Jobs, odd_seconds: str
    ) -> None:
        executor = make_executor(1)
        source = f"trap '' TERM; echo acc=1; sleep {odd_seconds} & sleep {odd_seconds}"
        executor.start(job("sh", "-c", source, limits=Limits(grace_s=1000)))
        poll_until(executor, bool)
        executor.close(at_once=True)
        assert processes_with(odd_seconds) == []

    @pytest.mark.slow
    def test_a_supervisor_waits_without_working(
        self, executor: Executor, job: Jobs, odd_seconds: str
    ) -> None:
        # Through every phase: a trial without output, its leftovers that ignore TERM, the KILL.
        leftover = f"trap '' TERM; sleep {odd_seconds}"
        source = f'sh -c "{leftover}" & exec >&- 2>&-; sleep 0.5; exit 2'
        asked = job("sh", "-c", source, limits=Limits(grace_s=0.5, time_s=100))
        executor.start(asked)
        wait_until(lambda: len(processes_with(odd_seconds)) > 0)
        supervisor = self.supervisor_of(asked)
        used: list[float] = []
        events: list[Event] = []
        while not has_ended(asked)(events):
            with contextlib.suppress(psutil.NoSuchProcess):
                used.append(sum(supervisor.cpu_times()[:2]))
            events += executor.poll(0.1)
        outcome = Outcome(events)
        assert outcome.exit.code == 2
        assert outcome.notices
        assert used[-1] < 0.25

    def test_signals_from_a_terminal_do_not_reach_a_trial(
        self, executor: Executor, job: Jobs
    ) -> None:
        asked = job("sh", "-c", "echo acc=1; sleep 0.3; exit 6")
        executor.start(asked)
        events = poll_until(executor, bool)
        supervisor = self.supervisor_of(asked)
        assert os.getsid(supervisor.pid) != os.getsid(0)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            supervisor.send_signal(number)
        assert Outcome(poll_until(executor, has_ended(asked), events)).exit.code == 6

    @pytest.mark.parametrize("held", [False, True])
    def test_nothing_outlives_a_killed_driver(
        self, tmp_path: Path, odd_seconds: str, held: bool
    ) -> None:
        """Where held, a process that the driver forked keeps all of its files open."""
        script = tmp_path / "driver.py"
        script.write_text(
            f"""
import os, sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.contract.executors import TREE, Jobs, python
{self.driver_source}
if __name__ == "__main__":
    program = python(TREE + "    time.sleep(1000)", {odd_seconds!r})
    executor.start(Jobs(Path({str(tmp_path)!r}))(*program))
    while not executor.poll(1.0):
        pass
    if {held} and os.fork() == 0:
        time.sleep(1000)
    print("running", flush=True)
    time.sleep(1000)
"""
        )
        command = [sys.executable, str(script)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as driver:
            assert driver.stdout is not None
            assert driver.stdout.readline() == b"running\n"
            assert len(processes_with(odd_seconds)) >= 4
            os.kill(driver.pid, signal.SIGKILL)
            wait_until(lambda: processes_with(odd_seconds) == [])
            if held:
                os.killpg(driver.pid, signal.SIGKILL)
