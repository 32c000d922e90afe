"""Results of other searches, read once and recorded: what a study starts from.

What is recorded is what counts: a source that is read once is never looked at again.
"""

import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from autosearch.errors import AutoSearchError, InputError, SourceError
from autosearch.experiment.compare import task_differences
from autosearch.experiment.earlier import EarlierSpec
from autosearch.experiment.model import Experiment, Mode
from autosearch.formats import plural
from autosearch.interop.files import read_csv, read_json, read_pickle
from autosearch.interop.found import Finding, Fitted, fit
from autosearch.interop.objects import is_table, of_history, of_object
from autosearch.interop.optuna import load_study, located, of_study
from autosearch.interop.tables import Column, of_rows
from autosearch.records import Imported, Record, Said
from autosearch.scripts import edited, script_hashes
from autosearch.snapshot import Snapshot, snapshot

# The event of what is said of a source.
EVENT = "warm_start"


def split(sources: Any, folder: Path, experiment: Experiment) -> tuple[Experiment, list[Any]]:
    """Return the experiment with the paths among `sources` added, and the objects among them.

    sources: one, a list of them, or None. folder: relative paths start there.
    """
    specs: list[EarlierSpec] = []
    objects: list[Any] = []
    for source in _listed(sources):
        if isinstance(source, str | os.PathLike):
            specs.append(_spec({"path": os.fspath(source)}, folder))
        elif _has_path(source):
            specs.append(_spec({**source, "path": os.fspath(source["path"])}, folder))
        else:
            if _holds_results(source) and not isinstance(source["same"], bool):
                found = source["same"]
                raise InputError(f"warm_start: same: expected true or false, found {found!r}")
            objects.append(source)
    if specs:
        both = tuple(dict.fromkeys((*experiment.warm_start, *specs)))
        experiment = experiment.model_copy(update={"warm_start": both})
    return experiment, objects


def _listed(sources: Any) -> list[Any]:
    if not isinstance(sources, list):
        return [] if sources is None else [sources]
    first = sources[0] if sources else None
    is_row = isinstance(first, Mapping) and not _has_path(first) and not _holds_results(first)
    is_pair = isinstance(first, tuple) and len(first) == 2 and isinstance(first[0], Mapping)
    return [sources] if is_row or is_pair else sources


def _has_path(source: Any) -> bool:
    return isinstance(source, Mapping) and isinstance(source.get("path"), str | os.PathLike)


def _holds_results(source: Any) -> bool:
    """Return whether it is results and whether they are of the same task, not a row of a table."""
    return isinstance(source, Mapping) and set(source) == {"results", "same"}


def _spec(given: Mapping[str, Any], folder: Path) -> EarlierSpec:
    from pydantic import ValidationError

    try:
        path = _located(EarlierSpec.model_validate(given).path, folder)
        return EarlierSpec.model_validate({**given, "path": path})
    except ValidationError as error:
        problem = error.errors()[0]
        text = str(problem["msg"]).removeprefix("Value error, ")
        raise InputError(f"warm_start: {given['path']}: {text}") from None


def _located(path: str, folder: Path) -> str:
    """Return a source's path with the file that it names as an absolute one."""
    kind, rest = _kind(path)
    if kind == "optuna":
        url, _, study = rest.rpartition("#")
        return f"optuna:{located(url, folder)}#{study}"
    file = folder.absolute() / rest
    return f"{kind}:{file}" if kind else str(file)


def _kind(path: str) -> tuple[str, str]:
    kind, colon, rest = path.partition(":")
    return (kind, rest) if colon and kind in ("pickle", "optuna") else ("", path)


@dataclass(frozen=True)
class _Source:
    """A source that was read. same: of this very task. note: what else there is to say of it."""

    name: str
    findings: list[Finding]
    same: bool = False
    note: str = ""


def imports(
    experiment: Experiment,
    objects: Sequence[Any] = (),
    *,
    known: Collection[str] = (),
    own: Path | None = None,
) -> list[Record]:
    """Return the records of what `experiment` starts from, besides the `known` sources.

    objects: results in objects of this process. own: the study's own folder. Raises SourceError
    where one cannot be read, or is said to be of the same task and is not.
    """
    records: list[Record] = []
    for source in _sources(experiment, objects, known, own):
        fitted = fit(_measured(source, experiment), experiment.space)
        text = f"{source.name}: {fitted.describe(experiment.objective.mode)}"
        if source.same:
            hindrance = _unlike(fitted, experiment)
            if hindrance:
                raise SourceError(source.name, f"same: {hindrance}")
            text += f"; they count as trials of this search{source.note}"
        now = time.time()
        records += [Imported(now, source.name, fitted.results, source.same)]
        records += [Said(now, EVENT, text)]
    return records


def _measured(source: _Source, experiment: Experiment) -> list[Finding]:
    """Return the findings with a loss for each objective; of several the first, where one counts.

    Raises SourceError where there are fewer or more than the several that count.
    """
    count = len(experiment.objectives)
    for finding in source.findings:
        found = len(finding.losses)
        if count > 1 and found not in (0, count):
            reason = f"its results have {plural(found, 'value')} each; expected {count}: "
            raise SourceError(
                source.name, reason + ", ".join(m.name for m in experiment.objectives)
            )
    return [replace(f, losses=f.losses[:count]) for f in source.findings]


def _unlike(fitted: Fitted, experiment: Experiment) -> str:
    """Return why results cannot count as trials of this search, or ""."""
    bounds = [m.bounds for m in experiment.metrics if m.bounded]
    if bounds:
        return f"earlier results do not say whether {', '.join(bounds)} is met"
    if fitted.filled:
        return f"results of the same task have a value of {', '.join(fitted.filled)}"
    return ""


def _sources(
    experiment: Experiment, objects: Sequence[Any], known: Collection[str], own: Path | None
) -> Iterator[_Source]:
    read = {_located(name, experiment.folder) for name in known}
    # Of a source that is given twice, in the file and by an option, the same task counts.
    for spec in sorted(experiment.warm_start, key=lambda s: not s.same):
        place = _located(spec.path, experiment.folder)
        if place in read:
            continue
        read.add(place)
        try:
            yield _read(spec, experiment, own)
        except (AutoSearchError, OSError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or str(error)
            raise SourceError(spec.path, reason) from None
    for given in objects:
        same = _holds_results(given) and given["same"]
        found = given["results"] if _holds_results(given) else given
        try:
            findings = of_object(found, experiment.space, _columns(experiment))
        except InputError as error:
            raise SourceError(type(found).__name__, str(error)) from None
        parts = [(dict(f.params), *(f.losses or [None])) for f in findings]
        digest = sha256(repr(parts).encode()).hexdigest()
        name = f"{type(found).__name__} {digest[:8]}"
        if name not in known:
            yield _Source(name, findings, same)


def _of_folder(folder: Path, experiment: Experiment, spec: EarlierSpec) -> _Source:
    state = snapshot(folder, measurements=False)
    findings, note = of_history(state.history, _metrics(state, experiment, spec)), ""
    if spec.same:
        differing = task_differences(state.experiment, experiment)
        if differing:
            raise InputError(f"same: it is a study of another task: {'; '.join(differing)}")
        changed = edited(state.described.script, script_hashes(experiment))
        note = f"; changed since: {', '.join(changed)}" if changed else ""
    return _Source(spec.path, findings, spec.same, note)


def _metrics(state: Snapshot, experiment: Experiment, spec: EarlierSpec) -> list[Column]:
    """Return which metrics of a study count; it knows itself whether larger ones are better.

    Raises InputError where it says otherwise than `spec`.
    """
    name = spec.value or state.outline.objective
    mode = {m.name: m.mode for m in state.experiment.metrics}.get(name) if _chosen(spec) else None
    if mode and spec.mode not in (None, mode):
        raise InputError(f"mode: {name} has the mode {mode} in that study; leave mode out")
    if spec.same and name != state.outline.objective:
        raise InputError(f"value: of the same task only {state.outline.objective} counts")
    return _columns(experiment, spec, mode)


def _read(spec: EarlierSpec, experiment: Experiment, own: Path | None) -> _Source:
    kind, rest = _kind(spec.path)
    path = experiment.folder / rest
    if kind or not path.is_dir():
        return _Source(spec.path, _findings(spec, experiment), spec.same)
    if own is not None and path.resolve() == own.resolve():
        raise InputError("is this search's own folder; expected that of another one")
    return _of_folder(path, experiment, spec)


def _findings(spec: EarlierSpec, experiment: Experiment) -> list[Finding]:
    """Return what a source holds that is no folder."""
    kind, rest = _kind(spec.path)
    columns = _columns(experiment, spec)
    if kind == "optuna":
        url, _, name = rest.rpartition("#")
        _own_values(spec, "an Optuna study")
        return of_study(load_study(located(url, experiment.folder), name))
    path = experiment.folder / rest
    if kind == "pickle":
        found = read_pickle(path)
        if not is_table(found):
            _own_values(spec, f"a pickled {type(found).__name__}")
        return of_object(found, experiment.space, columns)
    if path.suffix.lower() == ".csv":
        return of_rows(read_csv(path), columns, experiment.space.names)
    if path.suffix.lower() == ".json":
        return of_rows(read_json(path), columns, experiment.space.names)
    if not path.exists():
        raise InputError(f"there is nothing at {path.absolute()}")
    raise InputError("expected a study's folder, a .csv or .json file")


def _chosen(spec: EarlierSpec) -> bool:
    return spec.value is not None or spec.mode is not None


def _own_values(spec: EarlierSpec, what: str) -> None:
    """Raise InputError where `spec` says of what has no columns which of them counts, or how."""
    for field in ("value", "mode"):
        if getattr(spec, field) is not None:
            raise InputError(f"{field}: {what} says itself what its values are; leave {field} out")


def _columns(
    experiment: Experiment, spec: EarlierSpec | None = None, mode: Mode | None = None
) -> list[Column]:
    """Return where a table has the values; of several objectives each in a column of its name.

    mode: of the column that `spec` names, where it says none.
    """
    objectives = experiment.objectives
    several = len(objectives) > 1
    if spec is None or not _chosen(spec):
        return [Column(m.name, m.mode, m.name if several else None) for m in objectives]
    if several:
        raise InputError("value and mode are of one objective, and here there are several")
    [metric] = objectives
    return [Column(metric.name, spec.mode or mode or metric.mode, spec.value)]
