"""What an executor is: where trials run. Every executor passes `tests/contract/executors.py`.

An executor starts jobs, reads their logs, and reports what happened. It knows nothing of studies,
strategies or losses. Events of one attempt come in order: Metrics and Notice any number of times,
then exactly one Exit or Lost, after which the attempt is forgotten and its slot is free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from autosearch.folders import LOG, attempt_folder
from autosearch.metrics.rules import Rule
from autosearch.space.values import Params
from autosearch.trial import Measurement

# Set for every process of a trial, so that whatever outlives its supervisor can be found and
# killed.
MARKER = "AUTOSEARCH_TRIAL"


@dataclass(frozen=True, slots=True)
class Resources:
    """What one trial needs: CPU cores, GPUs (fractions share one), memory in bytes (None: not
    reserved).
    """

    cpus: float = 1
    gpus: float = 0
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one attempt. time_s, memory (bytes of the whole process tree): None means
    unbounded.

    grace_s: seconds between TERM and KILL.
    """

    time_s: float | None = None
    memory: int | None = None
    grace_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt of one trial, ready to start.

    study: the study's id (hex digits); with number and attempt it names the job everywhere.
    command: argv; with shell, one element that /bin/sh runs. env: the whole environment, secrets
    included: an executor never writes it down. folder: the trial's own folder, shared by its
    attempts (`{trial_dir}`); what the executor writes goes to `attempt_folder`. files: name
    relative to `folder` → content, written before the start.
    """

    study: str
    number: int
    attempt: int
    params: Params
    command: tuple[str, ...]
    cwd: Path
    folder: Path
    env: Mapping[str, str] = field(repr=False)
    shell: bool = False
    seed: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    resources: Resources = Resources()
    limits: Limits = Limits()

    @property
    def attempt_folder(self) -> Path:
        """Where the executor keeps this attempt's `output.log` and `exit.json`."""
        return attempt_folder(self.folder, self.attempt)

    @property
    def log_path(self) -> Path:
        """The attempt's output, stdout and stderr together."""
        return self.attempt_folder / LOG

    @property
    def marker(self) -> str:
        """The value of AUTOSEARCH_TRIAL: study/number/attempt."""
        return f"{self.study}/{self.number}/{self.attempt}"


# Why an attempt ended: by itself; or because we ended it, on request, at a limit, or with the
# driver.
Why = Literal["exited", "stopped", "time_limit", "memory_limit", "driver_gone"]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Values read from an attempt's log since the last event, in the order of the log.

    Without measurements it tells that the log was read and held no value. read_to: bytes of the log
    that these and all earlier events cover.
    """

    number: int
    attempt: int
    measurements: tuple[Measurement, ...]
    read_to: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a user should know about an attempt, e.g. a metric's rule that was suspended."""

    number: int
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class Exit:
    """An attempt has ended and nothing of it is running any more.

    code: the exit status, None where a signal ended it. signal: its name, e.g. "SIGKILL".
    why: what ended it; text: the reason in a user's words where it is not the program's own exit
    (the text given to `stop`, "command not found: …"). peak_memory: bytes, of its largest process,
    or of all together where a memory limit had them measured. error: the program could not be
    started at all.
    """

    number: int
    attempt: int
    code: int | None
    signal: str | None = None
    why: Why = "exited"
    text: str = ""
    seconds: float = 0.0
    peak_memory: int | None = None
    log_size: int = 0
    error: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """An attempt vanished with its worker; nothing of it will be reported any more."""

    number: int
    attempt: int
    text: str


Event = Metrics | Notice | Exit | Lost


class Executor(Protocol):
    """Runs jobs. Not thread-safe: one driver calls it from one thread."""

    @property
    def free_slots(self) -> int:
        """How many more jobs can be started now."""

    def check(self, resources: Resources) -> str:
        """Return why no job with these resources can ever run here, both numbers named, or ""."""

    def start(self, job: Job) -> None:
        """Start a job. A program that cannot be started ends with an Exit, it does not raise."""

    def adopt(self, job: Job) -> bool:
        """Take over an attempt that an earlier driver started; return whether there is anything to
        take.

        True where the attempt still runs or has ended by itself, with its result kept: its events
        then come through `poll`, from the start of its log, as if it had been started here. False
        where it is gone: then nothing of it runs any more, and the caller starts the next attempt.
        """

    def stop(self, number: int, attempt: int, why: str) -> None:
        """Ask an attempt to end (TERM to its whole tree, grace, KILL); its Exit comes through
        `poll`.

        An attempt that is not running here is ignored: its Exit may be under way.
        """

    def poll(self, timeout_s: float) -> Sequence[Event]:
        """Return what happened, waiting up to `timeout_s` seconds for the first event."""

    def read_log(self, number: int, attempt: int, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of an attempt's log from `offset`; b"" where there are none."""

    def close(self, *, at_once: bool = False) -> None:
        """End every job (as `stop` does, without further events) and give all resources back.

        at_once: without their grace.
        """
