"""Slots that several searches share, each with an executor and a thread of its own.

A free slot goes to the search that uses the fewest among those that wait for one; of equals, to the
one that has waited longest. Nothing is taken from a search that has more than its share: it gets no
further slot until the others have caught up.
"""

import itertools
import math
import threading
import time
from collections.abc import Sequence

from autosearch.executors.base import Event, Executor, Exit, Job, Lost, Resources

# How often a search with running trials looks whether a slot has come free for it.
LOOK_S = 0.05


class SlotPool:
    """A number of slots, and who uses and who awaits them. Thread-safe."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._used: dict[object, int] = {}
        self._waiting: dict[object, int] = {}
        self._tickets = itertools.count()
        self._changed = threading.Condition()

    def share(self, executor: Executor) -> "PooledExecutor":
        """Return `executor` as one that starts a job only where the pool has a slot for it."""
        return PooledExecutor(executor, self)

    def claim(self, member: object) -> bool:
        """Take a slot if it is the member's turn; otherwise the member waits for one."""
        with self._changed:
            if self._is_turn(member):
                self._waiting.pop(member, None)
                self._used[member] = self._used.get(member, 0) + 1
                return True
            self._waiting.setdefault(member, next(self._tickets))
            return False

    def take(self, member: object) -> None:
        """Take a slot for a job that runs already, even where none is free."""
        with self._changed:
            self._used[member] = self._used.get(member, 0) + 1

    def release(self, member: object, slots: int = 1) -> None:
        """Give slots back."""
        with self._changed:
            self._used[member] -= slots
            self._changed.notify_all()

    def withdraw(self, member: object) -> None:
        """Stop waiting for a slot."""
        with self._changed:
            if self._waiting.pop(member, None) is not None:
                self._changed.notify_all()

    def leave(self, member: object) -> None:
        """Give everything back; harmless when repeated."""
        with self._changed:
            self._used.pop(member, None)
            self._waiting.pop(member, None)
            self._changed.notify_all()

    def is_turn(self, member: object, wait_s: float = 0.0) -> bool:
        """Return whether `claim` would succeed, waiting up to `wait_s` seconds for that."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_turn(member), wait_s)

    def _is_turn(self, member: object) -> bool:
        if sum(self._used.values()) >= self._slots:
            return False
        mine = self._used.get(member, 0), self._waiting.get(member, math.inf)
        others = ((self._used.get(m, 0), t) for m, t in self._waiting.items() if m is not member)
        return all(mine < other for other in others)


class PooledExecutor:
    """An executor whose slots come from a pool.

    To ask for free slots claims one; it is given back by the next `poll` unless a job was started
    in it. Thus two searches never count on the same slot.
    """

    def __init__(self, executor: Executor, pool: SlotPool) -> None:
        self._executor = executor
        self._pool = pool
        self._running: set[tuple[int, int]] = set()
        self._claimed = False
        self._refused = False

    @property
    def free_slots(self) -> int:
        """1 where a job can be started now, else 0."""
        if self._claimed:
            return 1
        if self._executor.free_slots < 1:
            return 0
        self._claimed = self._pool.claim(self)
        self._refused = not self._claimed
        return int(self._claimed)

    def check(self, resources: Resources) -> str:
        """Return why no job with these resources can ever run here, or ""."""
        return self._executor.check(resources)

    def start(self, job: Job) -> None:
        """Start a job in the slot that was claimed."""
        if not self._claimed:
            self._pool.take(self)
        self._claimed = False
        self._running.add((job.number, job.attempt))
        self._executor.start(job)

    def adopt(self, job: Job) -> bool:
        """Take over an attempt; it uses a slot even where none is free."""
        if not self._executor.adopt(job):
            return False
        self._pool.take(self)
        self._running.add((job.number, job.attempt))
        return True

    def stop(self, number: int, attempt: int, why: str) -> None:
        """Ask an attempt to end."""
        self._executor.stop(number, attempt, why)

    def poll(self, timeout_s: float) -> Sequence[Event]:
        """Return what happened; returns early, with nothing, when a slot has come free."""
        if self._claimed:
            self._claimed = False
            self._pool.release(self)
        if not self._refused:
            self._pool.withdraw(self)
            return self._take(timeout_s)
        self._refused = False
        deadline = time.monotonic() + timeout_s
        while True:
            left_s = max(deadline - time.monotonic(), 0.0)
            if self._running:
                events = self._take(min(left_s, LOOK_S))
                turn = self._pool.is_turn(self)
            else:
                events, turn = (), self._pool.is_turn(self, left_s)
            if events or turn or left_s <= 0:
                return events

    def _take(self, timeout_s: float) -> Sequence[Event]:
        events = self._executor.poll(timeout_s)
        ended = {(e.number, e.attempt) for e in events if isinstance(e, Exit | Lost)}
        ended &= self._running
        if ended:
            self._running -= ended
            self._pool.release(self, len(ended))
        return events

    def read_log(self, number: int, attempt: int, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of an attempt's log from `offset`."""
        return self._executor.read_log(number, attempt, offset, size)

    def close(self, *, at_once: bool = False) -> None:
        """End every job and give all slots back."""
        try:
            self._executor.close(at_once=at_once)
        finally:
            self._pool.leave(self)
