"""What a search shows while it runs: a live view on a terminal, else a line for each ended trial.

Everything here goes to stderr. When stderr is closed the search goes on in silence.
"""

import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO, cast

from autosearch import analysis, formats
from autosearch.outline import Outline
from autosearch.records import OPENING, Ended, Interrupted, Record, Said
from autosearch.snapshot import snapshot
from autosearch.trial import History, Trial

if TYPE_CHECKING:
    from rich.console import RenderableType

# Events that are for programs, or that the end of the command tells in more words.
_UNTOLD = ("opened", "finished")
REDRAWS_A_SECOND = 2
SHOWN_RUNNING = 16
SHOWN_REASON = 160

# Prints one line; the style is of rich, "" for none.
Emit = Callable[[str, str], None]


@dataclass
class Teller:
    """Tells of a search line by line, and knows how far it is; `watch` is for `autosearch.run`.

    again: the command that goes on with it later.
    """

    folder: Path
    again: str
    emit: Emit
    outline: Outline | None = None
    history: History = field(default_factory=History)
    stopping: bool = False

    def watch(self, records: Sequence[Record], history: History) -> None:
        """Tell what is new."""
        outline = self.outline or self._begin()
        self.history = history
        # The history is that after all of these records; each line is to count up to itself.
        later = sum(isinstance(r, Ended) for r in records)
        for record in records:
            if isinstance(record, Ended):
                later -= 1
                self._ended(history.trials[record.number], outline, later)
            elif isinstance(record, Interrupted) and record.cause != "driver":
                why = f"trial {record.number}: will be started again: {record.reason}"
                self.emit(why, "yellow")
            elif isinstance(record, Said) and record.event == "stopping":
                self.stopping = True
                # The rest of it stands in the summary, which follows at once.
                first = (record.text.splitlines() or [""])[0].rstrip(".")
                how = f"ending the trials that run (Ctrl-C: at once). Go on later: {self.again}"
                self.emit(f"{first}: {how}", "bold yellow")
            elif isinstance(record, Said) and record.event not in _UNTOLD:
                whose = "" if record.number is None else f"trial {record.number}: "
                self.emit(whose + record.text, "yellow")

    def _begin(self) -> Outline:
        """Say what is searched; only now is it sure that this process may."""
        from autosearch.experiment import warnings_of

        state = snapshot(self.folder, measurements=False)
        self.outline = outline = state.outline
        experiment = state.experiment
        search, objective = experiment.search, experiment.objective
        strategies = ", ".join(s.name for s in search.strategies)
        aim = f"{outline.aim}, {objective.reduce} value"
        self.emit(
            f"{experiment.name}: {formats.plural(search.trials, 'trial')}, {search.parallel} at "
            f"once, {strategies}; {aim if experiment.metrics else 'no metric'}; "
            f"study in {self.folder}",
            "bold",
        )
        known = sum(t.ended for t in state.history.trials)
        if known:
            self.emit(f"continued: {formats.plural(known, 'trial')} ended before", "")
        else:
            for warning in warnings_of(experiment):
                self.emit(f"warning: {warning}", "yellow")
        for said in opening_words(state.said):
            self.emit(f"{said.event}: {said.text}", "yellow")
        return outline

    def _ended(self, trial: Trial, outline: Outline, later: int) -> None:
        best = self.history.front if outline.several else [self.history.best]
        is_best = any(t is not None and t.number == trial.number for t in best)
        style = "green" if is_best else "" if trial.losses and trial.feasible else "red"
        line = f"[{self._count(trial, outline, later)}] {ended_line(trial, outline)}"
        mark = "on the front" if outline.several else "best so far"
        self.emit(line + (f"  ({mark})" if is_best else ""), style)

    def _count(self, trial: Trial, outline: Outline, later: int) -> str:
        if trial.confirms:
            return f"confirming {trial.repeat_of if trial.repeat_of is not None else 'the default'}"
        done = sum(t.ended and not t.confirms for t in self.history.trials) - later
        return f"{done}/{outline.trials}"


def opening_words(said: Sequence[Said]) -> list[Said]:
    """Return what was said while the study was last opened, in order."""
    words: list[Said] = []
    opened = False
    for record in reversed(said):
        if record.event == "opened":
            if opened:
                break
            opened = True
        elif opened and record.event in OPENING:
            words.append(record)
        elif opened:
            break
    return words[::-1]


def ended_line(trial: Trial, outline: Outline) -> str:
    """Return what an ended trial came to, on one line."""
    value = analysis.user_value(trial.loss, outline.mode)
    parts = [f"trial {trial.number}", trial.state]
    if value is not None:
        parts.append(f"{outline.objective} {formats.number(value)}")
        named = trial.metrics
        parts += [f"{n} {formats.number(named[n])}" for n in outline.columns if n in named]
    parts += [formats.duration(trial.seconds), formats.params(trial.params, 4)]
    if trial.reason:
        parts.append(formats.cut(trial.reason, SHOWN_REASON))
    return formats.clean("  ".join(parts))


def running_line(trial: Trial, outline: Outline, now_s: float) -> str:
    """Return where a running trial is, on one line."""
    elapsed = None if trial.started_at is None else max(now_s - trial.started_at, 0.0) // 1
    points = analysis.curve(trial, outline.objective)
    parts = [f"#{trial.number}", formats.duration(elapsed)]
    if points:
        step, value = points[-1]
        parts.append(f"{outline.objective} {formats.number(value)} at step {step}")
        parts.append(formats.sparkline([v for _, v in points]))
    parts.append(formats.params(trial.params, 4))
    return formats.clean("  ".join(parts))


@dataclass(frozen=True)
class View:
    """The part of the screen that changes: how far, how long still, the best, what is running."""

    teller: Teller

    def __rich__(self) -> "RenderableType":
        """Return the view at this moment; called from the thread that draws."""
        from rich.console import Group
        from rich.text import Text

        outline, history, now_s = self.teller.outline, self.teller.history, time.time()
        if outline is None:
            return Text("starting…")
        headline = _headline(outline, history, None if self.teller.stopping else now_s)
        lines = [Text(headline, style="bold")]
        best = history.best
        if best is not None:
            text = _best_line(best, outline)
            if outline.several:
                text = f"front  {formats.plural(len(history.front), 'trial')}; {text}"
            lines.append(Text(text, style="bold green"))
        elif history.valued:
            none = analysis.none_feasible(history, tuple(outline.bounds.values()))
            lines.append(Text(formats.clean(none), style="bold red"))
        running = [t for t in history.pending if t.state == "running"]
        lines += [Text(running_line(t, outline, now_s)) for t in running[:SHOWN_RUNNING]]
        if len(running) > SHOWN_RUNNING:
            lines.append(Text(f"and {len(running) - SHOWN_RUNNING} more running", style="dim"))
        for line in lines:
            line.no_wrap = True
            line.overflow = "ellipsis"
        return Group(*lines)


def _headline(outline: Outline, history: History, now_s: float | None) -> str:
    """Return how far a search is, and how long it will take unless it is being ended (None)."""
    done = sum(t.ended and not t.confirms for t in history.trials)
    failed = sum(len(g.numbers) for g in analysis.failures(history))
    text = f"{outline.name}  {done}/{outline.trials} trials"
    if failed:
        text += f", {failed} failed"
    runs = sum(t.ended for t in history.confirming)
    if runs:
        text += f", {formats.plural(runs, 'confirming run')}"
    left = now_s and analysis.time_left(
        history, outline.trials, outline.parallel, now_s, outline.confirming
    )
    if left:
        text += f", about {formats.duration(left)} left"
    return text


def _best_line(best: Trial, outline: Outline) -> str:
    value = analysis.user_value(best.loss, outline.mode)
    text = f"best  {outline.objective} {formats.number(value)}  (trial {best.number})"
    return formats.clean(f"{text}  {formats.params(best.params)}")


class _Unbroken(io.TextIOBase):
    """Text goes to a stream until that is closed, and from then on nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._closed = False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str) -> int:
        if not self._closed:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError:
                # A closed pipe, or a terminal that is gone: the search is worth more than its view.
                self._closed = True
        return len(text)


def _write_line(stream: _Unbroken, line: str) -> None:
    stream.write(f"{formats.clean_lines(line)}\n")


@contextmanager
def shown(folder: Path, again: str, *, quiet: bool) -> Iterator[Teller]:
    """Show a search on stderr while the block runs; the terminal is as before afterwards."""
    if quiet or sys.stderr is None:
        yield Teller(folder, again, lambda *_: None)
        return
    stream = _Unbroken(sys.stderr)
    if not stream.isatty():
        yield Teller(folder, again, lambda line, _: _write_line(stream, line))
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(file=cast("IO[str]", stream), markup=False, highlight=False, emoji=False)

    def emit(line: str, style: str) -> None:
        # A text with a style: the style of `print` would spread to the view below.
        console.print(Text(formats.clean_lines(line), style=style), soft_wrap=True)

    teller = Teller(folder, again, emit)
    with Live(
        View(teller),
        console=console,
        refresh_per_second=REDRAWS_A_SECOND,
        redirect_stdout=False,
        redirect_stderr=False,
        transient=True,
    ):
        yield teller
