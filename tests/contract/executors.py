"""What every executor must do. A test class inherits a suite and gives it `make_executor`."""

import itertools
import os
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from autosearch.errors import ExecutorError
from autosearch.executors.base import (
    Event,
    Executor,
    Exit,
    Job,
    Limits,
    Lost,
    Metrics,
    Notice,
    Resources,
)
from autosearch.executors.environment import trial_environment
from autosearch.metrics.rules import Rule

PATIENCE_S = 60.0  # no claim: only so that a fault ends a test

ACC = Rule("acc", regex=r"acc=([0-9.]+)")


def python(source: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a program, started as fast as can be."""
    return (sys.executable, "-S", "-E", "-u", "-c", textwrap.dedent(source), *arguments)


class Jobs:
    """Makes jobs of one study, numbered from 0, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.study = uuid.uuid4().hex
        self.folder = folder
        self._numbers = itertools.count()

    def __call__(self, *command: str, env: dict[str, str] | None = None, **fields: object) -> Job:
        number = next(self._numbers)
        folder = self.folder / f"trial-{number}"
        marker = f"{self.study}/{number}/1"
        whole = trial_environment(
            os.environ, env or {}, marker=marker, number=number, folder=folder, seed=number
        )
        settings = {"cwd": self.folder, "rules": (ACC,), "limits": Limits(grace_s=5)} | fields
        return Job(self.study, number, 1, {}, command=command, folder=folder, env=whole, **settings)  # type: ignore[arg-type]


@dataclass
class Outcome:
    """All events of one attempt."""

    events: list[Event] = field(default_factory=list)

    @property
    def exit(self) -> Exit:
        assert isinstance(self.events[-1], Exit), self.events
        return self.events[-1]

    @property
    def values(self) -> list[float]:
        metrics = [event for event in self.events if isinstance(event, Metrics)]
        return [one.value for event in metrics for one in event.measurements]

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]


def poll_until(
    executor: Executor, enough: Callable[[list[Event]], bool], events: list[Event] | None = None
) -> list[Event]:
    """Return the events up to the moment when there are enough of them."""
    events = [] if events is None else events
    give_up_at = time.monotonic() + PATIENCE_S
    while not enough(events):
        assert time.monotonic() < give_up_at, events
        events += executor.poll(1.0)
    return events


def has_ended(*jobs: Job) -> Callable[[list[Event]], bool]:
    keys = {(job.number, job.attempt) for job in jobs}
    return lambda events: (
        keys <= {(e.number, e.attempt) for e in events if isinstance(e, Exit | Lost)}
    )


def run(executor: Executor, *jobs: Job) -> list[Outcome]:
    """Run jobs to their ends, at once; return what happened to each."""
    for job in jobs:
        executor.start(job)
    events = poll_until(executor, has_ended(*jobs))
    return [
        Outcome([e for e in events if (e.number, e.attempt) == (job.number, job.attempt)])
        for job in jobs
    ]


def wait_until(claim: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    give_up_at = time.monotonic() + patience_s
    while not claim():
        assert time.monotonic() < give_up_at, "this never became true"
        time.sleep(0.01)


def processes_with(text: str) -> list[psutil.Process]:
    """Return the living processes with a text in their command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            words = [*process.cmdline(), *process.environ().values()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if any(text in word for word in words):
            found.append(process)
    return found


# A tree as a launcher makes it: a child, a child in a session of its own, a daemon by double fork
# that has lost its environment; all sleep and are found by the same odd number of seconds.
TREE = """
    import os, subprocess, sys, time
    seconds = sys.argv[1]
    subprocess.Popen(["sleep", seconds])
    subprocess.Popen(["sleep", seconds], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execve("/bin/sleep", ["sleep", seconds], {})
        os._exit(0)
    os.wait()
    print("acc=1", flush=True)
"""


@pytest.fixture
def odd_seconds() -> Iterator[str]:
    """A number of seconds to sleep by which a test finds its processes; none may be left."""
    seconds = f"1000.{uuid.uuid4().int % 10**12:012}"
    yield seconds
    left = processes_with(seconds)
    for process in left:
        process.kill()
    assert not left


class ExecutorContract:
    """The suite for every executor."""

    @pytest.fixture
    def make_executor(self) -> Callable[..., Executor]:
        raise NotImplementedError

    @pytest.fixture
    def executor(self, make_executor: Callable[..., Executor]) -> Iterator[Executor]:
        executor = make_executor(2)
        yield executor
        executor.close()

    @pytest.fixture
    def job(self, tmp_path: Path) -> Jobs:
        return Jobs(tmp_path)

    # What a program says and how it ends

    def test_metrics_come_in_order_and_before_the_exit(self, executor: Executor, job: Jobs) -> None:
        [outcome] = run(executor, job("sh", "-c", "echo acc=0.5; echo acc=0.75 >&2"))
        assert outcome.values == [0.5, 0.75]
        assert outcome.exit.code == 0
        assert outcome.exit.why == "exited"
        assert outcome.exit.log_size == len("acc=0.5\nacc=0.75\n")

    def test_steps_count_and_offsets_point_into_the_log(
        self, executor: Executor, job: Jobs
    ) -> None:
        [outcome] = run(executor, job("printf", "x\\nacc=1\\nacc=2\\n"))
        found = [m for e in outcome.events if isinstance(e, Metrics) for m in e.measurements]
        assert [(m.metric, m.step, m.offset) for m in found] == [("acc", 1, 2), ("acc", 2, 8)]
        assert all(0 < m.seconds < PATIENCE_S for m in found)

    def test_metrics_arrive_while_the_program_runs(self, executor: Executor, job: Jobs) -> None:
        running = job("sh", "-c", "echo acc=0.5; sleep 1000")
        executor.start(running)
        events = poll_until(executor, bool)
        assert isinstance(events[0], Metrics)
        executor.stop(running.number, 1, "seen enough")
        poll_until(executor, has_ended(running))

    @pytest.mark.parametrize("code", [0, 3])
    def test_the_exit_has_the_programs_code(self, executor: Executor, job: Jobs, code: int) -> None:
        [outcome] = run(executor, job("sh", "-c", f"exit {code}"))
        assert (outcome.exit.code, outcome.exit.signal, outcome.exit.error) == (code, None, False)

    @pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT"])
    def test_the_exit_names_the_signal(self, executor: Executor, job: Jobs, name: str) -> None:
        [outcome] = run(executor, job("sh", "-c", f"kill -{name.removeprefix('SIG')} $$"))
        assert (outcome.exit.code, outcome.exit.signal) == (None, name)

    def test_a_last_line_without_its_end_is_read(self, executor: Executor, job: Jobs) -> None:
        [outcome] = run(executor, job("printf", "acc=0.25"))
        assert outcome.values == [0.25]

    def test_ten_megabytes_without_a_newline_hide_nothing(
        self, executor: Executor, job: Jobs
    ) -> None:
        source = "print('acc=1'); print('x' * 10_000_000); print('acc=2')"
        [outcome] = run(executor, job(*python(source)))
        assert outcome.values == [1, 2]

    def test_bytes_that_are_no_text_hide_nothing(self, executor: Executor, job: Jobs) -> None:
        source = r"""
            import os
            os.write(1, b"acc=1\n\xff\xfe\x00\x80\n" + bytes(range(256)) + b"\nacc=2\n")
        """
        [outcome] = run(executor, job(*python(source)))
        assert outcome.values == [1, 2]

    def test_a_program_that_closes_its_output_is_still_followed(
        self, executor: Executor, job: Jobs
    ) -> None:
        source = "import os; print('acc=1', flush=True); os.close(1); os.close(2); os._exit(7)"
        [outcome] = run(executor, job(*python(source)))
        assert (outcome.values, outcome.exit.code) == ([1], 7)

    def test_the_log_can_be_read_in_pieces(self, executor: Executor, job: Jobs) -> None:
        ended = job("printf", "0123456789")
        run(executor, ended)
        assert executor.read_log(ended.number, 1, 3, 4) == b"3456"
        assert executor.read_log(ended.number, 1, 8, 100) == b"89"
        assert executor.read_log(ended.number, 1, 10, 100) == b""
        assert executor.read_log(ended.number + 1000, 1, 0, 100) == b""

    # What a program finds

    def test_the_program_sees_its_environment_and_folder(
        self, executor: Executor, job: Jobs
    ) -> None:
        says = "$GREETING $AUTOSEARCH_TRIAL $AUTOSEARCH_SEED $PWD"
        source = f'echo "{says}"; cat "$AUTOSEARCH_TRIAL_DIR/c"'
        asked = job("sh", "-c", source, env={"GREETING": "grüß dich"}, files={"c": "content"})
        run(executor, asked)
        expected = f"grüß dich {asked.marker} {asked.number} {asked.cwd}\ncontent"
        assert executor.read_log(asked.number, 1, 0, 1000).decode() == expected

    def test_no_signal_is_blocked_or_ignored_and_no_input_waited_for(
        self, executor: Executor, job: Jobs
    ) -> None:
        asked = job("sh", "-c", "grep -E 'Sig(Blk|Ign)' /proc/self/status; cat; echo end")
        run(executor, asked)
        zeros = "0" * 16
        expected = f"SigBlk:\t{zeros}\nSigIgn:\t{zeros}\nend\n"
        assert executor.read_log(asked.number, 1, 0, 1000).decode() == expected

    def test_only_a_shell_command_goes_through_a_shell(self, executor: Executor, job: Jobs) -> None:
        plain, shell = job("echo", "$((1+1))"), job("echo $((1+1)) | tr 2 3", shell=True)
        run(executor, plain, shell)
        assert executor.read_log(plain.number, 1, 0, 100) == b"$((1+1))\n"
        assert executor.read_log(shell.number, 1, 0, 100) == b"3\n"

    def test_secrets_of_the_environment_reach_no_file(self, executor: Executor, job: Jobs) -> None:
        secret = uuid.uuid4().hex
        asked = job("sh", "-c", "test -n $TOKEN", env={"TOKEN": secret})
        [outcome] = run(executor, asked)
        assert outcome.exit.code == 0
        contents = [path.read_bytes() for path in asked.folder.rglob("*") if path.is_file()]
        assert contents
        assert not any(secret.encode() in content for content in contents)

    # Programs that cannot be started

    def test_a_command_that_does_not_exist_is_named(self, executor: Executor, job: Jobs) -> None:
        [bare, path] = run(executor, job("no-such-program"), job("./no-such-program"))
        assert (bare.exit.error, bare.exit.code) == (True, 127)
        assert bare.exit.text.startswith("command not found: no-such-program (in PATH=")
        assert (path.exit.error, path.exit.code) == (True, 127)
        assert path.exit.text.startswith("command not found: ./no-such-program (in /")

    def test_a_file_that_is_no_program_is_named(
        self, executor: Executor, job: Jobs, tmp_path: Path
    ) -> None:
        (tmp_path / "data").write_text("1 2 3")
        (tmp_path / "script").write_text("#!/no/such/interpreter\n")
        (tmp_path / "script").chmod(0o755)
        [data, script] = run(executor, job("./data"), job("./script"))
        assert (data.exit.error, data.exit.code) == (True, 126)
        assert "not executable" in data.exit.text
        assert (script.exit.error, script.exit.code) == (True, 126)
        assert "interpreter" in script.exit.text

    def test_a_folder_that_does_not_exist_is_named(
        self, executor: Executor, job: Jobs, tmp_path: Path
    ) -> None:
        [outcome] = run(executor, job("true", cwd=tmp_path / "gone"))
        assert (outcome.exit.error, outcome.exit.code) == (True, 126)
        assert str(tmp_path / "gone") in outcome.exit.text

    # Ends that we bring about

    def test_a_stopped_program_may_clean_up(self, executor: Executor, job: Jobs) -> None:
        asked = job("sh", "-c", "trap 'echo acc=9; exit 4' TERM; echo acc=1; sleep 1000 & wait")
        executor.start(asked)
        events = poll_until(executor, bool)
        executor.stop(asked.number, 1, "no better than the others")
        outcome = Outcome(poll_until(executor, has_ended(asked), events))
        assert outcome.values == [1, 9]
        assert (outcome.exit.why, outcome.exit.code) == ("stopped", 4)
        assert outcome.exit.text == "no better than the others"

    def test_a_program_that_is_stopped_as_it_starts_ends_at_once(
        self, executor: Executor, job: Jobs, odd_seconds: str
    ) -> None:
        asked = job("sleep", odd_seconds, limits=Limits(grace_s=1000))
        executor.start(asked)
        executor.stop(asked.number, 1, "not needed")
        outcome = Outcome(poll_until(executor, has_ended(asked)))
        assert (outcome.exit.why, outcome.exit.text) == ("stopped", "not needed")

    def test_a_suspended_program_may_clean_up_too(self, executor: Executor, job: Jobs) -> None:
        source = "trap 'exit 4' TERM; echo acc=1; kill -STOP $$; while :; do sleep 0.01; done"
        asked = job("sh", "-c", source)
        executor.start(asked)
        events = poll_until(executor, bool)
        executor.stop(asked.number, 1, "enough")
        assert Outcome(poll_until(executor, has_ended(asked), events)).exit.code == 4

    def test_what_ignores_TERM_is_killed_after_its_grace(
        self, executor: Executor, job: Jobs, odd_seconds: str
    ) -> None:
        source = f"trap '' TERM INT; echo acc=1; sleep {odd_seconds} & sleep {odd_seconds}"
        asked = job("sh", "-c", source, limits=Limits(grace_s=0.3))
        executor.start(asked)
        events = poll_until(executor, bool)
        executor.stop(asked.number, 1, "enough")
        outcome = Outcome(poll_until(executor, has_ended(asked), events))
        assert (outcome.exit.why, outcome.exit.signal) == ("stopped", "SIGKILL")

    def test_stopping_what_does_not_run_is_ignored(self, executor: Executor, job: Jobs) -> None:
        asked = job("true")
        run(executor, asked)
        executor.stop(asked.number, 1, "too late")
        executor.stop(asked.number + 1000, 1, "never started")
        assert executor.poll(0) == []

    def test_a_silent_hang_ends_at_its_time_limit(
        self, executor: Executor, job: Jobs, odd_seconds: str
    ) -> None:
        [outcome] = run(executor, job("sleep", odd_seconds, limits=Limits(time_s=0.3)))
        assert (outcome.exit.why, outcome.exit.signal) == ("time_limit", "SIGTERM")
        assert "0.3 s" in outcome.exit.text
        assert outcome.exit.seconds >= 0.3

    def test_memory_is_limited_over_the_whole_tree(self, executor: Executor, job: Jobs) -> None:
        source = "import os, time; os.fork(); os.fork(); x = os.urandom(50 << 20); time.sleep(1000)"
        [outcome] = run(executor, job(*python(source), limits=Limits(memory=150 << 20)))
        assert outcome.exit.why == "memory_limit"
        assert "150 MiB" in outcome.exit.text
        assert (outcome.exit.peak_memory or 0) > 150 << 20

    @pytest.mark.slow
    def test_memory_that_processes_share_counts_once(self, executor: Executor, job: Jobs) -> None:
        source = "import os, time; x = os.urandom(60 << 20); os.fork(); os.fork(); time.sleep(1)"
        [outcome] = run(executor, job(*python(source), limits=Limits(memory=150 << 20)))
        assert (outcome.exit.why, outcome.exit.code) == ("exited", 0)
        assert (outcome.exit.peak_memory or 0) > 60 << 20

    def test_the_whole_tree_ends_on_request(
        self, executor: Executor, job: Jobs, odd_seconds: str
    ) -> None:
        asked = job(*python(TREE + "    time.sleep(1000)", odd_seconds))
        executor.start(asked)
        poll_until(executor, bool)
        assert len(processes_with(odd_seconds)) >= 4
        executor.stop(asked.number, 1, "enough")
        poll_until(executor, has_ended(asked))
        assert processes_with(odd_seconds) == []

    def test_the_whole_tree_ends_with_its_main_program(
        self, executor: Executor, job: Jobs, odd_seconds: str
    ) -> None:
        [outcome] = run(executor, job(*python(TREE + "    os._exit(5)", odd_seconds)))
        assert processes_with(odd_seconds) == []
        assert (outcome.exit.code, outcome.exit.why) == (5, "exited")
        assert outcome.notices == ["the program left processes running, which were ended (3)"]

    def test_closing_ends_everything(
        self, make_executor: Callable[..., Executor], job: Jobs, odd_seconds: str
    ) -> None:
        executor = make_executor(2)
        for _ in range(2):
            executor.start(job(*python(TREE + "    time.sleep(1000)", odd_seconds)))
        poll_until(executor, lambda events: len(events) >= 2)
        executor.close()
        assert processes_with(odd_seconds) == []
        executor.close()  # a second time does no harm

    # Slots and resources

    def test_as_many_run_at_once_as_there_are_slots(
        self, executor: Executor, job: Jobs, tmp_path: Path
    ) -> None:
        # Each waits for the other's file, so both end only where both run.
        source = "touch $0; while [ ! -e $1 ]; do sleep 0.01; done"
        first, second = str(tmp_path / "first"), str(tmp_path / "second")
        assert executor.free_slots == 2
        executor.start(a := job("sh", "-c", source, first, second))
        assert executor.free_slots == 1
        executor.start(b := job("sh", "-c", source, second, first))
        assert executor.free_slots == 0
        with pytest.raises(ExecutorError):
            executor.start(job("true"))
        poll_until(executor, has_ended(a, b))
        assert executor.free_slots == 2

    def test_impossible_resources_are_named_with_both_numbers(self, executor: Executor) -> None:
        assert executor.check(Resources()) == ""
        assert "12345" in executor.check(Resources(cpus=12345))
        assert "12345" in executor.check(Resources(gpus=12345))
        assert executor.check(Resources(memory=1 << 60))

    # A driver that comes back

    def test_an_attempt_that_had_ended_is_taken_over_with_all_that_it_printed(
        self, make_executor: Callable[..., Executor], executor: Executor, job: Jobs
    ) -> None:
        ended = job("sh", "-c", "echo acc=1; echo acc=2; exit 3")
        [before] = run(executor, ended)
        other = make_executor(1)
        assert other.adopt(ended)
        after = Outcome(poll_until(other, has_ended(ended)))
        found = [m for e in after.events if isinstance(e, Metrics) for m in e.measurements]
        assert [(m.value, m.step, m.offset) for m in found] == [(1, 1, 0), (2, 2, len("acc=1\n"))]
        assert after.exit == before.exit
        other.close()

    def test_an_attempt_that_never_started_cannot_be_taken_over(
        self, executor: Executor, job: Jobs
    ) -> None:
        assert not executor.adopt(job("true"))
        assert executor.poll(0) == []

    def test_an_attempt_that_ended_with_its_driver_cannot_be_taken_over(
        self, make_executor: Callable[..., Executor], executor: Executor, job: Jobs
    ) -> None:
        other = make_executor(1)
        cut = job("sh", "-c", "echo acc=1; sleep 1000")
        other.start(cut)
        poll_until(other, bool)
        other.close()
        assert not executor.adopt(cut)

    @pytest.mark.slow
    def test_many_quick_trials_leave_nothing_behind(self, executor: Executor, job: Jobs) -> None:
        run(executor, job("true"), job("true"))
        files = len(list(Path("/proc/self/fd").iterdir()))
        started: list[Job] = []
        events: list[Event] = []
        while len(started) < 100:
            while executor.free_slots and len(started) < 100:
                executor.start(next_job := job("echo", "acc=1"))
                started.append(next_job)
            events += executor.poll(1.0)
        poll_until(executor, has_ended(*started), events)
        assert sum(isinstance(e, Metrics) for e in events) == 100
        assert abs(len(list(Path("/proc/self/fd").iterdir())) - files) <= 2
        mine = psutil.Process().children(recursive=True)
        assert [p for p in mine if p.status() == psutil.STATUS_ZOMBIE] == []
