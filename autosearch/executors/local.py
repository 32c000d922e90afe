"""Runs trials on this machine, without any service."""

import logging
import os
import select
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from autosearch.errors import ExecutorError
from autosearch.executors import devices
from autosearch.executors.attempt import Attempt, Link, read_record
from autosearch.executors.base import Event, Exit, Job, Lost, Resources
from autosearch.executors.log import read_piece
from autosearch.executors.sweep import sweep_attempt

logger = logging.getLogger(__name__)

TICK_S = 0.05  # how often the logs are looked at
CLOSE_S = 5.0  # beyond the grace, for a supervisor to report the end

Key = tuple[int, int]
Given = tuple[tuple[str, ...], float]  # the names of GPUs, and how much of each


class LocalExecutor:
    """Runs up to `parallel` jobs at once on this machine.

    gpus: names for CUDA_VISIBLE_DEVICES; None means all that the driver may use, shared with every
    other executor of this process. An attempt that asks for GPUs sees only its own; one that asks
    for none sees what the driver sees. `check` tells how many each job will ask for: to ask for
    free slots then sets the GPUs of one job aside, until the next `poll`.

    An attempt dies with its driver, so only one that had ended can be adopted. An attempt whose
    supervisor was killed is Lost.
    """

    detach = False  # whether supervisors must not be children of this process

    def __init__(self, parallel: int, *, gpus: Sequence[str] | None = None) -> None:
        self._parallel = parallel
        visible = devices.visible_gpus(os.environ)
        self._gpus = devices.shared_gpus(visible) if gpus is None else devices.Gpus(gpus)
        self._gpus_each = 0.0  # of the last job: jobs of one search are alike
        self._set_aside: Given | None = None
        self._refused = False
        self._given: dict[Key, Given] = {}
        self._attempts: dict[Key, Attempt] = {}
        self._failed: list[Exit] = []
        self._logs: dict[Key, Path] = {}

    @property
    def free_slots(self) -> int:
        """How many more jobs like the last one can be started now."""
        slots = self._parallel - len(self._attempts) - len(self._failed)
        if slots < 1 or not self._gpus_each:
            return slots
        if self._set_aside is None:
            names = self._gpus.take(self, self._gpus_each)
            self._set_aside = (names, self._gpus_each) if names else None
        self._refused = self._set_aside is None
        return 0 if self._refused else min(slots, 1 + self._gpus.room_for(self._gpus_each))

    def check(self, resources: Resources) -> str:
        """Return why no job with these resources can ever run on this machine, or ""."""
        cores = os.cpu_count() or 1
        if resources.cpus > cores:
            return f"each trial asks for {resources.cpus:g} CPU cores, this machine has {cores}"
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        if resources.memory is not None and resources.memory > memory:
            asked, there = resources.memory / 2**30, memory / 2**30
            return f"each trial asks for {asked:.3g} GiB of memory, this machine has {there:.3g}"
        self._gpus_each = resources.gpus
        return self._gpus.problem(resources.gpus) if resources.gpus else ""

    def start(self, job: Job) -> None:
        """Start a job; one whose files cannot be written ends with an Exit."""
        self._gpus_each = job.resources.gpus
        if self.free_slots < 1:
            raise ExecutorError(f"trial {job.number}: no slot is free ({self._parallel} in all)")
        key = job.number, job.attempt
        self._logs[key] = job.log_path
        if job.resources.gpus and self._set_aside is not None:
            self._given[key], self._set_aside = self._set_aside, None
            names = ",".join(self._given[key][0])
            job = replace(job, env={**job.env, devices.VARIABLE: names})
        try:
            self._attempts[key] = Attempt.start(job, detach=self.detach)
        except OSError as error:
            self._give_back(key)
            text = f"cannot be started: {error.filename or job.folder}: {error.strerror}"
            self._failed.append(Exit(*key, code=None, text=text, error=True))

    def adopt(self, job: Job) -> bool:
        """Take over an attempt that had ended; end what is left of any other and return False."""
        record = read_record(job)
        if record is None or record["why"] == "driver_gone":
            sweep_attempt(job.marker)
            return False
        self._logs[job.number, job.attempt] = job.log_path
        try:
            self._attempts[job.number, job.attempt] = Attempt(job, record)
        except OSError as error:  # its log is gone: there is nothing to take
            logger.warning("trial %s: %s", job.number, error)
            return False
        return True

    def stop(self, number: int, attempt: int, why: str) -> None:
        """Ask an attempt to end; one that is not running here is ignored."""
        running = self._attempts.get((number, attempt))
        if running is not None and running.link is not None:
            running.link.end("stopped", why)

    def poll(self, timeout_s: float) -> Sequence[Event]:
        """Return what happened, waiting up to `timeout_s` seconds for the first event."""
        self._leave_line()
        deadline = time.monotonic() + timeout_s
        while True:
            events = self._advance()
            left_s = deadline - time.monotonic()
            if events or left_s <= 0:
                return events
            self._wait(left_s)

    def _leave_line(self, *, for_good: bool = False) -> None:
        """Give back what was set aside; wait on only where GPUs were asked for since the last."""
        if self._set_aside is not None:
            self._gpus.give_back(*self._set_aside)
            self._set_aside = None
        if for_good or not self._refused:
            self._gpus.withdraw(self)
        self._refused = False

    def _give_back(self, key: Key) -> None:
        if key in self._given:
            self._gpus.give_back(*self._given.pop(key))

    def _advance(self) -> list[Event]:
        events: list[Event] = list(self._failed)
        self._failed.clear()
        for key, attempt in list(self._attempts.items()):
            news = attempt.advance()
            if news and isinstance(news[-1], Exit | Lost):
                del self._attempts[key]
                self._give_back(key)
            events += news
        return events

    def _wait(self, left_s: float) -> None:
        attempts = self._attempts.values()
        if any(attempt.backlog for attempt in attempts):
            return
        looks = any(attempt.job.rules for attempt in attempts)
        links = [attempt.link for attempt in attempts if attempt.link is not None]
        _wait_for(links, min(left_s, TICK_S) if looks else left_s)

    def read_log(self, number: int, attempt: int, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of an attempt's log from `offset`; b"" where there are none."""
        path = self._logs.get((number, attempt))
        return b"" if path is None else read_piece(path, offset, size)

    def close(self, *, at_once: bool = False) -> None:
        """End every job, with its grace unless at once, and wait until nothing of them runs."""
        running = {a.job.marker: a.link for a in self._attempts.values() if a.link is not None}
        for link in running.values():
            link.end("driver_gone", "the search was ended", 0.0 if at_once else None)
        graces_s = [0.0 if at_once else a.job.limits.grace_s for a in self._attempts.values()]
        give_up_at = time.monotonic() + max(graces_s, default=0.0) + CLOSE_S
        while running and time.monotonic() < give_up_at:
            _wait_for(running.values(), give_up_at - time.monotonic())
            for link in running.values():
                link.receive()
            running = {marker: link for marker, link in running.items() if not link.ended}
        for marker in running:
            sweep_attempt(marker)
        for attempt in self._attempts.values():
            attempt.close()
        for key in list(self._given):
            self._give_back(key)
        self._leave_line(for_good=True)
        self._attempts.clear()
        self._failed.clear()


def _wait_for(links: Iterable[Link], timeout_s: float) -> None:
    """Wait until a supervisor has something to say."""
    poll = select.poll()
    for link in links:
        poll.register(link.socket, select.POLLIN)
    poll.poll(timeout_s * 1000)
