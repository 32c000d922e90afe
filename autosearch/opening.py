"""Opening a study to run it: the lease, the store, and whether it is the study that is meant."""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autosearch import __version__
from autosearch.errors import StoreError, StudyMismatchError
from autosearch.experiment import differences, extends
from autosearch.experiment.model import Experiment
from autosearch.lease import Lease
from autosearch.records import KINDS, Asked, Described, Imported, Record, Said
from autosearch.scripts import edited, script_hashes
from autosearch.snapshot import Snapshot, take_snapshot
from autosearch.store import FILE, FileStore, MemoryStore, Store, salvage
from autosearch.warm_start import imports


@dataclass(frozen=True)
class Opened:
    """A study that this process may write to."""

    store: Store
    state: Snapshot
    folder: Path


@contextmanager
def opened(
    experiment: Experiment | None,
    folder: Path,
    *,
    extend: bool = False,
    mend: bool = False,
    study: str | None = None,
    earlier: Sequence[Any] = (),
) -> Iterator[Opened]:
    """Hold the study in `folder`; with an experiment, create it where there is none.

    experiment: None continues what the folder holds. extend: a changed experiment that only widens
    the stored one takes its place. mend: salvage a damaged file first. study: the id of a new one.
    earlier: results to start from, besides those that the experiment names.

    Raises StudyMismatchError where the folder holds another experiment, StudyBusyError where
    another process runs it, StoreError where there is nothing to continue or the file is damaged.
    """
    if experiment is None and not (folder / FILE).exists():
        raise StoreError(f"{folder}: there is no study here ({FILE} is missing)")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be created: {error.strerror}") from None
    lease = Lease(folder)
    new, begun = not (folder / FILE).exists(), False
    try:
        news: list[Record] = []
        if mend:
            kept, lost = salvage(folder)
            news.append(Said(time.time(), "salvaged", _salvaged(kept, lost)))
        store = FileStore(folder, write=True)
        try:
            store.check()
            news += _descriptions(experiment, folder, store, extend=extend, study=study)
            news += _imports(news, folder, store, earlier)
            store.append([*news, Said(time.time(), "opened", "")])
            begun = True
            state = take_snapshot(r for _, r in store.records())
            yield Opened(store, state, folder)
        finally:
            store.close()
    finally:
        if new and not begun:
            # A study that could not begin, for want of what it starts from, is none.
            (folder / FILE).unlink(missing_ok=True)
        lease.release()


def _salvaged(kept: int, lost: list[int]) -> str:
    """Return what to tell of a salvage; lost: the numbers of the records that are gone, rising."""
    runs: list[tuple[int, int]] = []
    for number in lost:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    named = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in runs)
    gaps = f"lost: {named}" if named else "none is missing between them"
    return f"{kept} records were kept; {gaps}; whether some stood behind them cannot be known"


@contextmanager
def in_memory(
    experiment: Experiment, folder: Path, earlier: Sequence[Any] = ()
) -> Iterator[Opened]:
    """Hold a new study that nothing is kept of. folder: for what its trials write."""
    store = MemoryStore()
    news: list[Record] = [describe(experiment, uuid.uuid4().hex[:12])]
    news += imports(experiment, earlier)
    store.append([*news, Said(time.time(), "opened", "")])
    yield Opened(store, take_snapshot(r for _, r in store.records()), folder)


def describe(experiment: Experiment, study: str) -> Described:
    """Return the record that describes a study of `experiment` from here on."""
    return Described(
        study=study,
        experiment=experiment.to_dict(),
        at=time.time(),
        folder=str(experiment.folder),
        script=script_hashes(experiment),
        version=__version__,
    )


def _descriptions(
    experiment: Experiment | None,
    folder: Path,
    store: Store,
    *,
    extend: bool,
    study: str | None,
) -> list[Record]:
    """Return the records to add: the description of a new, extended, moved or edited study."""
    past = [r for _, r in store.records(skip=("measured", "asked", "started", "ended"))]
    known = [r for r in past if isinstance(r, Described)]
    if not known:
        if experiment is None:
            raise StoreError(
                f"{folder}: what the study searches is not recorded here, or was lost; go on with "
                f"`autosearch run FILE --dir {folder}`"
            )
        return [describe(experiment, study or uuid.uuid4().hex[:12])]
    stored = take_snapshot(known[-1:]).experiment
    wanted = experiment or stored
    changes = differences(stored, wanted)
    if changes and _begun(store):
        _refuse_changes(stored, wanted, folder, changes, extend)
    fresh = describe(wanted, known[-1].study)
    news: list[Record] = []
    changed = edited(known[-1].script, fresh.script)
    if changed:
        text = f"changed since the last trials: {', '.join(changed)}; their results may differ"
        news.append(Said(time.time(), "warning", text))
    if changes or changed or fresh.folder != known[-1].folder:
        news.append(fresh)
    return news


def _imports(
    news: Sequence[Record], folder: Path, store: Store, earlier: Sequence[Any]
) -> list[Record]:
    """Return the records of what the study starts from and has not read before."""
    others = tuple(kind for kind in KINDS if kind not in (Described.kind, Imported.kind))
    past = [*(r for _, r in store.records(skip=others)), *news]
    described = [r for r in past if isinstance(r, Described)]
    if not described[-1].experiment.get("warm_start") and not earlier:
        return []
    known = {r.source for r in past if isinstance(r, Imported)}
    experiment = take_snapshot(described[-1:]).experiment
    return imports(experiment, earlier, known=known, own=folder)


def _begun(store: Store) -> bool:
    """Return whether there is any trial whose results a changed experiment could betray."""
    others = [kind for kind in KINDS if kind != Asked.kind]
    return any(True for _ in store.records(skip=others))


def _refuse_changes(
    stored: Experiment, wanted: Experiment, folder: Path, changes: list[str], extend: bool
) -> None:
    hindrance = extends(stored, wanted)
    if extend and not hindrance:
        return
    lines = [f"{folder}: this folder holds a study of another experiment; it differs in"]
    lines += [f"  {change}" for change in changes]
    if extend:
        lines.append(f"This is no extension: {hindrance}; another folder begins a new study")
    else:
        how = "" if hindrance else f"`autosearch resume {folder} --extend FILE` takes the changes, "
        lines.append(f"Ways on: {how}`--dir OTHER` begins a new study beside this one")
    raise StudyMismatchError("\n".join(lines))
