"""Runs a Python function instead of a program: what `minimize` searches with."""

import json
import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from autosearch.errors import ExecutorError
from autosearch.executors.attempt import signal_name
from autosearch.executors.base import MARKER, Event, Exit, Job, Metrics, Resources, Why
from autosearch.executors.supervisor import PR_SET_PDEATHSIG, prctl
from autosearch.executors.sweep import sweep_attempt
from autosearch.space.values import Value
from autosearch.trial import Measurement

Objective = Callable[[dict[str, Value]], float | Mapping[str, float]]

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a call came to: the values of metrics, or why there are none, and the traceback."""

    values: Mapping[str, float]
    text: str = ""
    log: str = ""


@dataclass(slots=True)
class _Child:
    """A forked process that makes one call. result: a file in memory, for its answer."""

    job: Job
    pid: int
    handle: int
    result: int
    started: float
    kill_at: float | None = None
    why: Why = "exited"
    text: str = ""


class FunctionExecutor:
    """Calls a Python function with a dict of params, for each job.

    objective: returns the value of the job's first metric, or a mapping of metrics to values; an
    exception is an Exit with code 1 and the traceback as the log. With parallel 1 and no time limit
    it is called in this process, by `poll`; otherwise in forked processes, so it need not be
    picklable. Nothing is written to files, what it prints goes where this process prints, and
    limits of memory are not applied.
    """

    def __init__(self, objective: Objective, parallel: int = 1) -> None:
        self._objective = objective
        self._parallel = parallel
        self._waiting: list[Job] = []
        self._children: dict[Key, _Child] = {}
        self._events: list[Event] = []
        self._logs: dict[Key, bytes] = {}

    @property
    def free_slots(self) -> int:
        """How many more jobs can be started now."""
        return self._parallel - len(self._waiting) - len(self._children)

    def check(self, resources: Resources) -> str:
        """Return "": a function takes what this process has."""
        return ""

    def start(self, job: Job) -> None:
        """Start a call, or keep it for the next `poll` where it is made in this process."""
        if self.free_slots < 1:
            raise ExecutorError(f"trial {job.number}: no slot is free ({self._parallel} in all)")
        if self._parallel == 1 and job.limits.time_s is None:
            self._waiting.append(job)
        else:
            self._children[job.number, job.attempt] = self._fork(job)

    def adopt(self, job: Job) -> bool:
        """Return False: a call ends with its driver."""
        sweep_attempt(job.marker)
        return False

    def stop(self, number: int, attempt: int, why: str) -> None:
        """End a forked call, or one that has not begun; one in this process cannot be ended."""
        for job in [j for j in self._waiting if (j.number, j.attempt) == (number, attempt)]:
            self._waiting.remove(job)
            self._events.append(Exit(number, attempt, None, why="stopped", text=why))
        if (number, attempt) in self._children:
            self._end(self._children[number, attempt], "stopped", why)

    def poll(self, timeout_s: float) -> Sequence[Event]:
        """Make a waiting call, or return what forked ones came to, waiting up to `timeout_s`."""
        for job in self._waiting:
            started = time.monotonic()
            answer = _call(self._objective, job)
            self._report(job, answer, time.monotonic() - started)
        self._waiting.clear()
        deadline = time.monotonic() + timeout_s
        while not self._events and (left_s := deadline - time.monotonic()) > 0:
            self._wait(left_s)
        self._wait(0)
        events, self._events = self._events, []
        return events

    def read_log(self, number: int, attempt: int, offset: int, size: int) -> bytes:
        """Return a piece of the traceback of a call that failed; b"" for any other."""
        return self._logs.get((number, attempt), b"")[offset : offset + size]

    def close(self, *, at_once: bool = False) -> None:
        """End every call, with its grace unless at once."""
        self._waiting.clear()
        for child in self._children.values():
            self._end(child, "driver_gone", "the search was ended")
            if at_once:
                child.kill_at = time.monotonic()
        while self._children:
            self._wait(1.0)
        self._events.clear()

    def _report(self, job: Job, answer: _Answer, seconds: float) -> None:
        number, attempt = job.number, job.attempt
        log = answer.log.encode()
        self._logs[number, attempt] = log
        found = tuple(
            Measurement(metric, value, 1, seconds, 0) for metric, value in answer.values.items()
        )
        if found:
            self._events.append(Metrics(number, attempt, found, 0))
        code = 1 if answer.text else 0
        self._events.append(
            Exit(number, attempt, code, text=answer.text, seconds=seconds, log_size=len(log))
        )

    # Forked calls

    def _fork(self, job: Job) -> _Child:
        result = os.memfd_create("answer")
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # Python 3.12 warns where threads run, whose locks a child inherits as they are. Only
            # a fork can carry a function that cannot be pickled, and this child starts no thread.
            warnings.simplefilter("ignore", DeprecationWarning)
            driver, pid = os.getpid(), os.fork()
        if pid == 0:
            _become(self._objective, job, result, driver)
        return _Child(job, pid, os.pidfd_open(pid), result, time.monotonic())

    def _wait(self, left_s: float) -> None:
        """Wait for a child to end or to have to, and see to it."""
        poll = select.poll()
        now = time.monotonic()
        until = now + left_s
        for child in self._children.values():
            poll.register(child.handle, select.POLLIN)
            if child.kill_at is not None:
                until = min(until, child.kill_at)
            elif child.job.limits.time_s is not None:
                until = min(until, child.started + child.job.limits.time_s)
        ready = {fd for fd, _ in poll.poll(max(0.0, until - now) * 1000)}
        for key, child in list(self._children.items()):
            if child.handle in ready:
                del self._children[key]
                self._collect(child)
            else:
                self._hold_to_limits(child)

    def _hold_to_limits(self, child: _Child) -> None:
        now, time_s = time.monotonic(), child.job.limits.time_s
        if child.kill_at is not None and now >= child.kill_at:
            _signal_group(child.pid, signal.SIGKILL)
            child.kill_at = now + 1.0
        elif child.kill_at is None and time_s is not None and now >= child.started + time_s:
            self._end(child, "time_limit", f"over its time limit of {time_s:g} s")

    def _end(self, child: _Child, why: Why, text: str) -> None:
        if child.kill_at is None:
            child.why, child.text = why, text
            child.kill_at = time.monotonic() + child.job.limits.grace_s
            _signal_group(child.pid, signal.SIGTERM)

    def _collect(self, child: _Child) -> None:
        """Report a child that has ended, and end the processes that it leaves."""
        _signal_group(child.pid, signal.SIGKILL)  # before its number can be given to another
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - child.started
        size = os.fstat(child.result).st_size
        said = os.pread(child.result, size, 0)
        os.close(child.result)
        os.close(child.handle)
        if child.why == "exited" and os.waitstatus_to_exitcode(status) == 0 and said:
            self._report(child.job, _Answer(**json.loads(said)), seconds)
            return
        code = os.waitstatus_to_exitcode(status)
        text = child.text or ("" if code < 0 else "the objective ended its own process")
        self._events.append(
            Exit(
                child.job.number,
                child.job.attempt,
                code if code >= 0 else None,
                signal_name(-code) if code < 0 else None,
                child.why,
                text,
                seconds,
                usage.ru_maxrss * 1024,
            )
        )


def _call(objective: Objective, job: Job) -> _Answer:
    try:
        result: Any = objective(dict(job.params))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever a user's function raises
        shown = traceback.TracebackException.from_exception(error)
        del shown.stack[0]  # this function
        last = list(shown.format_exception_only())[-1].strip()
        return _Answer({}, last, "".join(shown.format()))
    metrics = result if isinstance(result, Mapping) else {job.rules[0].metric: result}
    try:
        return _Answer({str(name): float(value) for name, value in metrics.items()})
    except OverflowError:
        text = "the objective returned a number that is larger than any float"
        return _Answer({}, text, text + "\n")
    except (TypeError, ValueError):
        text = f"the objective returned {result!r}, not a number or a mapping of metrics to numbers"
        return _Answer({}, text, text + "\n")


def _become(objective: Objective, job: Job, result: int, driver: int) -> NoReturn:
    """Turn this forked process into one that makes a call and ends."""
    code = 1
    try:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != driver:  # it died before the line above
            os._exit(1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ[MARKER] = job.marker
        answer = _call(objective, job)
        os.write(result, json.dumps(asdict(answer)).encode())
        code = 0
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:  # it has not made its group yet
        os.kill(pid, number)
