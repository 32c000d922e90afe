"""Load experiments: from a file, from text, from plain values.

Every function raises ExperimentError with all faults at once, in the order in which they stand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from autosearch.errors import ExperimentError, Fault, SourceError
from autosearch.experiment import modelarts
from autosearch.experiment.check import check
from autosearch.experiment.faults import Problem, show, without_echoes
from autosearch.experiment.model import Experiment
from autosearch.experiment.overrides import apply_overrides
from autosearch.experiment.source import MAX_BYTES, Keys, Source, decode, dotted, parse
from autosearch.experiment.startable import start_problems


def load_file(
    path: str | PathLike[str],
    overrides: Sequence[str] = (),
    *,
    command: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Experiment:
    """Return the experiment in a YAML file.

    overrides: `key=value` texts, as given to `--set`. command: the program, where the file names
    none, as ModelArts' templates do. environ: the environment in which its trials will be started
    from here; a program or a secret that it lacks is a fault. None: they may run anywhere.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise ExperimentError([Fault("", reason, str(path))]) from None
    text = decode(raw, str(path))
    return load_text(text, str(path), overrides, command=command, environ=environ)


def load_text(
    text: str,
    file: str,
    overrides: Sequence[str] = (),
    *,
    command: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Experiment:
    """Return the experiment in YAML text; file: where the text stands, or would stand."""
    source = parse(text, file)
    if not isinstance(source.data, dict):
        what = "is empty" if source.data is None else f"holds {show(source.data)}"
        message = f"the file {what}; expected keys such as name, command, metric and space"
        raise ExperimentError([Fault("", message, file, 1, 1)])
    if command is not None:
        source.data["command"] = command
    return _experiment(source, Path(file).absolute().parent, overrides, {}, environ)


@contextmanager
def sources_placed(
    path: str | PathLike[str] | None, overrides: Sequence[str] = ()
) -> Iterator[None]:
    """Within it, raise what is wrong with earlier results as a fault of the file that names them.

    path, overrides: what the experiment was loaded from; a source that neither names is left to its
    SourceError.
    """
    try:
        yield
    except SourceError as error:
        faults = [] if path is None else _source_faults(Path(path), overrides, error)
        if not faults:
            raise
        raise ExperimentError(faults) from None


def _source_faults(path: Path, overrides: Sequence[str], error: SourceError) -> list[Fault]:
    source = parse(decode(path.read_bytes(), str(path)), str(path))
    places = _Places(source, apply_overrides(source.data, overrides))
    named = source.data.get("warm_start")
    entries = enumerate(named) if isinstance(named, list) else [(None, named)]
    for index, entry in entries:
        keys: Keys = ("warm_start",) if index is None else ("warm_start", index)
        if isinstance(entry, Mapping):
            keys, entry = (*keys, "path"), entry.get("path")
        if entry == error.source:
            return [places.fault(Problem(keys, f"{error.source}: {error.reason}"))]
    return []


def from_dict(
    data: Mapping[str, Any],
    folder: str | PathLike[str],
    overrides: Sequence[str] = (),
    *,
    in_process: bool = False,
    stored: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Experiment:
    """Return the experiment in plain values, in the YAML's shape.

    in_process: the objective is a function of this process, so there need not be a command. stored:
    `data` was checked before; files and folders that it names may be gone by now. environ: as for
    `load_file`.
    """
    source = Source(_plain(data), "")
    flags = {"in_process": in_process, "stored": stored}
    return _experiment(source, Path(folder).absolute(), overrides, flags, environ)


@dataclass(frozen=True)
class _Places:
    """Where each part of an experiment was written: in the file, in an override, or nowhere.

    moved: path here → path in the file, where a ModelArts template was translated.
    """

    source: Source
    overrides: Mapping[Keys, str]
    moved: Mapping[Keys, Keys] = field(default_factory=dict)

    def fault(self, problem: Problem) -> Fault:
        here = problem.path
        there = _replaced(here, self.moved)
        for path in (here, there):
            for length in range(len(path), 0, -1):
                if path[:length] in self.overrides:
                    return Fault(dotted(path), problem.message, self.overrides[path[:length]])
        line, column = self.source.place(there, key=problem.at_key)
        return Fault(dotted(there), problem.message, self.source.file, line, column)


def _replaced(path: Keys, moved: Mapping[Keys, Keys]) -> Keys:
    """Return `path` with its longest beginning that was moved replaced by where it came from."""
    for length in range(len(path), 0, -1):
        if path[:length] in moved:
            return (*moved[path[:length]], *path[length:])
    return path


def _experiment(
    source: Source,
    folder: Path,
    overrides: Sequence[str],
    flags: Mapping[str, bool],
    environ: Mapping[str, str] | None = None,
) -> Experiment:
    set_by = apply_overrides(source.data, overrides)
    found: list[Problem] = []
    data, places = source.data, _Places(source, set_by)
    if modelarts.is_template(data):
        data, moved = modelarts.from_template(data, _name_for(source.file), found)
        places = _Places(source, set_by, moved)
        if data.get("command") is None and not any(flags.values()):
            message = "is missing; a ModelArts template names no program: write it here, "
            found.append(Problem(("command",), message + "e.g. command: python train.py"))
            flags = {"in_process": True}
    experiment = check(data, folder, found, **flags)
    if experiment is not None and environ is not None:
        listed = isinstance(data.get("command"), list)
        found += start_problems(experiment, environ, listed=listed)
    if experiment is None or found:
        faults = {places.fault(problem) for problem in without_echoes(found)}
        raise ExperimentError(sorted(faults, key=lambda f: (f.line, f.column, f.where, f.message)))
    return experiment


def _plain(value: Any) -> Any:
    """Return a copy of plain data, with text as keys and lists as its only sequences."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _name_for(file: str) -> str:
    """Return the name of an experiment that has none of its own: the file's."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", Path(file).stem)[:64] or "search"
