"""Many studies by id, kept below one folder, with one pool of slots.

Nothing is known here that the studies' stores do not say: an engine that is killed and started
again goes on with every study that had not ended. Several engines, also in several processes, may
share a folder; a study is run by whichever holds its lease.
"""

import logging
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from autosearch.errors import (
    InputError,
    StoreError,
    StudyBusyError,
    StudyMismatchError,
)
from autosearch.executors import make_executor
from autosearch.executors.base import Executor
from autosearch.executors.pool import SlotPool
from autosearch.experiment import differences
from autosearch.experiment.model import ExecutorSpec, Experiment
from autosearch.folders import log_path
from autosearch.jobs import make_job
from autosearch.lease import Lease
from autosearch.opening import Opened, opened
from autosearch.outline import CALLED
from autosearch.requests import StopRequest, send, take, waiting
from autosearch.result import Result
from autosearch.running import Run
from autosearch.snapshot import Snapshot, snapshot
from autosearch.status import ACTIVE, Status, analysis_of, status_of
from autosearch.store import FILE
from autosearch.trial import Trial

logger = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
# A study that is being deleted: out of sight at once, however long its files take to go.
_DELETED = ".deleted-"
LOOK_S = 0.1
LETTING_GO_S = 30.0  # from the last record of a study to the end of the lease on it
LOG_BYTES = 2**16
MakeExecutor = Callable[[ExecutorSpec, int], Executor]
Rows = list[dict[str, Any]]


class Engine:
    """Runs studies below `root`, at most `slots` trials at a time over all of them.

    make_executor: given the experiment's executor and its `parallel`, returns where its trials run.
    Every method may be called from any thread. Studies that had not ended when the folder was last
    left go on at once. Close it, or use it in a `with`; without that the end of the process is a
    kill, which loses nothing either.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        slots: int,
        make_executor: MakeExecutor = make_executor,
    ) -> None:
        if slots < 1:
            raise InputError(f"slots: at least 1 is needed, found {slots}")
        self.root = Path(root).resolve()
        self._pool = SlotPool(slots)
        self._make_executor = make_executor
        self._runs: dict[str, Run] = {}
        self._lock = threading.RLock()
        self._closed = False
        self.root.mkdir(parents=True, exist_ok=True)
        for leftover in self.root.glob(f"{_DELETED}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for status in self.list():
            if status.state == "interrupted":
                try:
                    self._go_on(status.id)
                except (StoreError, InputError) as error:
                    logger.warning("study %s cannot go on: %s", status.id, error)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Studies as wholes

    def create(self, experiment: Experiment, id: str | None = None) -> str:
        """Start a study of `experiment` and return its id; it is durable from then on.

        id: letters, digits, `_`, `.` and `-`; None makes one. An id that has a study of this very
        experiment returns that study. Raises StudyMismatchError where it has another.
        """
        id = uuid.uuid4().hex[:12] if id is None else id
        folder = self._folder(id)
        if not experiment.command:
            raise InputError("command: is missing; an engine runs programs, not Python functions")
        with self._lock:
            self._check_open()
            if (folder / FILE).exists():
                try:
                    return self._known(id, experiment)
                except StoreError:
                    # Killed before it was described: there is nothing yet that could be known.
                    logger.debug("%s holds no study yet", folder, exc_info=True)
            stack = ExitStack()
            study = stack.enter_context(opened(experiment, folder))
            self._run(id, study, stack)
        return id

    def _known(self, id: str, experiment: Experiment) -> str:
        known = snapshot(self._folder(id), measurements=False)
        changes = differences(known.experiment, experiment)
        if changes:
            lines = "\n".join(f"  {change}" for change in changes)
            raise StudyMismatchError(
                f"study {id} is one of another experiment; it differs in\n{lines}"
            )
        if self._status(id, known).state == "interrupted":
            self._go_on(id)
        return id

    def __contains__(self, id: object) -> bool:
        """Return whether there is a study with this id."""
        return isinstance(id, str) and bool(_ID.fullmatch(id)) and (self.root / id / FILE).exists()

    def list(self) -> tuple[Status, ...]:
        """Return all studies, the oldest first."""
        found = []
        for folder in self.root.iterdir():
            if _ID.fullmatch(folder.name) and (folder / FILE).exists():
                try:
                    found.append(self.state(folder.name))
                except StoreError as error:
                    logger.warning("%s is left out: %s", folder, error)
        return tuple(sorted(found, key=lambda status: (status.created_at, status.id)))

    def state(self, id: str) -> Status:
        """Return how a study stands. Raises InputError where there is none with this id."""
        return self._status(id, snapshot(self._existing(id), measurements=False))

    def wait(self, id: str, timeout_s: float | None = None) -> Status:
        """Return how a study stands once nobody runs it any more, or after `timeout_s` seconds."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            run = self._runs.get(id)
            left_s = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            if run is not None:
                run.done.wait(left_s)
            status = self.state(id)
            if status.state not in ACTIVE or (left_s is not None and left_s <= 0):
                return status
            if run is None or run.done.is_set():
                time.sleep(LOOK_S)

    def stop(self, id: str, why: str = "stopped on request") -> None:
        """Ask a study to end: its running trials get their grace. One that has ended stays so.

        Durable at once: should this process die, the next engine ends it.
        """
        folder = self._existing(id)
        with self._lock:
            state = self.state(id).state
            if state in ACTIVE or state == "interrupted":
                send(folder, StopRequest(None, why))
            if state == "interrupted":
                # Something of it may still run where its trials outlive their driver.
                self._go_on(id)

    def resume(self, id: str) -> None:
        """Go on with a study that was stopped, failed or met an error; a complete one stays so."""
        folder = self._existing(id)
        with self._lock:
            self._check_open()
            run = self._runs.get(id)
            state = self.state(id).state
            if state in ACTIVE or state == "completed":
                return
            if run is not None:
                run.done.wait()
            # Whatever was asked of the search before it ended is not meant for its continuation.
            take(folder)
            give_up_at = time.monotonic() + LETTING_GO_S
            while not self._go_on(id) and self.state(id).state not in ACTIVE:
                if time.monotonic() > give_up_at:
                    raise StudyBusyError(f"study {id} has ended, but its process holds on to it")

    def delete(self, id: str, *, stop: bool = False) -> None:
        """Remove a study and everything in its folder.

        stop: end it first where it is running, and wait for that. Raises StudyBusyError where it
        runs and `stop` is not given, or another process does not end it in time.
        """
        folder = self._existing(id)
        if stop:
            self.stop(id, "it is being deleted")
            self.wait(id)
        with self._lock:
            run = self._runs.get(id)
            if run is not None and self.state(id).state not in ACTIVE:
                # It has ended; its thread is about to.
                run.done.wait()
            lease = Lease(folder)
            try:
                self._end_leftovers(folder)
                gone = self.root / f"{_DELETED}{id}-{uuid.uuid4().hex}"
                folder.rename(gone)
                self._runs.pop(id, None)
            finally:
                lease.release()
        shutil.rmtree(gone)

    def _end_leftovers(self, folder: Path) -> None:
        """End what may still run of a study whose driver could not do so."""
        state = snapshot(folder, measurements=False)
        running = [trial for trial in state.history.pending if trial.state == "running"]
        if not running:
            return
        executor = self._make_executor(state.experiment.executor, len(running))
        try:
            for trial in running:
                job, _ = make_job(
                    state.experiment, trial, trial.attempt, study=state.study, folder=folder
                )
                executor.adopt(job)
        finally:
            executor.close()

    def close(self) -> None:
        """End all studies that run here, each with its grace; the next engine goes on with them."""
        with self._lock:
            self._closed = True
            runs = list(self._runs.values())
            for run in runs:
                run.close()
        for run in runs:
            run.done.wait()

    # One study from inside

    def result(self, id: str) -> Result:
        """Return everything that a study has found so far, curves included."""
        folder = self._existing(id)
        return Result(snapshot(folder), folder)

    def trials(self, id: str) -> Rows:
        """Return a study's trials as `Result.to_dicts` gives them."""
        folder = self._existing(id)
        return Result(snapshot(folder, measurements=False), folder).to_dicts()

    def analysis(self, id: str) -> dict[str, Any]:
        """Return what a study shows, as `analysis_of` describes it."""
        folder = self._existing(id)
        return analysis_of(Result(snapshot(folder, measurements=False), folder))

    def log(
        self,
        id: str,
        number: int,
        attempt: int | None = None,
        offset: int = 0,
        size: int = LOG_BYTES,
    ) -> bytes:
        """Return up to `size` bytes of a trial's output from `offset`; b"" where there are none.

        attempt: None is the last. offset: below 0 counts from the end, as it is now.
        """
        folder = self._existing(id)
        if attempt is None:
            attempt = self._trial(id, number).attempt
        try:
            with log_path(folder, number, attempt).open("rb") as file:
                start = offset if offset >= 0 else max(file.seek(0, os.SEEK_END) + offset, 0)
                file.seek(start)
                return file.read(size)
        except FileNotFoundError:
            return b""

    def stop_trial(self, id: str, number: int, why: str = "stopped on request") -> None:
        """Ask one running trial to end; what it has measured counts. One that has ended stays so.

        Raises InputError where there is no such trial, or it waits to be started.
        """
        trial = self._trial(id, number)
        if trial.state == "pending":
            raise InputError(f"study {id}: trial {number} is not running")
        if not trial.ended:
            send(self._folder(id), StopRequest(number, why))

    # Inside

    def _folder(self, id: str) -> Path:
        if not _ID.fullmatch(id):
            raise InputError(
                f"{id!r} is no id of a study: expected 1 to 64 letters, digits, `_`, `.` and `-`, "
                "a letter or digit first"
            )
        return self.root / id

    def _existing(self, id: str) -> Path:
        folder = self._folder(id)
        if not (folder / FILE).exists():
            raise InputError(f"there is no study {id}")
        return folder

    def _trial(self, id: str, number: int) -> Trial:
        trials = snapshot(self._existing(id), measurements=False).history.trials
        if not 0 <= number < len(trials):
            raise InputError(f"study {id}: there is no trial {number}; it has {len(trials)}")
        return trials[number]

    def _status(self, id: str, study: Snapshot) -> Status:
        run = self._runs.get(id)
        asked = any(request.number is None for request in waiting(self._folder(id)))
        status = status_of(id, study, stopping=asked or (run is not None and run.closing))
        if run is not None and run.error and status.state == "interrupted":
            return replace(status, state="error", text=run.error)
        return status

    def _check_open(self) -> None:
        if self._closed:
            raise InputError("the engine is closed")

    def _go_on(self, id: str) -> bool:
        """Run a program's study from where it stands; return False where another process does."""
        if snapshot(self._folder(id), measurements=False).outline.called:
            raise InputError(f"study {id}: {CALLED}")
        stack = ExitStack()
        try:
            study = stack.enter_context(opened(None, self._folder(id)))
        except StudyBusyError:
            return False
        self._run(id, study, stack)
        return True

    def _run(self, id: str, study: Opened, stack: ExitStack) -> None:
        run = self._runs[id] = Run(self._place)
        run.start(id, study, stack)

    def _place(self, experiment: Experiment) -> Executor:
        place = self._make_executor(experiment.executor, experiment.search.parallel)
        return self._pool.share(place)
