"""Everything that a study's records say: what readers show and drivers continue from."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosearch.errors import StoreError
from autosearch.lease import Owner, owner_of
from autosearch.outcome import Outcome
from autosearch.outline import Outline, outline_of
from autosearch.records import (
    KINDS,
    OPENING,
    Described,
    Imported,
    Interrupted,
    Measured,
    Record,
    Said,
    Started,
    fold,
)
from autosearch.store import FileStore
from autosearch.trial import History

if TYPE_CHECKING:
    from autosearch.experiment.model import Experiment
    from autosearch.recommendation import Ranking


@dataclass(frozen=True)
class Snapshot:
    """A study at one moment.

    described: the latest. interruptions: trial → cause → how often. commands: trial → the command
    of its last attempt. said: notices and other messages, in order. outcome: how it ended, None
    where it goes on or was killed. spent_s: seconds that drivers worked on it. owner: who runs it
    now.
    """

    described: Described
    history: History
    interruptions: dict[int, dict[str, int]] = field(default_factory=dict)
    commands: dict[int, str] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    outcome: Outcome | None = None
    spent_s: float = 0.0
    owner: Owner | None = None

    @property
    def study(self) -> str:
        """The study's id."""
        return self.described.study

    @cached_property
    def outline(self) -> Outline:
        """The experiment's outline, which costs nothing: it is not checked again."""
        return outline_of(self.described.experiment)

    @cached_property
    def ranking(self) -> "Ranking | None":
        """The trials by what a model expects of them.

        None where no trial is feasible, and where there are several objectives.
        """
        if not self.history.valued or self.outline.several:
            return None
        from autosearch.recommendation import ranked_by_model

        return ranked_by_model(self.experiment.space, self.history)

    @property
    def experiment(self) -> "Experiment":
        """The experiment as it was last described."""
        # Its model takes longer to load than a large study to read, and most readers need little.
        from autosearch.experiment import from_dict

        return from_dict(
            self.described.experiment,
            folder=Path(self.described.folder),
            in_process=True,
            stored=True,
        )


def snapshot(folder: Path, *, measurements: bool = True) -> Snapshot:
    """Return the study in `folder` as it is now, without disturbing whoever runs it.

    measurements: without them the ended trials' curves are left out, which is ten times faster.
    Raises StoreError where there is no study, or its file is damaged.
    """
    with closing(FileStore(folder)) as store, _garbage_kept():
        owner = owner_of(folder)
        if measurements:
            return take_snapshot((r for _, r in store.records()), owner)
        numbered = list(store.records(skip=(Measured.kind,)))
        state = take_snapshot((r for _, r in numbered), owner)
        return replace(state, history=fold(state.history, _running_curves(store, numbered, state)))


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Collect no garbage: among a million small tuples that all stay, it only costs time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _running_curves(
    store: FileStore, numbered: list[tuple[int, Record]], state: Snapshot
) -> list[Measured]:
    """Return what the running trials have printed, read from where the first of them started."""
    running = {t.number: t.attempt for t in state.history.pending if t.state == "running"}
    starts = [
        seq for seq, r in numbered if isinstance(r, Started) and running.get(r.number) == r.attempt
    ]
    if not starts:
        return []
    others = tuple(kind for kind in KINDS if kind != Measured.kind)
    news = (r for _, r in store.records(others, after=min(starts)))
    return [r for r in news if isinstance(r, Measured) and r.number in running]


def take_snapshot(records: Iterable[Record], owner: Owner | None = None) -> Snapshot:
    """Return the fold of `records`; raises StoreError where they describe no study."""
    with _garbage_kept():
        everything = list(records)
        history = fold(History(), everything)
    described = [r for r in everything if isinstance(r, Described)]
    if not described:
        raise StoreError("the store describes no study: its first record is missing")
    interruptions: dict[int, dict[str, int]] = {}
    commands: dict[int, str] = {}
    for record in everything:
        if isinstance(record, Interrupted):
            causes = interruptions.setdefault(record.number, {})
            causes[record.cause] = causes.get(record.cause, 0) + 1
        elif isinstance(record, Started) and record.command:
            commands[record.number] = record.command
    said = tuple(r for r in everything if isinstance(r, Said))
    return Snapshot(
        described=described[-1],
        history=history,
        interruptions=interruptions,
        commands=commands,
        said=said,
        outcome=_outcome(everything),
        spent_s=_spent(everything),
        owner=owner,
    )


def _outcome(records: list[Record]) -> Outcome | None:
    """Return how the search ended, unless it has gone on since; to open a study changes nothing."""
    for record in reversed(records):
        if isinstance(record, Said) and record.event == "finished":
            return Outcome(record.details["ending"], record.text)
        if not isinstance(record, Said):
            return None
    return None


def _spent(records: list[Record]) -> float:
    """Return the seconds from each opening to the last record that its driver wrote.

    What is written when a study is opened, just before that is said, is not the last driver's. A
    clock that was set back counts as no time at all.
    """
    spent = 0.0
    opened: float | None = None
    last = 0.0
    for record in records:
        at: Any = getattr(record, "at", None)
        if isinstance(record, Said) and record.event == "opened":
            spent += max(last - opened, 0.0) if opened is not None else 0.0
            opened = last = record.at
        to_open = isinstance(record, Described | Imported) or (
            isinstance(record, Said) and record.event in OPENING
        )
        if at is not None and not to_open:
            last = at
    return spent + (max(last - opened, 0.0) if opened is not None else 0.0)
