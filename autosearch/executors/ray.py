"""Runs trials on Ray: on one machine, started for it, or on a cluster that is there already.

One actor a slot runs one job after the other, each under the same supervisor as on this machine, so
a trial ends when its actor or the driver does. The driver keeps one call to each actor waiting for
news. No call waits without a deadline, and none is repeated blindly: an actor that does not answer
is given up, and its attempt is Lost.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import ray
from ray.exceptions import ActorUnavailableError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from autosearch.errors import ExecutorError
from autosearch.executors.base import Event, Exit, Job, Lost, Notice, Resources
from autosearch.executors.local import TICK_S, Key, LocalExecutor
from autosearch.executors.log import read_piece
from autosearch.executors.ray_connection import Connection, brief, cluster_problem, free_resources
from autosearch.executors.sweep import sweep_attempt

logger = logging.getLogger(__name__)

POLL_S = 5.0  # how long an actor waits for news before it answers that there are none
SILENCE_S = 15.0  # an actor that has not answered for so long is lost
DOUBT_S = 20.0  # how long Ray may call an actor unreachable before it is lost
CALL_S = 10.0  # for calls that are answered at once
WAITING_S = 10.0  # after which a user is told that a trial waits for room
MAX_START_FAILURES = 3


class TrialRunner:
    """One slot, as an actor. Its methods share one event loop, so they never run at once."""

    def __init__(self) -> None:
        self._local = LocalExecutor(1, gpus=[str(gpu) for gpu in ray.get_gpu_ids()])
        # Ray kills the children of an actor that it ends, but a supervisor has work to do then.
        self._local.detach = True
        self._unread: list[tuple[int, Event]] = []
        self._told = 0

    async def hello(self) -> None:
        """Answer, once the actor runs."""

    async def start(self, job: Job) -> None:
        """Start a job."""
        self._local.start(job)

    async def stop(self, number: int, attempt: int, why: str) -> None:
        """Ask an attempt to end."""
        self._local.stop(number, attempt, why)

    async def poll(self, seen: int, wait_s: float) -> list[tuple[int, Event]]:
        """Return the events after the one numbered `seen`, waiting up to `wait_s` for the first.

        Events are kept until a later call has seen them: an answer may be lost on its way.
        """
        self._unread = [(count, event) for count, event in self._unread if count > seen]
        deadline = time.monotonic() + wait_s
        while not self._unread and time.monotonic() < deadline:
            for event in self._local.poll(0):
                self._told += 1
                self._unread.append((self._told, event))
            if not self._unread:
                await asyncio.sleep(TICK_S)
        return self._unread

    async def read_log(self, number: int, attempt: int, offset: int, size: int) -> bytes:
        """Return a piece of an attempt's log."""
        return self._local.read_log(number, attempt, offset, size)

    async def close(self, at_once: bool) -> None:
        """End what runs, and wait until it has."""
        self._local.close(at_once=at_once)


@dataclass(eq=False)
class _Slot:
    """An actor, seen from the driver. call: the one that waits for news, made at `asked_at`."""

    actor: Any
    resources: Resources
    call: Any
    asked_at: float
    ready: bool = False
    job: Job | None = None
    starting: Any = None
    seen: int = 0
    doubted_at: float = math.inf


class RayExecutor:
    """Runs up to `parallel` jobs at once on Ray.

    address: of a cluster, or "auto"; None means the Ray that this process already uses, else one
    of its own on this machine, which takes 4 to 10 seconds to start. A job for whose resources
    there is no room yet waits for it.
    """

    def __init__(self, parallel: int, *, address: str | None = None) -> None:
        self._parallel = parallel
        self._address = address
        self._connection: Connection | None = None
        self._slots: list[_Slot] = []
        self._waiting: dict[Key, tuple[Job, float]] = {}
        self._told_to_wait: set[Key] = set()
        self._events: list[Event] = []
        self._logs: dict[Key, tuple[Path, Any]] = {}
        self._start_failures = 0
        self._looked_at = 0.0
        self._past = LocalExecutor(parallel)  # replays what had ended before this driver began

    @property
    def free_slots(self) -> int:
        """How many more jobs can be started now."""
        running = sum(slot.job is not None for slot in self._slots)
        return self._past.free_slots - running - len(self._waiting)

    def check(self, resources: Resources) -> str:
        """Return why no job with these resources can ever run on this Ray, or ""."""
        if self._address is None and not ray.is_initialized():
            return self._past.check(resources)  # it will be started on this machine
        self._connect(resources)
        return cluster_problem(resources)

    def start(self, job: Job) -> None:
        """Start a job as soon as there is room for its resources."""
        if self.free_slots < 1:
            raise ExecutorError(f"trial {job.number}: no slot is free ({self._parallel} in all)")
        self._connect(job.resources)
        key = job.number, job.attempt
        self._waiting[key] = replace(job, env=dict(job.env)), time.monotonic()
        self._place()

    def adopt(self, job: Job) -> bool:
        """Take over an attempt that had ended; end what is left of any other and return False."""
        adopted = self._past.adopt(job)
        if not adopted:
            self._sweep(job)
        self._logs[job.number, job.attempt] = job.log_path, None
        return adopted

    def stop(self, number: int, attempt: int, why: str) -> None:
        """Ask an attempt to end; one that is not running here is ignored."""
        if self._waiting.pop((number, attempt), None) is not None:
            self._events.append(Exit(number, attempt, None, why="stopped", text=why))
        for slot in self._slots:
            if slot.job is not None and (slot.job.number, slot.job.attempt) == (number, attempt):
                slot.actor.stop.remote(number, attempt, why)

    def poll(self, timeout_s: float) -> Sequence[Event]:
        """Return what happened, waiting up to `timeout_s` seconds for the first event."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._check_node()
            self._place()
            events, self._events = [*self._events, *self._past.poll(0)], []
            left_s = deadline - time.monotonic()
            if events or left_s <= 0:
                return events
            self._wait(left_s)

    def read_log(self, number: int, attempt: int, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of an attempt's log from `offset`; b"" where there are none."""
        path, actor = self._logs.get((number, attempt), (None, None))
        if path is None:
            return b""
        if path.exists() or actor is None:
            return read_piece(path, offset, size)
        try:
            piece: bytes = ray.get(
                actor.read_log.remote(number, attempt, offset, size), timeout=CALL_S
            )
        except RayError as error:
            logger.warning("the log of trial %s cannot be read: %s", number, brief(error))
            return b""
        return piece

    def close(self, *, at_once: bool = False) -> None:
        """End every job, with its grace unless at once, and every actor, and a Ray of our own."""
        running = [slot for slot in self._slots if slot.job is not None]
        if running:
            graces_s = [slot.job.limits.grace_s for slot in running if slot.job is not None]
            calls = [slot.actor.close.remote(at_once) for slot in running]
            patience_s = CALL_S if at_once else max(graces_s) + CALL_S
            ray.wait(calls, num_returns=len(calls), timeout=patience_s)
        for slot in self._slots:
            self._drop(slot)
        self._slots.clear()
        self._waiting.clear()
        self._past.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # Slots

    def _connect(self, resources: Resources) -> None:
        if self._connection is None:
            self._connection = Connection(self._address, self._parallel, resources)

    def _place(self) -> None:
        """Give waiting jobs to idle actors, and make actors for those that are left."""
        now = time.monotonic()
        for key, (job, since) in list(self._waiting.items()):
            idle = (s for s in self._slots if s.ready and s.job is None)
            slot = next((s for s in idle if s.resources == job.resources), None)
            if slot is not None:
                slot.job = job
                slot.starting = slot.actor.start.remote(job)
                self._logs[key] = job.log_path, slot.actor
                del self._waiting[key]
            elif now > since + WAITING_S and key not in self._told_to_wait:
                self._told_to_wait.add(key)
                text = f"waits for room on Ray, which has {free_resources()} free"
                self._events.append(Notice(job.number, job.attempt, text))
        for job, _ in self._waiting.values():
            self._make_room(job.resources)

    def _make_room(self, resources: Resources) -> None:
        for slot in list(self._slots):
            if slot.job is None and slot.resources != resources:
                self._slots.remove(slot)
                self._drop(slot)
        starting = sum(not slot.ready for slot in self._slots)
        if starting < len(self._waiting) and len(self._slots) < self._parallel:
            kind = cast(Any, ray).remote(
                num_cpus=resources.cpus,
                num_gpus=resources.gpus,
                memory=resources.memory,
                max_restarts=0,
                max_task_retries=0,
            )(TrialRunner)
            actor = kind.remote()
            self._slots.append(_Slot(actor, resources, actor.hello.remote(), time.monotonic()))

    def _drop(self, slot: _Slot) -> None:
        """End an actor, and whatever of its job may be left."""
        with contextlib.suppress(RayError):
            ray.kill(slot.actor)
        if slot.job is not None:
            self._sweep(slot.job)

    def _sweep(self, job: Job) -> None:
        """End what is left of an attempt on any node."""
        sweep_attempt(job.marker)
        if self._connection is None:
            return
        calls = []
        for node in self._connection.other_nodes():
            there = NodeAffinitySchedulingStrategy(node, soft=False)
            sweep = ray.remote(sweep_attempt).options(
                num_cpus=0, scheduling_strategy=there, max_retries=0
            )
            calls.append(sweep.remote(job.marker))
        try:
            ray.get(calls, timeout=CALL_S)
        except RayError as error:
            logger.warning(
                "trial %s: leftovers could not be looked for: %s", job.number, brief(error)
            )

    # Listening

    def _wait(self, left_s: float) -> None:
        calls = {call: slot for slot in self._slots for call in (slot.call, slot.starting) if call}
        if not calls:
            time.sleep(left_s)
            return
        ray.wait(list(calls), timeout=min(left_s, 1.0))
        # All that are there, and not the first alone: this process may have been suspended.
        answered, _ = ray.wait(list(calls), num_returns=len(calls), timeout=0)
        for call in answered:
            if calls[call] in self._slots:  # not given up at the other of its calls
                self._hear(calls[call], call)
        now = time.monotonic()
        for slot in list(self._slots):
            if slot.ready and now > slot.asked_at + SILENCE_S:
                self._lose(slot, f"its actor on Ray has not answered for {SILENCE_S:g} s")

    def _hear(self, slot: _Slot, call: Any) -> None:
        try:
            answer = ray.get(call, timeout=CALL_S)
        except ActorUnavailableError as error:
            if call is slot.starting:  # it may or may not have started: never try again
                self._lose(slot, brief(error))
            else:
                self._doubt(slot)
            return
        except RayError as error:
            self._lose(slot, f"its actor on Ray died ({brief(error)})")
            return
        if call is slot.starting:
            slot.starting = None
            return
        for count, event in answer or ():
            slot.seen = count
            self._events.append(event)
            if isinstance(event, Exit | Lost):
                slot.job = None
        slot.ready = True
        slot.doubted_at = math.inf
        self._start_failures = 0
        self._ask(slot)

    def _ask(self, slot: _Slot) -> None:
        slot.call = slot.actor.poll.remote(slot.seen, POLL_S)
        slot.asked_at = time.monotonic()

    def _doubt(self, slot: _Slot) -> None:
        """Ask again for a while: Ray cannot reach the actor, but does not call it dead."""
        now = time.monotonic()
        slot.doubted_at = min(slot.doubted_at, now)
        if now > slot.doubted_at + DOUBT_S:
            self._lose(slot, f"its actor on Ray could not be reached for {DOUBT_S:g} s")
            return
        time.sleep(0.2)
        self._ask(slot)

    def _lose(self, slot: _Slot, text: str) -> None:
        self._slots.remove(slot)
        self._drop(slot)
        if slot.job is not None:
            self._events.append(Lost(slot.job.number, slot.job.attempt, text))
        elif not slot.ready:
            self._start_failures += 1
            if self._start_failures >= MAX_START_FAILURES:
                raise ExecutorError(f"Ray cannot start an actor: {text}")

    def _check_node(self) -> None:
        """Give everything up where this machine's part of Ray has died: nothing else would tell."""
        now = time.monotonic()
        if self._connection is None or now < self._looked_at + POLL_S:
            return
        self._looked_at = now
        if self._connection.alive():
            return
        logger.warning("Ray has died on this machine")
        for slot in list(self._slots):
            self._lose(slot, "Ray died on this machine")
        self._connection.close()
        self._connection = None  # the next start makes a new one
