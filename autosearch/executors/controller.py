"""Runs each attempt of a trial as a job of somebody else's job controller.

The controller is any object with the five calls of `JobController`; nothing of autosearch has to be
imported to write one. Jobs outlive the search's process and are found again by their key, so that a
killed search, or a killed controller, neither loses a trial nor runs one twice:

- before a job is submitted, its key is written to the attempt's folder (`job.json`); afterwards its
  id. A submission that may or may not have arrived is repeated with the same key.
- the log is copied to the attempt's folder as it grows, and read there.
- a controller that does not answer is asked again, for `patience_s` seconds, with growing pauses.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypedDict, TypeVar

from autosearch.errors import ExecutorError
from autosearch.executors.base import Event, Exit, Job, Lost, Notice, Resources, Why
from autosearch.executors.log import LogReader

logger = logging.getLogger(__name__)

POLL_S = 0.5
PATIENCE_S = 600.0
LONGEST_PAUSE_S = 15.0
CLOSE_S = 5.0  # beyond the grace, for jobs to end when the executor is closed
CLOSING_POLL_S = 0.05
CHUNK = 1 << 20
BUDGET = 1 << 23  # bytes of one log copied in one look, so that no job starves the others

Key = tuple[int, int]
T = TypeVar("T")


class JobSpec(TypedDict):
    """What a controller gets to run. Paths are absolute and have to mean the same where jobs run.

    key: names the job for good: `study/number/attempt`, letters, digits and `/`. command: argv, or
    where `shell` is true one text for /bin/sh. cwd: where it runs, usually the code's folder. env:
    the whole environment; it may hold secrets, so it belongs in no log and no listing. folder: the
    trial's own, which exists and holds the files that the trial expects. cpus, gpus (fractions
    share one), memory (bytes): what it needs, None where that is not said. time_s, memory_limit
    (bytes of all its processes): bounds that the controller may enforce; the time is enforced by us
    in any case. grace_s: seconds between TERM and KILL when the job is stopped.
    """

    key: str
    command: list[str]
    shell: bool
    cwd: str
    env: dict[str, str]
    folder: str
    cpus: float
    gpus: float
    memory: int | None
    time_s: float | None
    memory_limit: int | None
    grace_s: float


class _Phase(TypedDict):
    phase: Literal["waiting", "running", "ended"]


class JobState(_Phase, total=False):
    """What a controller says of a job; only `phase` is needed, and an ended job's exit.

    phase: "ended" once nothing of the job runs and its log is complete. exit_code, or signal (e.g.
    "SIGKILL"): how its main program ended. cause: why it ended: "exited" by itself; "stopped" on
    request (the default after a `stop`); over a "time_limit" or "memory_limit"; "refused", it could
    not be started; "lost", e.g. with its machine: it will be run again, under another key. text:
    the cause in a user's words. seconds: how long it ran, so far. peak_memory: bytes. notices: what
    a user should know besides.
    """

    exit_code: int | None
    signal: str | None
    cause: Literal["exited", "stopped", "time_limit", "memory_limit", "refused", "lost"]
    text: str
    seconds: float
    peak_memory: int | None
    notices: Sequence[str]


class JobController(Protocol):
    """What a job controller offers: exactly these five calls.

    Each returns within seconds. Each may raise OSError (ConnectionError and TimeoutError among
    them) where the controller cannot answer now: it is called again later. LookupError says that
    there is no such job. Anything else ends the search that called, with its text as the reason.
    """

    def submit(self, job: JobSpec) -> str:
        """Accept a job and return its id; it is durable from then on, and started once.

        A job with the key of an earlier one is that earlier job, whatever else differs: its id is
        returned and nothing is started. Raises ValueError for a job that can never run.
        """

    def state(self, id: str) -> JobState:
        """Return how a job stands."""

    def log(self, id: str, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of a job's output, stdout and stderr together, from `offset`.

        b"" where there is nothing (yet). What was returned once never changes.
        """

    def stop(self, id: str) -> None:
        """End a job soon: TERM to all its processes, the grace, KILL. One that has ended stays so.
        """

    def folder(self, id: str) -> str | os.PathLike[str]:
        """Return where the controller keeps what belongs to a job."""


class _AwayError(Exception):
    """The controller did not answer."""


def _answer(call: Callable[..., T], *arguments: Any) -> T:
    try:
        return call(*arguments)
    except OSError as error:
        raise _AwayError(f"{type(error).__name__}: {error}") from error


@dataclass(slots=True)
class _Note:
    """What `job.json` keeps of an attempt: what of it the controller was told."""

    key: str
    id: str = ""
    folder: str = ""
    stop: str = ""

    @classmethod
    def read(cls, job: Job) -> "_Note | None":
        try:
            return cls(**json.loads((job.attempt_folder / "job.json").read_text()))
        except FileNotFoundError:
            return None

    def write(self, job: Job) -> None:
        fields = {name: getattr(self, name) for name in self.__slots__}
        path = job.attempt_folder / "job.json"
        draft = path.with_suffix(".tmp")
        with draft.open("w") as file:
            json.dump(fields, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


class _Attempt:
    """One attempt that is a job of the controller."""

    def __init__(self, job: Job, controller: JobController, note: _Note) -> None:
        """Open the attempt's log; raises OSError where that cannot be done."""
        self.job = job
        self.note = note
        self._controller = controller
        self._ending: tuple[Why, str] | None = ("stopped", note.stop) if note.stop else None
        self._told = bool(note.stop)
        self._since: float | None = None
        self._log = job.log_path.open("ab")
        self._reader = LogReader(job)

    def end(self, why: Why, text: str) -> None:
        """Want it to end; only the first request counts."""
        self._ending = self._ending or (why, text)

    def advance(self) -> list[Event]:
        """Tell the controller what is due and return what is new; the last may be Exit or Lost."""
        try:
            self._submit()
        except ValueError as error:
            return [self._refused(f"the job controller refused it: {error}")]
        try:
            self._tell()
            return self._look()
        except LookupError as error:
            return [self._lost(f"the job controller does not know its job any more: {error!r}")]

    def _look(self) -> list[Event]:
        state = _answer(self._controller.state, self.note.id)
        drained = self._copy_log()
        seconds = self._seconds(state)
        events: list[Event] = []
        found, more = self._reader.read(seconds)
        events += found
        if state["phase"] == "ended":
            if drained and not more:
                events += self._reader.finish(seconds)
                events += self._outcome(state, seconds)
        elif self.job.limits.time_s is not None and seconds > self.job.limits.time_s:
            self.end("time_limit", f"over its time limit of {self.job.limits.time_s:g} s")
        return events

    def _submit(self) -> None:
        """Make the job known to the controller, if it may not be yet."""
        if self.note.id:
            return
        self.note.id = _answer(self._controller.submit, spec_of(self.job))
        self.note.folder = os.fspath(_answer(self._controller.folder, self.note.id))
        self.note.write(self.job)

    def _tell(self) -> None:
        """Pass the wish to end it on. Written down first: a job that ended on our request has no
        result for whoever comes after us."""
        if self._ending is None or self._told:
            return
        self.note.stop = self._ending[1] or self._ending[0]
        self.note.write(self.job)
        _answer(self._controller.stop, self.note.id)
        self._told = True

    def _copy_log(self) -> bool:
        """Fetch what is new of the log; return whether that is all there is now."""
        for _ in range(BUDGET // CHUNK):
            data = _answer(self._controller.log, self.note.id, self._log.tell(), CHUNK)
            if not data:
                return True
            self._log.write(data)
            self._log.flush()
        return False

    def _seconds(self, state: JobState) -> float:
        if "seconds" in state:
            return state["seconds"]
        if self._since is None and state["phase"] != "waiting":
            self._since = time.monotonic()
        return 0.0 if self._since is None else time.monotonic() - self._since

    def _outcome(self, state: JobState, seconds: float) -> list[Event]:
        number, attempt = self.job.number, self.job.attempt
        events: list[Event] = [Notice(number, attempt, t) for t in state.get("notices", ())]
        cause = state.get("cause", "stopped" if self._told else "exited")
        text = state.get("text", "")
        if cause == "lost":
            return [*events, self._lost(text or "the job controller lost its job")]
        why: Why = cause if cause in ("time_limit", "memory_limit") else "exited"
        if cause == "stopped" and self._ending is not None:
            why, text = self._ending
        elif cause == "stopped":
            text = text or "stopped through the job controller"
        end = Exit(
            number,
            attempt,
            code=state.get("exit_code"),
            signal=state.get("signal"),
            why=why,
            text=text,
            seconds=seconds,
            peak_memory=state.get("peak_memory"),
            log_size=self._log.tell(),
            error=cause == "refused",
        )
        return [*events, end]

    def _refused(self, text: str) -> Exit:
        return Exit(self.job.number, self.job.attempt, code=None, text=text, error=True)

    def _lost(self, text: str) -> Lost:
        return Lost(self.job.number, self.job.attempt, text)

    def close(self) -> None:
        """Close its log."""
        self._log.close()
        self._reader.finish(0.0)


class ControllerExecutor:
    """Runs up to `parallel` jobs at once on a job controller.

    poll_s: pause between two looks at the jobs. patience_s: how long the controller may stay away
    before ExecutorError is raised; its jobs then go on, and a resume takes them over.
    """

    def __init__(
        self,
        controller: JobController,
        parallel: int,
        *,
        poll_s: float = POLL_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._controller = controller
        self._parallel = parallel
        self._poll_s = poll_s
        self._patience_s = patience_s
        self._attempts: dict[Key, _Attempt] = {}
        self._failed: list[Exit] = []
        self._logs: dict[Key, Path] = {}
        self._away_since: float | None = None
        self._pause_s = poll_s
        self._look_at = 0.0

    @property
    def free_slots(self) -> int:
        """How many more jobs can be started now."""
        return self._parallel - len(self._attempts) - len(self._failed)

    def check(self, resources: Resources) -> str:
        """Return "": what can run is the controller's to say, by refusing a job."""
        return ""

    def start(self, job: Job) -> None:
        """Start a job; one that the controller refuses ends with an Exit."""
        if self.free_slots < 1:
            raise ExecutorError(f"trial {job.number}: no slot is free ({self._parallel} in all)")
        key = job.number, job.attempt
        self._logs[key] = job.log_path
        try:
            job.attempt_folder.mkdir(parents=True, exist_ok=True)
            for name, content in job.files.items():
                path = job.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
            note = _Note(job.marker)
            note.write(job)
            self._attempts[key] = _Attempt(job, self._controller, note)
        except OSError as error:
            text = f"cannot be started: {error.filename or job.folder}: {error.strerror}"
            self._failed.append(Exit(*key, code=None, text=text, error=True))
            return
        self._look_at = 0.0

    def adopt(self, job: Job) -> bool:
        """Take over a job that runs, or has ended otherwise than on an earlier driver's request."""
        note = _Note.read(job)
        if note is None:
            return False
        if note.id and not self._is_worth_taking(note):
            return False
        key = job.number, job.attempt
        self._logs[key] = job.log_path
        try:
            self._attempts[key] = _Attempt(job, self._controller, note)
        except OSError as error:
            raise ExecutorError(f"{job.log_path}: cannot be written: {error.strerror}") from None
        return True

    def _is_worth_taking(self, note: _Note) -> bool:
        try:
            state = _answer(self._controller.state, note.id)
        except LookupError:
            return False
        except _AwayError as error:
            # Taken, so that it is not run beside itself; `poll` learns what became of it.
            self._miss(error)
            return True
        if state["phase"] != "ended" or not note.stop:
            return True
        return state.get("cause", "stopped") != "stopped"

    def stop(self, number: int, attempt: int, why: str) -> None:
        """Ask an attempt to end at the next look; one that is not running here is ignored."""
        found = self._attempts.get((number, attempt))
        if found is not None:
            found.end("stopped", why)
            self._look_at = 0.0

    def poll(self, timeout_s: float) -> Sequence[Event]:
        """Return what happened, waiting up to `timeout_s` seconds for the first event.

        Raises ExecutorError where the controller has been away for too long.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            events = self._look() if time.monotonic() >= self._look_at else []
            now = time.monotonic()
            if events or now >= deadline:
                return events
            time.sleep(max(min(deadline, self._look_at) - now, 0.0))

    def _look(self) -> list[Event]:
        events: list[Event] = list(self._failed)
        self._failed.clear()
        try:
            for key, attempt in list(self._attempts.items()):
                events += self._advance(key, attempt)
        except _AwayError as error:
            self._miss(error)
        else:
            self._away_since, self._pause_s = None, self._poll_s
        self._look_at = time.monotonic() + self._pause_s
        return events

    def _advance(self, key: Key, attempt: _Attempt) -> list[Event]:
        try:
            events = attempt.advance()
        except OSError as error:
            raise ExecutorError(f"{attempt.job.attempt_folder}: {error.strerror}") from error
        if events and isinstance(events[-1], Exit | Lost):
            del self._attempts[key]
            attempt.close()
        return events

    def _miss(self, error: _AwayError) -> None:
        now = time.monotonic()
        if self._away_since is None:
            logger.warning("the job controller does not answer (%s); asking again", error)
            self._away_since = now
        if now - self._away_since > self._patience_s:
            raise ExecutorError(
                f"the job controller has not answered for {self._patience_s:g} s ({error}); its "
                "jobs may go on: resume when it answers again"
            ) from error
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def read_log(self, number: int, attempt: int, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of an attempt's log from `offset`; b"" where there are none."""
        path = self._logs.get((number, attempt))
        if path is None or not path.exists():
            return b""
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def close(self) -> None:
        """End every job and wait until it has; a controller that is away is told by a resume."""
        for attempt in self._attempts.values():
            attempt.end("driver_gone", "the search was ended")
        graces_s = [attempt.job.limits.grace_s for attempt in self._attempts.values()]
        give_up_at = time.monotonic() + max(graces_s, default=0.0) + CLOSE_S
        while self._attempts and time.monotonic() < give_up_at:
            try:
                self._look()
            except ExecutorError as error:
                logger.warning("jobs could not be ended: %s", error)
                break
            time.sleep(min(self._pause_s, CLOSING_POLL_S))
        for attempt in self._attempts.values():
            attempt.close()
        self._attempts.clear()


def spec_of(job: Job) -> JobSpec:
    """Return what a job controller is given to run a job."""
    return {
        "key": job.marker,
        "command": list(job.command),
        "shell": job.shell,
        "cwd": str(job.cwd),
        "env": dict(job.env),
        "folder": str(job.folder),
        "cpus": job.resources.cpus,
        "gpus": job.resources.gpus,
        "memory": job.resources.memory,
        "time_s": job.limits.time_s,
        "memory_limit": job.limits.memory,
        "grace_s": job.limits.grace_s,
    }
