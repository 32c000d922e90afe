"""The loop of one study: ask, start, read, tell, until there is nothing left to do.

A fresh study is a resumed one without records: there is one loop, and everything that it knows is
folded from the store. Records are queued and folded as things happen, and written together; nothing
is started before the records that led to it are safe.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from autosearch.asking import Agenda
from autosearch.executors.base import Event, Executor, Exit, Lost, Metrics
from autosearch.experiment.model import Experiment
from autosearch.experiment.startable import with_interpreter
from autosearch.jobs import make_job
from autosearch.missing import explain_missing_metric, explain_missing_return
from autosearch.outcome import Ending, FailFast, Outcome
from autosearch.records import (
    Ended,
    Interrupted,
    Measured,
    Record,
    Said,
    Started,
    fold,
)
from autosearch.requests import take
from autosearch.stopping import StopRule
from autosearch.store import Store
from autosearch.strategies.base import Strategy
from autosearch.trial import History, Trial
from autosearch.verdict import RETRIED, ended, verdict

POLL_S = 0.5
TAIL_BYTES = 16_384
# How much of a log is searched for lines that look like the metric that was not found.
LOOK_BYTES = 2**20
# A trial whose worker vanishes this often is given up: the trial itself may be what kills workers.
MAX_LOST = 3
Watch = Callable[[Sequence[Record], History], None]


@dataclass(slots=True)
class _Attempt:
    """A trial that is running here."""

    attempt: int
    read_to: int = 0
    stopping: str = ""


@dataclass
class Driver:
    """Runs one study to its end. The caller holds the study's lease.

    folder: the study's. spent_s: seconds that earlier drivers worked on it. watch: called with new
    records, after they were written, and the history up to them.
    """

    experiment: Experiment
    strategy: Strategy
    rule: StopRule
    store: Store
    executor: Executor
    folder: Path
    study: str
    history: History = field(default_factory=History)
    interruptions: dict[int, dict[str, int]] = field(default_factory=dict)
    spent_s: float = 0.0
    watch: Watch = lambda records, history: None
    now: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._active: dict[int, _Attempt] = {}
        self._queue: list[Record] = []
        self._outcome: Outcome | None = None
        self._agenda = Agenda(self.experiment)
        limit = self.experiment.limits.consecutive_failures
        self._fail_fast = FailFast(tuple(m.name for m in self.experiment.needed), limit)
        self._began = self.clock()

    def interrupt(self, text: str = "interrupted", ending: Ending = "interrupted") -> None:
        """End the search soon: trials get their grace and are started again by a resume.

        Safe to call from a signal handler or another thread.
        """
        self._outcome = self._outcome or Outcome(ending, text)

    def run(self) -> Outcome:
        """Run to the end and return how it ended; errors of the store or executor are raised."""
        try:
            self._adopt()
            self._obey()
            while self._outcome is None:
                self._fill()
                if not self._active and not self._has_more() and self._outcome is None:
                    self.interrupt(*self._agenda.ending(self.history))
                    break
                self._handle(self.executor.poll(POLL_S))
                self._obey()
                self._check_time()
            return self._wind_up(self._outcome or Outcome("complete"))
        except KeyboardInterrupt:
            # The second signal: nobody wants to wait for the trials' grace.
            self.executor.close(at_once=True)
            raise
        finally:
            self.executor.close()

    def _note(self, *records: Record) -> None:
        self.history = fold(self.history, records)
        self._queue += records

    def _write(self) -> None:
        if self._queue:
            records, self._queue = self._queue, []
            self.store.append(records)
            self.watch(records, self.history)

    def _say(self, event: str, text: str, number: int | None = None) -> None:
        self._note(Said(self.now(), event, text, number))

    # Starting

    def _adopt(self) -> None:
        """Take over what still runs or has ended unseen; the rest is started again."""
        for trial in self.history.pending:
            if trial.state != "running":
                continue
            job, _ = make_job(
                self.experiment, trial, trial.attempt, study=self.study, folder=self.folder
            )
            # Read from the start again: what was recorded of this attempt is replaced, not doubled.
            if self.executor.adopt(job):
                self._note(Started(trial.number, trial.attempt, trial.started_at or self.now()))
                self._active[trial.number] = _Attempt(trial.attempt)
            else:
                self._interrupted(trial, "driver", "the search was stopped while it ran")
        self._write()

    def _fill(self) -> None:
        while self._outcome is None and self._has_more() and self._has_room():
            trial = self._waiting() or self._ask()
            if trial is None:
                return
            self._start(trial)

    def _has_more(self) -> bool:
        return self._waiting() is not None or self._agenda.has_more(self.history)

    def _has_room(self) -> bool:
        # The executor is asked last: where searches share slots, to ask is to claim one.
        return len(self._active) < self.experiment.search.parallel and self.executor.free_slots > 0

    def _waiting(self) -> Trial | None:
        waiting = (t for t in self.history.pending if t.number not in self._active)
        return next(waiting, None)

    def _ask(self) -> Trial | None:
        asked = self._agenda.next(self.strategy, self.history, self.now())
        if asked is None:
            return None
        self._note(asked)
        return self.history.trials[asked.number]

    def _start(self, trial: Trial) -> None:
        attempt = trial.attempt + 1
        job, command = make_job(
            self.experiment, trial, attempt, study=self.study, folder=self.folder
        )
        self._note(Started(trial.number, attempt, self.now(), command))
        self._write()
        self._active[trial.number] = _Attempt(attempt)
        self.executor.start(job)

    # Listening

    def _handle(self, events: Iterable[Event]) -> None:
        for event in events:
            active = self._active.get(event.number)
            if active is None or active.attempt != event.attempt:
                # A late word of an attempt that was already given up.
                continue
            if isinstance(event, Metrics):
                self._measured(event, active)
            elif isinstance(event, Exit):
                del self._active[event.number]
                self._exited(event, active)
            elif isinstance(event, Lost):
                del self._active[event.number]
                self._lost(event)
            else:
                self._say("notice", event.text, event.number)
        self._write()

    def _measured(self, event: Metrics, active: _Attempt) -> None:
        active.read_to = event.read_to
        if event.measurements:
            self._note(Measured(event.number, event.attempt, event.measurements, event.read_to))
            trial = self.history.trials[event.number]
            # A confirming run that was cut short would confirm nothing.
            judged = not (active.stopping or trial.confirms)
            why = self.rule.check(trial, self.history) if judged else ""
            if why:
                self._stop(event.number, why)
        if self._fail_fast.is_silent(active.read_to, self.history):
            self._no_metric(event.number, f"{active.read_to >> 20} MiB of its log hold")

    def _exited(self, event: Exit, active: _Attempt) -> None:
        trial = self.history.trials[event.number]
        start = max(event.log_size - TAIL_BYTES, 0)
        tail = self.executor.read_log(event.number, event.attempt, start, TAIL_BYTES)
        found = verdict(
            event,
            trial.measurements,
            self.experiment.metrics,
            tail.decode("utf-8", errors="replace"),
        )
        if found.state == "no_metric" and not self.experiment.command:
            reason = explain_missing_return(self.experiment.needed, trial.measurements)
            found = replace(found, reason=reason)
        found = replace(found, reason=with_interpreter(found.reason, self.experiment, os.environ))
        ours = event.why == "stopped" and not active.stopping
        if event.why == "driver_gone" or ours:
            self._interrupted(trial, "driver", "the search was stopped while it ran")
            return
        counts = self.interruptions.get(event.number, {})
        retries = self.experiment.limits.retries
        if found.state in RETRIED and not event.error and counts.get("failed", 0) < retries:
            self._interrupted(trial, "failed", found.reason)
            return
        self._note(ended(event, found, at=self.now(), stopped=active.stopping))
        self._judge(event.number)

    def _lost(self, event: Lost) -> None:
        trial = self.history.trials[event.number]
        if self.interruptions.get(event.number, {}).get("lost", 0) + 1 < MAX_LOST:
            self._interrupted(trial, "lost", event.text)
            return
        self._note(Ended(event.number, event.attempt, self.now(), "lost", reason=event.text))
        self._judge(event.number)

    def _interrupted(
        self, trial: Trial, cause: Literal["failed", "lost", "driver"], reason: str
    ) -> None:
        counts = self.interruptions.setdefault(trial.number, {})
        counts[cause] = counts.get(cause, 0) + 1
        self._note(Interrupted(trial.number, trial.attempt, self.now(), cause, reason))

    # Ending

    def _judge(self, number: int) -> None:
        """End the search where this trial shows that going on would be a waste."""
        outcome = self._fail_fast.after(self.history.trials[number], self.history)
        if outcome is not None and outcome.ending == "no_metric":
            self._no_metric(number, "its log holds")
        elif outcome is not None:
            self.interrupt(outcome.text, outcome.ending)

    def _no_metric(self, number: int, what: str) -> None:
        if not self.experiment.command:
            self.interrupt(f"trial {number}: {self.history.trials[number].reason}", "no_metric")
            return
        attempt = self.history.trials[number].attempt
        log = self.executor.read_log(number, attempt, 0, LOOK_BYTES)
        name = self._fail_fast.never_measured(self.history)
        metric = next(m for m in self.experiment.needed if m.name == name)
        text = explain_missing_metric(metric, number, what, log)
        self.interrupt(text, "no_metric")

    def _stop(self, number: int, why: str) -> None:
        active = self._active[number]
        active.stopping = active.stopping or why
        self.executor.stop(number, active.attempt, why)

    def _obey(self) -> None:
        for request in take(self.folder):
            if request.number is None:
                self.interrupt(request.why, "stopped")
            elif request.number in self._active:
                self._stop(request.number, request.why)

    def _check_time(self) -> None:
        limit = self.experiment.limits.total_time
        spent = self.spent_s + self.clock() - self._began
        if limit is not None and spent > limit:
            self.interrupt(f"the total time of {limit:g} s is used up", "total_time")

    def _wind_up(self, outcome: Outcome) -> Outcome:
        """End what is running, record how far it came, and say how the search ended.

        What cannot be ended in time stays recorded as running: a resume looks for it first.
        """
        if self._active:
            self._say("stopping", outcome.text)
            self._write()
        for number, active in self._active.items():
            self.executor.stop(number, active.attempt, outcome.text)
        patience = self.clock() + self.experiment.limits.grace + 10.0
        while self._active and self.clock() < patience:
            self._handle(self.executor.poll(POLL_S))
        for number in self._active:
            self._say("warning", "it could not be ended", number)
        self._note(Said(self.now(), "finished", outcome.text, details={"ending": outcome.ending}))
        self._write()
        return outcome
