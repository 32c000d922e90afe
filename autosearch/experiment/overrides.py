"""`--set key=value`: single values of an experiment, changed from the command line."""

import re
from collections.abc import Sequence
from typing import Any

from autosearch.errors import ExperimentError, Fault
from autosearch.experiment.faults import show
from autosearch.experiment.source import Keys, dotted, parse


def apply_overrides(data: dict[str, Any], overrides: Sequence[str]) -> dict[Keys, str]:
    """Change `data` in place; return what was set by which override.

    An override is `search.trials=50`, `metric[1].name=loss`, `search.strategy=[tpe_search, grid]`:
    a dotted path, and a value in YAML. Raises ExperimentError with every override that cannot be
    followed.
    """
    origins: dict[Keys, str] = {}
    faults: list[Fault] = []
    for text in overrides:
        label = f"--set {text}"
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            faults.append(Fault("", f"expected key=value, found {show(text)}", label))
            continue
        try:
            parsed = parse(value, label).data
            origins[_set(data, key.strip(), parsed)] = label
        except ExperimentError as error:
            faults += [Fault(key, fault.message, label) for fault in error.faults]
        except LookupError as error:
            faults.append(Fault(key, str(error.args[0]), label))
    if faults:
        raise ExperimentError(faults)
    return origins


def _set(data: Any, key: str, value: Any) -> Keys:
    """Set one value; raises LookupError with the reason where the path leads nowhere."""
    parts = [part for part in re.split(r"[.\[\]]+", key) if part]
    path: Keys = ()
    while True:
        name, used = _step(data, parts, path)
        path, parts = (*path, name), parts[used:]
        if not parts:
            data[name] = value
            return path
        if isinstance(data, dict) and data.get(name) is None:
            data[name] = {}
        data = data[name]


def _step(data: Any, parts: Sequence[str], path: Keys) -> tuple[Any, int]:
    """Return the next key or index, and how many of `parts` it takes: names may hold dots."""
    if isinstance(data, dict):
        for used in range(len(parts), 0, -1):
            name = ".".join(parts[:used])
            if name in data:
                return name, used
        return parts[0], 1
    if isinstance(data, list):
        if parts[0].isdigit() and int(parts[0]) < len(data):
            return int(parts[0]), 1
        raise LookupError(f"{dotted(path)} is a list of {len(data)}; write {dotted(path)}[0]")
    raise LookupError(f"{dotted(path)} is {show(data)}, which has no {parts[0]}; set it whole")
