"""One attempt on this machine, seen from the driver: its supervisor and its log."""

import errno
import json
import logging
import marshal
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import fields
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from autosearch.executors import supervisor
from autosearch.executors.base import MARKER, Event, Exit, Job, Lost, Notice, Why
from autosearch.executors.log import LogReader
from autosearch.executors.sweep import sweep_attempt

logger = logging.getLogger(__name__)

CANNOT_RUN, NOT_FOUND = 126, 127  # exit codes of a shell
# The fields of exit.json: those of an Exit, the number of processes that the program left, and what
# failed where it could not be started.
RECORD = {field.name for field in fields(Exit)} - {"number", "attempt", "error"} | {
    "survivors",
    "failure",
}
SEND_S = 10.0  # a supervisor that takes longer to read its spec is as good as dead


class Link:
    """The driver's end of a supervisor: starts it, asks it to end the trial, hears the outcome."""

    def __init__(self, job: Job, log: int, *, detach: bool) -> None:
        """Start the supervisor of a job. log: the open file. detach: not as a child of ours."""
        self.record: Mapping[str, Any] | None = None
        self.ended = False
        self._inbox = b""
        self.socket, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", supervisor_program(), job.marker],
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                cwd="/",
                env=_supervisor_environment(job.marker),
                start_new_session=True,
            )
        except OSError:
            self.socket.close()
            raise
        finally:
            theirs.close()
        self.socket.settimeout(SEND_S)
        self._send(_spec(job, detach))
        self.socket.setblocking(False)

    def end(self, why: Why, text: str, grace_s: float | None = None) -> None:
        """Ask the supervisor to end the trial; a second request can only shorten the grace.

        grace_s: None means the job's own.
        """
        self._send((why, text, grace_s))

    def _send(self, value: dict[str, Any] | tuple[str, str, float | None]) -> None:
        message = marshal.dumps(value)
        try:
            self.socket.sendall(len(message).to_bytes(4, "big") + message)
        except OSError:  # it has ended: `receive` finds out how
            logger.debug("a supervisor does not listen", exc_info=True)

    def receive(self) -> None:
        """Take what the supervisor has said; sets `record`, or `ended` without one."""
        try:
            received = self.socket.recv(65536)
        except BlockingIOError:
            return
        except ConnectionResetError:
            received = b""
        self.record, self._inbox = supervisor.first_message(self._inbox + received)
        if self.record is not None or not received:
            self.close()

    def close(self) -> None:
        """Let go of a supervisor; one that still runs a trial ends it."""
        self.ended = True
        self.socket.close()
        self._process.wait()


class Attempt:
    """One attempt, from its start or, with its record, from its end."""

    def __init__(self, job: Job, record: Mapping[str, Any] | None = None) -> None:
        """Read the log of a job; raise OSError where it cannot be opened."""
        self.job = job
        self.backlog = False  # whether the log holds more than was read
        self._link: Link | None = None
        self._record = record
        self._log = LogReader(job)
        self._started = time.monotonic()

    @classmethod
    def start(cls, job: Job, *, detach: bool = False) -> "Attempt":
        """Start a job; raise OSError where its files cannot be written or no process be made."""
        job.attempt_folder.mkdir(parents=True, exist_ok=True)
        _exit_path(job).unlink(missing_ok=True)
        for name, content in job.files.items():
            path = job.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        log = os.open(job.log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        try:
            attempt = cls(job)
            try:
                attempt._link = Link(job, log, detach=detach)
            except OSError:
                attempt.close()
                raise
        finally:
            os.close(log)
        return attempt

    @property
    def link(self) -> Link | None:
        """The connection to its supervisor; None once there is none to talk to."""
        return None if self._link is None or self._link.ended else self._link

    def advance(self) -> list[Event]:
        """Return what is new, without waiting; the last event is an Exit or a Lost."""
        if self.link is not None:
            self.link.receive()
        # Before the log is read: so what is read last was written last.
        over = self.link is None
        events: list[Event] = []
        found, self.backlog = self._log.read(self._seconds())
        events += found
        if over and not self.backlog:
            events += self._log.finish(self._seconds())
            events += self._end()
        return events

    def close(self) -> None:
        """Let go of the log and of the supervisor, which then ends what it runs."""
        self._log.close()
        if self.link is not None:
            self.link.close()

    def _seconds(self) -> float:
        if self._link is None and self._record is not None:  # adopted: read after its end
            return float(self._record["seconds"])
        return time.monotonic() - self._started

    def _end(self) -> list[Event]:
        number, attempt = self.job.number, self.job.attempt
        record = self._record or (self._link and self._link.record) or read_record(self.job)
        if record is None:
            sweep_attempt(self.job.marker)
            return [Lost(number, attempt, "its supervisor was killed")]
        known = dict(record)
        survivors, failure = known.pop("survivors"), known.pop("failure")
        events: list[Event] = []
        if survivors:
            text = f"the program left processes running, which were ended ({survivors})"
            events.append(Notice(number, attempt, text))
        if failure:
            known["code"], known["text"] = explain(failure, self.job)
        if known["signal"] is not None:
            known["signal"] = signal_name(known["signal"])
        return [*events, Exit(number, attempt, **known, error=bool(failure))]


def explain(failure: str, job: Job) -> tuple[int, str]:
    """Return a shell's exit code and the reason for a program that could not be started.

    failure: what the supervisor says, e.g. "exec 2".
    """
    stage, number = failure.split()
    code, program = int(number), job.command[0]
    if stage == "chdir":
        return CANNOT_RUN, f"cannot work in {job.cwd}: {os.strerror(code)}"
    if code == errno.ENOENT and "/" not in program:
        return NOT_FOUND, f"command not found: {program} (in PATH={job.env.get('PATH', '')})"
    if code == errno.ENOENT and not (job.cwd / program).exists():
        return NOT_FOUND, f"command not found: {program} (in {job.cwd})"
    reasons = {
        errno.ENOENT: "its interpreter (line 1, #!) does not exist",
        errno.ENOEXEC: "it is no program, and no script with #! in line 1",
        errno.EACCES: "it is not executable (chmod +x makes it so)",
    }
    return CANNOT_RUN, f"cannot run {program}: {reasons.get(code) or os.strerror(code)}"


def read_record(job: Job) -> dict[str, Any] | None:
    """Return what exit.json says of an attempt; None where there is none, or none that is whole."""
    path = _exit_path(job)
    try:
        record = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.warning("%s cannot be read: %s", path, error)
        return None
    if not isinstance(record, dict) or set(record) != RECORD:
        logger.warning("%s is not an exit of this version", path)
        return None
    return record


def signal_name(number: int) -> str:
    """Return a signal's name, e.g. "SIGKILL"."""
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _exit_path(job: Job) -> Path:
    return job.attempt_folder / "exit.json"


def supervisor_program() -> str:
    """Return the supervisor's file, compiled where Python keeps it so: it then starts at once."""
    compiled = cache_from_source(supervisor.__file__)
    return compiled if Path(compiled).exists() else supervisor.__file__


def _supervisor_environment(marker: str) -> dict[str, str]:
    needed = ("PATH", "LD_LIBRARY_PATH")  # what the interpreter itself may need
    return {MARKER: marker, **{name: os.environ[name] for name in needed if name in os.environ}}


def _spec(job: Job, detach: bool) -> dict[str, Any]:
    argv = ("/bin/sh", "-c", *job.command) if job.shell else job.command
    return {
        "argv": [os.fsencode(word) for word in argv],
        "cwd": os.fsencode(job.cwd),
        "env": {os.fsencode(name): os.fsencode(value) for name, value in job.env.items()},
        "exit_path": str(_exit_path(job)),
        "time_s": job.limits.time_s,
        "memory": job.limits.memory,
        "grace_s": job.limits.grace_s,
        "driver": os.getpid(),
        "detach": detach,
    }
