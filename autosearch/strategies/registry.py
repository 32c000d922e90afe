"""Strategies by name: found, described, checked and made."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from inspect import getdoc
from types import NoneType
from typing import Any, cast, get_args, get_type_hints

from autosearch.errors import InputError
from autosearch.spelling import did_you_mean
from autosearch.strategies.base import Strategy, settings_of

# Imported on use.
BUILT_IN: Mapping[str, str] = {
    "auto": "autosearch.strategies.auto:Auto",
    "bayes_opt_search": "autosearch.strategies.bayes_opt:BayesOpt",
    "tpe_search": "autosearch.strategies.tpe:TPESearch",
    "anneal_search": "autosearch.strategies.anneal:AnnealSearch",
    "cma_es": "autosearch.strategies.cma_es:CmaEs",
    "design": "autosearch.strategies.design:Design",
    "random": "autosearch.strategies.random:RandomSearch",
    "grid": "autosearch.strategies.grid:GridSearch",
}
ENTRY_POINTS = "autosearch.strategies"
_WORDS: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
}


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One setting of a strategy, in plain values.

    type: "int", "float", "str" or "bool". default: None means that the strategy chooses. low, high:
    the range, inclusive unless `exclusive`; None: open. needs: see `setting`.
    """

    name: str
    type: str
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    exclusive: bool = False
    choices: tuple[str, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Description:
    """A strategy's name, what it does in one line, and its settings."""

    name: str
    summary: str
    settings: tuple[SettingInfo, ...]


def names() -> tuple[str, ...]:
    """Return the names of all strategies, ours first."""
    return (*BUILT_IN, *sorted(e.name for e in _others() if e.name not in BUILT_IN))


def load(name: str) -> type[Strategy]:
    """Return the class of the strategy `name`.

    Raises InputError where there is none, or where another package's cannot be imported.
    """
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found: type[Strategy] = getattr(import_module(module), attribute)
        return found
    for entry in _others():
        if entry.name == name:
            return _load_other(entry)
    known = names()
    raise InputError(
        f"strategy: there is no {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}"
    )


def describe(name: str) -> Description:
    """Return what the strategy `name` does and what can be set."""
    strategy = load(name)
    lines = (getdoc(strategy) or "").splitlines()
    types = _types(strategy)
    settings = tuple(
        SettingInfo(name=n, type=types[n][0].__name__, default=f.default, **f.metadata)
        for n, f in settings_of(strategy).items()
    )
    return Description(name, lines[0].rstrip(".") if lines else "", settings)


def having(setting: str) -> tuple[str, ...]:
    """Return the names of our strategies that have such a setting."""
    return tuple(name for name in BUILT_IN if setting in settings_of(load(name)))


def problems(name: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with `settings`, by key: what was expected and what was found.

    Raises InputError where there is no such strategy.
    """
    infos = {info.name: info for info in describe(name).settings}
    types = _types(load(name))
    found: dict[str, str] = {}
    for key, value in settings.items():
        if key not in infos:
            there_are = f"it has {', '.join(infos)}" if infos else "it has none"
            found[key] = f"not a setting of {name}{did_you_mean(key, infos)} ({there_are})"
        elif not _fits(value, infos[key], types[key]):
            found[key] = f"expected {_expected(infos[key], types[key])}, found {value!r}"
        elif value != infos[key].default and (other := _hindrance(infos, settings, key)):
            found[key] = f"expected {infos[key].default} with {other}, found {value!r}"
    return found


def _hindrance(
    infos: Mapping[str, SettingInfo], settings: Mapping[str, Any], key: str
) -> str | None:
    """Return the setting with which `key` would be without effect, as one writes it."""
    for other, values in infos[key].needs.items():
        if (value := settings.get(other, infos[other].default)) not in values:
            return f"{other}: {value}"
    return None


def make(
    name: str,
    settings: Mapping[str, Any] | None = None,
    trials: int | None = None,
) -> Strategy:
    """Return the strategy `name` with `settings`; what is not set takes its default.

    trials: how many trials the search will have; None where that is unknown. Raises InputError that
    names every setting that is wrong.
    """
    settings = settings or {}
    wrong = problems(name, settings)
    if wrong:
        raise InputError("\n".join(f"{name}: {key}: {text}" for key, text in wrong.items()))
    strategy = load(name)
    given = {k: float(v) if _types(strategy)[k][0] is float else v for k, v in settings.items()}
    if any(f.name == "trials" for f in dataclasses.fields(strategy)):  # type: ignore[arg-type]
        given["trials"] = trials
    return strategy(**given)


def combine(
    entries: Sequence[tuple[str, Mapping[str, Any]]],
    trials: int | None = None,
    objectives: int = 1,
) -> Strategy:
    """Return one strategy for `entries` of (name, settings): a portfolio where there are several.

    objectives: how many losses each trial will have. trials: see `make`. Raises InputError
    as `make` does, or where there is no entry.
    """
    combined = _combined(entries, trials, objectives)
    if objectives < 2:
        return combined
    from autosearch.strategies.scalarised import Scalarised

    return Scalarised(combined, all(getattr(load(name), "ordinal", False) for name, _ in entries))


def _combined(
    entries: Sequence[tuple[str, Mapping[str, Any]]],
    trials: int | None,
    objectives: int,
) -> Strategy:
    if not entries:
        raise InputError(f"strategy: name at least one of {', '.join(names())}")
    made = [make(name, settings, trials) for name, settings in entries]
    if objectives > 1:
        made = [
            one.for_objectives(objectives) if hasattr(one, "for_objectives") else one
            for one in made
        ]
    if len(made) == 1:
        return made[0]
    from autosearch.strategies.portfolio import Portfolio

    return Portfolio.of([(name, one) for (name, _), one in zip(entries, made, strict=True)])


def _others() -> tuple[Any, ...]:
    return tuple(entry_points(group=ENTRY_POINTS))


def _load_other(entry: Any) -> type[Strategy]:
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"strategy: {entry.name!r} comes from {entry.value}, which cannot be imported: {error}"
        ) from error
    if not (isinstance(found, type) and dataclasses.is_dataclass(found) and hasattr(found, "ask")):
        raise InputError(
            f"strategy: {entry.name!r} comes from {entry.value}, which is not a dataclass with a "
            f"method `ask`"
        )
    return cast("type[Strategy]", found)


def _types(strategy: type[Any]) -> dict[str, tuple[type, bool]]:
    """Return each setting's type, and whether None is allowed."""
    hints = get_type_hints(strategy)
    found = {}
    for name in settings_of(strategy):
        parts = get_args(hints[name]) or (hints[name],)
        kinds = [p for p in parts if p is not NoneType]
        found[name] = (kinds[0] if kinds[0] in _WORDS else str, NoneType in parts)
    return found


def _fits(value: Any, info: SettingInfo, type_: tuple[type, bool]) -> bool:
    kind, optional = type_
    if value is None:
        return optional
    if kind in (int, float):
        allowed = (int,) if kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed) or not math.isfinite(value):
            return False
        low, high = _bounds(info)
        return low < value < high if info.exclusive else low <= value <= high
    return isinstance(value, kind) and (not info.choices or value in info.choices)


def _bounds(info: SettingInfo) -> tuple[float, float]:
    low = -math.inf if info.low is None else info.low
    return low, math.inf if info.high is None else info.high


def _expected(info: SettingInfo, type_: tuple[type, bool]) -> str:
    words = " or ".join(info.choices) if info.choices else _WORDS[type_[0]]
    if info.low is not None and info.high is not None:
        words += (
            f" between {info.low} and {info.high}"
            if info.exclusive
            else f" from {info.low} to {info.high}"
        )
    elif info.low is not None:
        words += f" {'above' if info.exclusive else 'of at least'} {info.low}"
    elif info.high is not None:
        words += f" {'below' if info.exclusive else 'of at most'} {info.high}"
    return words
