"""Results of other searches, read once and recorded: what a study starts from.

What is recorded is what counts: a source that is read once is never looked at again.
"""

import math
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
from autosearch.experiment.model import Experiment
from autosearch.formats import plural
from autosearch.interop.files import read_csv, read_json, read_pickle
from autosearch.interop.found import Finding, Fitted, fit, of_trials
from autosearch.interop.optuna import load_study, located, of_study
from autosearch.interop.tables import Column, distinct, of_rows
from autosearch.records import Imported, Record, Said
from autosearch.scripts import edited, script_hashes
from autosearch.snapshot import snapshot
from autosearch.trial import History

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
    alike = {_located(spec.path, experiment.folder) for spec in experiment.warm_start if spec.same}
    for spec in experiment.warm_start:
        # A source that is given both ways, in the file and by an option, is of the same task.
        twice = not spec.same and _located(spec.path, experiment.folder) in alike
        if twice or spec.path in known:
            continue
        try:
            yield _read(spec, experiment, own)
        except (AutoSearchError, OSError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or str(error)
            raise SourceError(spec.path, reason) from None
    for given in objects:
        same = _holds_results(given) and given["same"] is True
        found = given["results"] if _holds_results(given) else given
        findings = _of_object(found, experiment, _columns(experiment))
        parts = [(dict(f.params), *(f.losses or [None])) for f in findings]
        digest = sha256(repr(parts).encode()).hexdigest()
        name = f"{type(found).__name__} {digest[:8]}"
        if name not in known:
            yield _Source(name, findings, same)


def _of_folder(folder: Path, experiment: Experiment, spec: EarlierSpec) -> _Source:
    state = snapshot(folder, measurements=False)
    findings, note = _of_history(state.history, _columns(experiment)), ""
    if spec.same:
        differing = task_differences(state.experiment, experiment)
        if differing:
            raise InputError(f"same: it is a study of another task: {'; '.join(differing)}")
        changed = edited(state.described.script, script_hashes(experiment))
        note = f"; changed since: {', '.join(changed)}" if changed else ""
    return _Source(spec.path, findings, spec.same, note)


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
    columns = _columns(experiment)
    if spec.mode or spec.value:
        if len(columns) > 1:
            raise InputError("value and mode are of one objective, and here there are several")
        columns = [Column(columns[0].metric, spec.mode or columns[0].mode, spec.value)]
    if kind == "optuna":
        url, _, name = rest.rpartition("#")
        return of_study(load_study(located(url, experiment.folder), name))
    path = experiment.folder / rest
    if kind == "pickle":
        return _of_object(read_pickle(path), experiment, columns)
    if path.suffix.lower() == ".csv":
        return of_rows(read_csv(path), columns, experiment.space.names)
    if path.suffix.lower() == ".json":
        return of_rows(read_json(path), columns, experiment.space.names)
    if not path.exists():
        raise InputError(f"there is nothing at {path.absolute()}")
    raise InputError("expected a study's folder, a .csv or .json file")


def _columns(experiment: Experiment) -> list[Column]:
    """Return where a table has the values; of several objectives each in a column of its name."""
    objectives = experiment.objectives
    several = len(objectives) > 1
    return [Column(m.name, m.mode, m.name if several else None) for m in objectives]


def _of_history(history: History, columns: Sequence[Column]) -> list[Finding]:
    """Return the findings in a history, where there are several objectives by their names.

    A single objective may have another name there: then it is the first. Raises InputError where no
    trial has a metric of the name of one of several.
    """
    findings = of_trials(history.trials)
    known = dict.fromkeys(name for t in history.valued for name in t.metrics)
    several = any(len(t.losses) > 1 for t in history.valued)
    if len(columns) == 1 and not (several and columns[0].metric in known):
        return findings
    for column in columns:
        if known and column.metric not in known:
            raise InputError(f"has no metric {column.metric}; it has {', '.join(known)}")
    return [
        replace(f, losses=tuple(c.sign * t.metrics.get(c.metric, math.nan) for c in columns))
        if f.losses
        else f
        for f, t in zip(findings, history.trials, strict=True)
    ]


def _of_object(found: Any, experiment: Experiment, columns: Sequence[Column]) -> list[Finding]:
    """Return the findings in an object: ours, another package's, or rows."""
    package = type(found).__module__.partition(".")[0]
    pair = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
    history = getattr(found, "history", getattr(getattr(found, "state", None), "history", found))
    if isinstance(history, History):
        return _of_history(history, columns)
    if type(pair[0]).__module__.partition(".")[0] == "hyperopt":
        from autosearch.interop.hyperopt import of_hyperopt

        return of_hyperopt(pair[0], experiment.space, pair[1])
    if hasattr(found, "space") and (hasattr(found, "x_iters") or hasattr(found, "Xi")):
        from autosearch.interop.skopt import of_skopt

        return of_skopt(found)
    if package == "optuna":
        return of_study(found)
    if package == "pandas":
        distinct(found.columns)
        return of_rows(found.to_dict("records"), columns, experiment.space.names)
    if isinstance(found, list | tuple):
        return _of_list(found, columns, experiment.space.names)
    raise InputError(
        f"warm_start: {type(found).__name__}: expected a path, a Result, a Study, a table, "
        "hyperopt's Trials, scikit-optimize's result, an Optuna study, or [(params, value), …]"
    )


def _of_list(
    found: Sequence[Any], columns: Sequence[Column], searched: Collection[str]
) -> list[Finding]:
    if all(isinstance(row, Mapping) for row in found):
        return of_rows(found, columns, searched)
    names = [column.name or "value" for column in columns]
    try:
        pairs = [(dict(params), [v] if len(names) == 1 else v) for params, v in found]
        rows = [{"params": p, **dict(zip(names, v, strict=True))} for p, v in pairs]
    except (TypeError, ValueError):
        value = "value" if len(names) == 1 else f"({', '.join(names)})"
        raise InputError(
            f"warm_start: a list of results: expected [(params, {value}), …] or one mapping a row"
        ) from None
    return of_rows(rows, columns)
