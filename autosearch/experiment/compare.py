"""How two experiments differ, and whether a study of one can be continued as the other."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from autosearch.experiment.faults import show
from autosearch.experiment.model import Experiment
from autosearch.experiment.source import Keys, dotted
from autosearch.space.parameters import Parameter

# What may change between the trials of one study: it says how trials are run, not what they are.
_FREE = (
    ("description",),
    ("search", "trials"),
    ("search", "parallel"),
    ("search", "stop_when"),
    ("warm_start",),
    ("confirm",),
    ("limits",),
    ("resources",),
    ("executor",),
)
# What a trial is: what is run, and what is read of it.
_TASK = ("command", "shell", "workdir", "env", "files", "append", "metric")
# Up to so many values of a parameter are looked up one by one.
_LISTABLE = 10_000


def differences(old: Experiment, new: Experiment) -> list[str]:
    """Return what differs, one line a field: `search.trials: 20 → 50`."""
    return [f"{dotted(path)}: {text}" for path, text in _differing(old, new)]


def task_differences(old: Experiment, new: Experiment) -> list[str]:
    """Return in what two experiments do not search the very same task, one line a field.

    It is the same where a trial with the same params would be the same run, and its value the same
    number: by what is run and what is read of it. Ranges may differ, but not which parameters
    there are.
    """
    lines = [
        f"{dotted(path)}: {text}"
        for path, text in _differing(old, new)
        if path[0] in _TASK and not (path[0] == "metric" and path[-1] == "reference")
    ]
    lines += [f"space.{name} is new" for name in new.space.names if name not in old.space.params]
    gone = [name for name in old.space.names if name not in new.space.params]
    return lines + [f"space.{name} is gone" for name in gone]


def extends(old: Experiment, new: Experiment) -> str:
    """Return why a study of `old` cannot go on as `new`, or "".

    It can where the new experiment has at least as many trials of a program, every value that a
    parameter could take before it can take now, and otherwise only differs in how trials are run
    (parallel, limits, resources, executor), in what is confirmed, and in the references of
    objectives.
    """
    # Of a function's trials there may be more at any time: the caller says how many each time.
    if new.command and new.search.trials < old.search.trials:
        return f"search.trials is fewer than before: {new.search.trials} < {old.search.trials}"
    for path, text in _differing(old, new):
        free = any(path[: len(f)] == f for f in _FREE)
        # What is shown of a front, not what is searched.
        free = free or (path[0] == "metric" and path[-1] == "reference")
        if not free and path[0] not in ("space", "constraints", "skip"):
            return f"{dotted(path)} may not change within a study ({text})"
    return _narrowing(old, new)


def _narrowing(old: Experiment, new: Experiment) -> str:
    before, after = old.space, new.space
    for name in after.names:
        if name not in before.params:
            return f"space.{name} is new: the trials so far have no value of it"
    for name, parameter in before.params.items():
        if name not in after.params:
            return f"space.{name} is gone"
        reason = _lacking(parameter, after.params[name])
        if reason:
            return f"space.{name} {reason}"
    for text in after.constraints:
        if text not in before.constraints:
            return f"constraints: {text} is new; only a wider space is an extension"
    for combination in after.skip:
        if combination not in before.skip:
            return f"skip: {dict(combination)} is new; only a wider space is an extension"
    return ""


def _lacking(old: Parameter, new: Parameter) -> str:
    """Return what the new parameter lacks of the old one, or ""."""
    if old.kind != new.kind:
        return f"was of type {old.kind}, and is {new.kind} now"
    if old.when != new.when:
        return f"exists under another condition: {show(old.when)} → {show(new.when)}"
    if getattr(old, "flag", None) != getattr(new, "flag", None):
        return "is passed in another way (flag)"
    if old.count is not None and old.count <= _LISTABLE:
        for value in _values(old):
            if not new.contains(value):
                return f"can no longer be {show(value)}"
        return ""
    steps = getattr(old, "step", None), getattr(new, "step", None)
    if getattr(new, "values", None) is not None or steps[0] != steps[1] is not None:
        return f"takes fewer values: {old.describe()} → {new.describe()}"
    for end in (getattr(old, "low", None), getattr(old, "high", None)):
        if not new.contains(end):
            return f"can no longer be {show(end)}"
    return ""


def _values(parameter: Parameter) -> Iterator[Any]:
    listed = getattr(parameter, "values", None)
    if listed is not None:
        yield from listed
    elif parameter.kind == "int" and parameter.log:  # type: ignore[union-attr]
        yield from range(parameter.low, parameter.high + 1)  # type: ignore[union-attr]
    else:
        count = parameter.count or 0
        yield from (parameter.from_unit((i + 0.5) / count) for i in range(count))


def _differing(old: Experiment, new: Experiment) -> Iterator[tuple[Keys, str]]:
    yield from _walk((), old.to_dict(), new.to_dict())


def _walk(path: Keys, old: Any, new: Any) -> Iterator[tuple[Keys, str]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in (*old, *(k for k in new if k not in old)):
            if key not in new:
                yield (*path, key), f"{_written(old[key])} → not given"
            elif key not in old:
                yield (*path, key), f"not given → {_written(new[key])}"
            else:
                yield from _walk((*path, key), old[key], new[key])
        if path == ("space",) and list(old) != list(new) and set(old) == set(new):
            yield path, f"order {', '.join(old)} → {', '.join(new)}"
    elif _paired(old, new):
        for i, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _walk((*path, i), before, after)
    elif json.dumps(old) != json.dumps(new):
        # As text: 1, 1.0 and true are equal to Python, and different words to a program.
        yield path, f"{_written(old)} → {_written(new)}"


def _paired(old: Any, new: Any) -> bool:
    """Return whether both are lists of equally many mappings, best compared one by one."""
    if not (isinstance(old, list) and isinstance(new, list) and len(old) == len(new)):
        return False
    return all(isinstance(entry, Mapping) for entry in (*old, *new))


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_written(v)}" for k, v in value.items()) + "}"
    return show(value)
