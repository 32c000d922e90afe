"""One attempt that is a job of a job controller: what it was told, its log, its end."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from autosearch.executors.base import Event, Exit, Job, Lost, Notice, Why
from autosearch.executors.job_controller import JobController, JobSpec, JobState
from autosearch.executors.log import LogReader

CHUNK = 1 << 20
BUDGET = 1 << 23  # bytes of one log copied in one look, so that no job starves the others

T = TypeVar("T")


class AwayError(Exception):
    """The controller did not answer."""


def answer(call: Callable[..., T], *arguments: Any) -> T:
    """Return what the controller answers; raises AwayError where it does not."""
    try:
        return call(*arguments)
    except OSError as error:
        raise AwayError(f"{type(error).__name__}: {error}") from error


@dataclass(slots=True)
class Note:
    """What `job.json` keeps of an attempt: what of it the controller was told.

    id, folder: empty while it is not known whether the job was accepted. stop: why it should end.
    """

    key: str
    id: str = ""
    folder: str = ""
    stop: str = ""

    @classmethod
    def read(cls, job: Job) -> "Note | None":
        """Return what is kept of an attempt; None where it was never to be submitted."""
        try:
            return cls(**json.loads((job.attempt_folder / "job.json").read_text()))
        except FileNotFoundError:
            return None

    def write(self, job: Job) -> None:
        """Keep this, durably."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        path = job.attempt_folder / "job.json"
        draft = path.with_suffix(".tmp")
        with draft.open("w") as file:
            json.dump(fields, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


class Attempt:
    """One attempt that is a job of the controller."""

    def __init__(self, job: Job, controller: JobController, note: Note) -> None:
        """Open the attempt's log; raises OSError where that cannot be done."""
        self.job = job
        self.note = note
        self._controller = controller
        # Where an earlier driver wanted it to end, nobody knows whether the controller heard that.
        self._ending: tuple[Why, str] | None = ("stopped", note.stop) if note.stop else None
        self._told = False
        self._since: float | None = None
        self._log = job.log_path.open("ab")
        self._reader = LogReader(job)

    def end(self, why: Why, text: str) -> None:
        """Want it to end; only the first request counts."""
        self._ending = self._ending or (why, text)

    def advance(self) -> list[Event]:
        """Tell the controller what is due and return what is new; the last may be Exit or Lost."""
        refused = self._submit()
        if refused:
            text = f"the job controller refused it: {refused}"
            return [Exit(self.job.number, self.job.attempt, code=None, text=text, error=True)]
        try:
            self._tell()
            return self._look()
        except LookupError as error:
            return [self._lost(f"the job controller does not know its job any more: {error!r}")]

    def _look(self) -> list[Event]:
        state = answer(self._controller.state, self.note.id)
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

    def _submit(self) -> str:
        """Make the job known to the controller, if it may not be yet; return why it refuses."""
        if self.note.id:
            return ""
        try:
            id = answer(self._controller.submit, spec_of(self.job))
        except ValueError as error:
            return str(error)
        folder = os.fspath(answer(self._controller.folder, id))
        self.note.id, self.note.folder = id, folder
        self.note.write(self.job)
        return ""

    def _tell(self) -> None:
        """Pass the wish to end it on.

        Written down first: what ended on our request has no result for whoever comes after us.
        """
        if self._ending is None or self._told:
            return
        if not self.note.stop:
            self.note.stop = self._ending[1] or self._ending[0]
            self.note.write(self.job)
        answer(self._controller.stop, self.note.id)
        self._told = True

    def _copy_log(self) -> bool:
        """Fetch what is new of the log; return whether that is all there is now."""
        for _ in range(BUDGET // CHUNK):
            data = answer(self._controller.log, self.note.id, self._log.tell(), CHUNK)
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

    def _lost(self, text: str) -> Lost:
        return Lost(self.job.number, self.job.attempt, text)

    def close(self) -> None:
        """Close its log."""
        self._log.close()
        self._reader.close()


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
