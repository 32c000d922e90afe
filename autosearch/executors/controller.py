"""Runs each attempt of a trial as a job of somebody else's job controller.

Jobs outlive the search's process and are found again by their key, so that a killed search, or a
killed controller, neither loses a trial nor runs one twice:

- before a job is submitted, its key is written to the attempt's folder (`job.json`); afterwards its
  id. A submission that may or may not have arrived is repeated with the same key.
- the log is copied to the attempt's folder as it grows, and read there.
- a controller that does not answer is asked again, for `patience_s` seconds, with growing pauses.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from autosearch.errors import ExecutorError
from autosearch.executors.base import Event, Exit, Job, Lost, Resources
from autosearch.executors.controlled import Attempt, AwayError, Note, answer
from autosearch.executors.job_controller import JobController

logger = logging.getLogger(__name__)

POLL_S = 0.5
PATIENCE_S = 600.0
LONGEST_PAUSE_S = 15.0
CLOSE_S = 5.0  # beyond the grace, for jobs to end when the executor is closed
CLOSING_POLL_S = 0.05

Key = tuple[int, int]


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
        self._attempts: dict[Key, Attempt] = {}
        self._failed: list[Exit] = []
        self._logs: dict[Key, Path] = {}
        self._away_since: float | None = None
        self._pause_s = poll_s
        self._look_at = 0.0
        self._gave_up = False

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
            note = Note(job.marker)
            note.write(job)
            self._attempts[key] = Attempt(job, self._controller, note)
        except OSError as error:
            text = f"cannot be started: {error.filename or job.folder}: {error.strerror}"
            self._failed.append(Exit(*key, code=None, text=text, error=True))
            return
        self._look_at = 0.0

    def adopt(self, job: Job) -> bool:
        """Take over a job that runs, or has ended otherwise than on an earlier driver's request."""
        note = Note.read(job)
        if note is None:
            return False
        if note.id and not self._is_worth_taking(note):
            return False
        key = job.number, job.attempt
        self._logs[key] = job.log_path
        try:
            self._attempts[key] = Attempt(job, self._controller, note)
        except OSError as error:
            raise ExecutorError(f"{job.log_path}: cannot be written: {error.strerror}") from None
        return True

    def _is_worth_taking(self, note: Note) -> bool:
        try:
            state = answer(self._controller.state, note.id)
        except LookupError:
            return False
        except AwayError as error:
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
        except AwayError as error:
            self._miss(error)
        else:
            self._away_since, self._pause_s = None, self._poll_s
        self._look_at = time.monotonic() + self._pause_s
        return events

    def _advance(self, key: Key, attempt: Attempt) -> list[Event]:
        try:
            events = attempt.advance()
        except OSError as error:
            raise ExecutorError(f"{attempt.job.attempt_folder}: {error.strerror}") from error
        if events and isinstance(events[-1], Exit | Lost):
            del self._attempts[key]
            attempt.close()
        return events

    def _miss(self, error: AwayError) -> None:
        now = time.monotonic()
        if self._away_since is None:
            logger.warning("the job controller does not answer (%s); asking again", error)
            self._away_since = now
        if now - self._away_since > self._patience_s:
            self._gave_up = True
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

    def close(self, *, at_once: bool = False) -> None:
        """End every job and wait until it has; at once: ask and do not wait, grace is theirs.

        Jobs of a controller that was given up go on.
        """
        if not self._gave_up:
            self._end_all(at_once)
        for attempt in self._attempts.values():
            attempt.close()
        self._attempts.clear()

    def _end_all(self, at_once: bool) -> None:
        for attempt in self._attempts.values():
            attempt.end("driver_gone", "the search was ended")
        graces_s = [attempt.job.limits.grace_s for attempt in self._attempts.values()]
        patience_s = 0.0 if at_once else max(graces_s, default=0.0) + CLOSE_S
        give_up_at = time.monotonic() + patience_s
        while self._attempts:
            try:
                self._look()
            except ExecutorError as error:
                logger.warning("jobs could not be ended: %s", error)
                break
            if time.monotonic() >= give_up_at:
                break
            time.sleep(min(self._pause_s, CLOSING_POLL_S))
