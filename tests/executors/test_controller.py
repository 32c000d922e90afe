"""The executor that runs trials as jobs of a job controller."""

from collections.abc import Callable
from pathlib import Path

import pytest

from autosearch.errors import ExecutorError
from autosearch.executors.base import Executor, Limits, Lost, Resources
from autosearch.executors.controller import ControllerExecutor
from autosearch.executors.job_controller import JobSpec, JobState
from autosearch.executors.sweep import sweep_attempt
from tests.contract.executors import (
    ExecutorContract,
    Jobs,
    Outcome,
    has_ended,
    poll_until,
    processes_with,
    run,
)
from tests.contract.reference_controller import FolderController

POLL_S = 0.02


class TestControllerExecutor(ExecutorContract):
    @pytest.fixture
    def make_executor(self, tmp_path: Path) -> Callable[..., Executor]:
        controller = FolderController(tmp_path / "controller")
        return lambda parallel: ControllerExecutor(controller, parallel, poll_s=POLL_S)

    # What runs where, and what cannot be started, is the controller's to say.

    def test_impossible_resources_are_named_with_both_numbers(self, executor: Executor) -> None:
        assert executor.check(Resources(cpus=12345)) == ""

    def test_a_command_that_does_not_exist_is_named(self, executor: Executor, job: Jobs) -> None:
        [outcome] = run(executor, job("no-such-program"))
        assert outcome.exit.error
        assert "no-such-program" in outcome.exit.text

    def test_a_file_that_is_no_program_is_named(
        self, executor: Executor, job: Jobs, tmp_path: Path
    ) -> None:
        (tmp_path / "data").write_text("1 2 3")
        [outcome] = run(executor, job("./data"))
        assert outcome.exit.error
        assert "./data" in outcome.exit.text

    def test_a_folder_that_does_not_exist_is_named(
        self, executor: Executor, job: Jobs, tmp_path: Path
    ) -> None:
        [outcome] = run(executor, job("true", cwd=tmp_path / "gone"))
        assert outcome.exit.error
        assert str(tmp_path / "gone") in outcome.exit.text


# When the controller is away, forgets, or does less than it could


class Sick:
    """A controller between us and another one, whose calls can be made to fail."""

    def __init__(self, controller: FolderController) -> None:
        self.controller = controller
        self.failures: list[Exception] = []
        self.state_hides: tuple[str, ...] = ()
        self.submitted: list[str] = []

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def submit(self, job: JobSpec) -> str:
        self.submitted.append(job["key"])
        id = self.controller.submit(job)
        # Accepted, but the answer gets lost.
        self._fail()
        return id

    def state(self, id: str) -> JobState:
        self._fail()
        state = dict(self.controller.state(id))
        return {k: v for k, v in state.items() if k not in self.state_hides}  # type: ignore[return-value]

    def log(self, id: str, offset: int, size: int) -> bytes:
        self._fail()
        return self.controller.log(id, offset, size)

    def stop(self, id: str) -> None:
        self._fail()
        self.controller.stop(id)

    def folder(self, id: str) -> Path:
        self._fail()
        return self.controller.folder(id)


def abandon(executor: ControllerExecutor) -> None:
    """Let go of everything, as the death of its process does."""
    for attempt in executor._attempts.values():
        attempt.close()


@pytest.fixture
def sick(tmp_path: Path) -> Sick:
    return Sick(FolderController(tmp_path / "controller", enforce=False))


@pytest.mark.parametrize("failures", range(1, 8))
def test_an_answer_that_gets_lost_loses_no_job(tmp_path: Path, sick: Sick, failures: int) -> None:
    executor = ControllerExecutor(sick, 1, poll_s=POLL_S)
    sick.failures = [ConnectionResetError("away") for _ in range(failures)]
    job = Jobs(tmp_path)("sh", "-c", "echo once >> runs; echo acc=0.5")
    [outcome] = run(executor, job)
    assert (outcome.values, outcome.exit.code) == ([0.5], 0)
    assert (tmp_path / "runs").read_text() == "once\n"
    assert set(sick.submitted) == {job.marker}


def test_a_controller_that_stays_away_ends_the_search_but_not_its_jobs(
    tmp_path: Path, sick: Sick
) -> None:
    executor = ControllerExecutor(sick, 1, poll_s=POLL_S, patience_s=0.3)
    job = Jobs(tmp_path)("sh", "-c", "echo acc=1; while [ ! -e go ]; do sleep 0.02; done")
    executor.start(job)
    poll_until(executor, bool)
    sick.failures = [TimeoutError("no answer") for _ in range(1000)]
    with pytest.raises(ExecutorError, match=r"not answered for 0.3 s \(TimeoutError: no answer\)"):
        poll_until(executor, has_ended(job))
    executor.close()
    sick.failures = []
    (tmp_path / "go").touch()
    other = ControllerExecutor(sick, 1, poll_s=POLL_S)
    assert other.adopt(job)
    outcome = Outcome(poll_until(other, has_ended(job)))
    assert (outcome.values, outcome.exit.code) == ([1], 0)


def test_a_job_that_the_controller_forgets_is_lost(tmp_path: Path, sick: Sick) -> None:
    executor = ControllerExecutor(sick, 1, poll_s=POLL_S)
    job = Jobs(tmp_path)("sh", "-c", "echo acc=1; sleep 1000")
    executor.start(job)
    events = poll_until(executor, bool)
    sick.failures = [KeyError("job")]
    poll_until(executor, has_ended(job), events)
    assert isinstance(events[-1], Lost)
    assert "does not know its job" in events[-1].text
    assert executor.free_slots == 1
    for folder in sick.controller.root.iterdir():
        sick.controller.stop(folder.name)


def test_a_job_that_is_refused_is_an_exit_with_the_reason(tmp_path: Path, sick: Sick) -> None:
    executor = ControllerExecutor(sick, 1, poll_s=POLL_S)
    sick.failures = [ValueError("too many GPUs")]
    [outcome] = run(executor, Jobs(tmp_path)("true"))
    assert outcome.exit.error
    assert outcome.exit.text == "the job controller refused it: too many GPUs"


def test_the_time_is_limited_even_where_the_controller_does_not_look(
    tmp_path: Path, sick: Sick
) -> None:
    sick.state_hides = ("seconds", "cause")
    executor = ControllerExecutor(sick, 1, poll_s=POLL_S)
    [outcome] = run(executor, Jobs(tmp_path)("sleep", "1000", limits=Limits(time_s=0.3)))
    assert (outcome.exit.why, outcome.exit.signal) == ("time_limit", "SIGTERM")
    assert outcome.exit.text == "over its time limit of 0.3 s"


def test_a_job_that_somebody_else_stops_has_not_been_stopped_by_us(
    tmp_path: Path, sick: Sick
) -> None:
    executor = ControllerExecutor(sick, 1, poll_s=POLL_S)
    job = Jobs(tmp_path)("sh", "-c", "echo acc=1; sleep 1000")
    executor.start(job)
    events = poll_until(executor, bool)
    (folder,) = sick.controller.root.iterdir()
    sick.controller.stop(folder.name)
    outcome = Outcome(poll_until(executor, has_ended(job), events))
    assert (outcome.exit.why, outcome.exit.signal) == ("exited", "SIGTERM")
    assert outcome.exit.text == "stopped through the job controller"


def test_a_stop_that_the_controller_never_heard_of_is_repeated_by_whoever_takes_over(
    tmp_path: Path, sick: Sick
) -> None:
    executor = ControllerExecutor(sick, 1, poll_s=POLL_S)
    job = Jobs(tmp_path)("sh", "-c", "echo acc=1; sleep 1000")
    executor.start(job)
    poll_until(executor, bool)
    executor.stop(job.number, 1, "enough")
    sick.failures = [ConnectionResetError("away") for _ in range(1000)]
    executor.poll(0.1)
    abandon(executor)
    sick.failures = []
    other = ControllerExecutor(sick, 1, poll_s=POLL_S)
    assert other.adopt(job)
    outcome = Outcome(poll_until(other, has_ended(job)))
    assert (outcome.exit.why, outcome.exit.text) == ("stopped", "enough")
    assert not other.adopt(job)


def test_a_job_whose_submission_was_only_meant_is_started_once_by_whoever_takes_over(
    tmp_path: Path, sick: Sick
) -> None:
    job = Jobs(tmp_path)("sh", "-c", "echo once >> runs")
    executor = ControllerExecutor(sick, 1, poll_s=POLL_S)
    executor.start(job)
    abandon(executor)
    assert sick.submitted == []
    other = ControllerExecutor(sick, 1, poll_s=POLL_S)
    assert other.adopt(job)
    assert Outcome(poll_until(other, has_ended(job))).exit.code == 0
    assert (tmp_path / "runs").read_text() == "once\n"


def test_a_killed_runner_is_a_lost_job(tmp_path: Path, sick: Sick) -> None:
    executor = ControllerExecutor(sick, 1, poll_s=POLL_S)
    job = Jobs(tmp_path)("sh", "-c", "echo acc=1; sleep 1000")
    executor.start(job)
    events = poll_until(executor, bool)
    # Only the runner has its job's folder among its arguments.
    [runner] = processes_with(str(sick.controller.root))
    runner.kill()
    poll_until(executor, has_ended(job), events)
    assert isinstance(events[-1], Lost)
    sweep_attempt(job.marker)
