"""What a search shows while it runs: a live view on a terminal, else a line for each ended trial.

Everything here goes to stderr. When stderr is closed the search goes on in silence.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from autosearch import analysis
from autosearch.cli import formats
from autosearch.experiment.model import Experiment
from autosearch.records import Asked, Ended, Interrupted, Record, Said
from autosearch.trial import History, Trial

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

# Events that are for programs, or that the end of the command says in more words.
_UNSAID = ("opened", "finished")
REDRAWS_A_SECOND = 2
SHOWN_RUNNING = 16


class Progress(Protocol):
    """Follows a search; `watch` is what `autosearch.run` calls."""

    def watch(self, records: Sequence[Record], history: History) -> None:
        """Show what is new."""


@dataclass
class Lines:
    """One line for each ended trial, and for each thing that people should know."""

    experiment: Experiment
    resume: str
    silent: bool = False
    _best: float | None = None

    def watch(self, records: Sequence[Record], history: History) -> None:
        """Print the lines of what is new."""
        for record in records:
            if isinstance(record, Ended):
                self._ended(history.trials[record.number], history)
            elif isinstance(record, Interrupted) and record.cause != "driver":
                self.print(f"trial {record.number}: will be started again: {record.reason}")
            elif isinstance(record, Said) and record.event not in _UNSAID:
                self.print(said_line(record, self.resume))

    def print(self, text: str) -> None:
        """Print a line, or nothing any more once stderr is closed."""
        if self.silent:
            return
        try:
            print(formats.clean(text), file=sys.stderr, flush=True)  # noqa: T201
        except OSError:
            self.silent = True

    def _ended(self, trial: Trial, history: History) -> None:
        better = trial.loss is not None and (self._best is None or trial.loss < self._best)
        if better:
            self._best = trial.loss
        done = sum(t.ended for t in history.trials)
        self.print(f"[{done}/{self.experiment.search.trials}] {ended_line(trial, self.experiment)}"
                   + ("  (best so far)" if better else ""))


def ended_line(trial: Trial, experiment: Experiment) -> str:
    """Return what an ended trial came to, on one line."""
    objective = experiment.objective
    value = analysis.user_value(trial.loss, objective.mode)
    parts = [f"trial {trial.number}", trial.state]
    if value is not None:
        parts.append(f"{objective.name} {formats.number(value)}")
    parts += [formats.duration(trial.seconds), formats.params(trial.params, 4)]
    if trial.reason:
        parts.append(trial.reason)
    return "  ".join(parts)


def said_line(record: Said, resume: str) -> str:
    """Return a message of the search on one line; resume: the command that goes on later."""
    whose = "" if record.number is None else f"trial {record.number}: "
    if record.event == "ending":
        return f"{record.text}; again: at once. Go on later: {resume}"
    return f"{whose}{record.text}"


@dataclass
class View:
    """The live view: the best so far, the running trials, how far, how long still."""

    experiment: Experiment
    resume: str
    console: "Console"
    history: History = field(default_factory=History)
    ending: str = ""

    def watch(self, records: Sequence[Record], history: History) -> None:
        """Take note of what is new; it is drawn when its time has come."""
        self.history = history
        for record in records:
            if isinstance(record, Said) and record.event == "ending":
                self.ending = said_line(record, self.resume)
            elif isinstance(record, Said) and record.event not in _UNSAID:
                self.console.print(formats.clean(said_line(record, "")), style="yellow")
            elif isinstance(record, Ended):
                self._ended(history.trials[record.number])
            elif isinstance(record, Interrupted) and record.cause != "driver":
                text = f"trial {record.number}: will be started again: {record.reason}"
                self.console.print(formats.clean(text), style="yellow")

    def _ended(self, trial: Trial) -> None:
        best = self.history.best
        if best is not None and best.number == trial.number:
            style = "green"
        else:
            style = "dim" if trial.losses else "red"
        line = formats.clean(ended_line(trial, self.experiment))
        self.console.print(formats.cut(line, self.console.width), style=style)

    def __rich__(self) -> "RenderableType":
        """Return the view at this moment; called from the thread that draws."""
        from rich.console import Group
        from rich.text import Text

        history, now_s = self.history, time.time()
        lines = [Text(self._headline(history, now_s), style="bold")]
        best = history.best
        if best is not None:
            value = analysis.user_value(best.loss, self.experiment.objective.mode)
            text = (
                f"best  {self.experiment.objective.name} {formats.number(value)}  "
                f"(trial {best.number})  {formats.params(best.params)}"
            )
            lines.append(Text(formats.clean(text), style="bold green"))
        running = [t for t in history.pending if t.state == "running"]
        lines += [Text(running_line(t, self.experiment, now_s)) for t in running[:SHOWN_RUNNING]]
        if len(running) > SHOWN_RUNNING:
            lines.append(Text(f"and {len(running) - SHOWN_RUNNING} more running", style="dim"))
        if self.ending:
            lines.append(Text(self.ending, style="bold yellow"))
        for line in lines:
            line.no_wrap = True
            line.overflow = "ellipsis"
        return Group(*lines)

    def _headline(self, history: History, now_s: float) -> str:
        search = self.experiment.search
        done = sum(t.ended for t in history.trials)
        failed = sum(len(g.numbers) for g in analysis.failures(history))
        left = analysis.time_left(history, search.trials, search.parallel, now_s)
        text = f"{self.experiment.name}  {done}/{search.trials} trials"
        if failed:
            text += f", {failed} failed"
        if left and not self.ending:
            text += f", about {formats.duration(left)} left"
        return formats.clean(text)


def running_line(trial: Trial, experiment: Experiment, now_s: float) -> str:
    """Return where a running trial is, on one line."""
    elapsed = None if trial.started_at is None else max(now_s - trial.started_at, 0.0)
    points = analysis.curve(trial, experiment.objective.name)
    parts = [f"#{trial.number}", formats.duration(elapsed)]
    if points:
        step, value = points[-1]
        parts.append(f"{experiment.objective.name} {formats.number(value)} at step {step}")
        parts.append(formats.sparkline([v for _, v in points]))
    parts.append(formats.params(trial.params, 4))
    return formats.clean("  ".join(parts))


@contextmanager
def shown(experiment: Experiment, resume: str, *, quiet: bool) -> Iterator[Progress]:
    """Show a search on stderr while the block runs; the terminal is as before afterwards."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield Lines(experiment, resume, silent=quiet or sys.stderr is None)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    view = View(experiment, resume, console)
    live: Live = Live(
        view, console=console, refresh_per_second=REDRAWS_A_SECOND, redirect_stdout=False,
        redirect_stderr=False, transient=True,
    )
    with live:
        yield view
