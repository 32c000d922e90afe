"""The sections of an experiment, one by one: plain values → checked values, or problems.

Every function returns None where it has added a problem to `found`, so that all sections are
looked at whatever is wrong with one of them.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from autosearch import stopping, strategies
from autosearch.errors import InputError
from autosearch.experiment.faults import (
    SEARCH_KEYS,
    Problem,
    from_pydantic,
    listed,
    meant,
    show,
    unknown_key,
)
from autosearch.experiment.model import (
    DEFAULT_TRIALS,
    ExecutorSpec,
    Experiment,
    FromEnv,
    Metric,
    RuleSpec,
    Search,
    StrategySpec,
    objectives_of,
)
from autosearch.experiment.source import Keys
from autosearch.metrics.direction import guess_mode
from autosearch.metrics.lint import lint

# Executors, and what can be set of each.
EXECUTORS: Mapping[str, tuple[str, ...]] = {"local": (), "ray": ("address",)}


def parse_field(name: str, raw: Any, found: list[Problem]) -> Any:
    """Return the value of an experiment's field whose YAML is what pydantic reads as it is."""
    info = Experiment.model_fields[name]
    kinds = get_args(info.annotation) or (info.annotation,)
    models = (k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel))
    section = next(models, FromEnv)
    try:
        return TypeAdapter(info.rebuild_annotation()).validate_python(raw, strict=True)
    except ValidationError as error:
        found += from_pydantic(error, (name,), section)
        return None


def parse_metrics(
    raw: Any, found: list[Problem], *, stored: bool = False
) -> tuple[Metric, ...] | None:
    """Return the metrics, the objective first; none ([]) for a program that is only to be run.

    stored: their regexes were checked before.
    """
    if raw is None:
        message = "is missing; expected e.g. {name: val_acc, mode: max}"
        found.append(Problem(("metric",), message))
        return None
    before = len(found)
    entries = raw if isinstance(raw, list) else [raw]
    metrics: list[Metric] = []
    for i, entry in enumerate(entries):
        path: Keys = ("metric", i) if isinstance(raw, list) else ("metric",)
        metric = _metric(entry, path, i == 0, found)
        if metric is None:
            continue
        if any(metric.name == other.name for other in metrics):
            found.append(Problem((*path, "name"), f"{show(metric.name)} is given twice"))
        if not stored:
            found += _regex_problems(metric, path)
        metrics.append(metric)
    _check_references(metrics, raw, found)
    return tuple(metrics) if len(found) == before else None


def _check_references(metrics: Sequence[Metric], raw: Any, found: list[Problem]) -> None:
    several = len(objectives_of(metrics)) > 1
    for i, metric in enumerate(metrics):
        if metric.reference is not None and not (several and metric.objective):
            path: Keys = ("metric", i) if isinstance(raw, list) else ("metric",)
            message = "must not be given here: it belongs to one of several objectives"
            found.append(Problem((*path, "reference"), message, at_key=True))


def _regex_problems(metric: Metric, path: Keys) -> Iterator[Problem]:
    for problem in lint(metric.rule):
        if problem.severity == "error":
            key = "regex" if problem.field == "regex" else "step"
            message = f"{problem.message}; found {show(problem.pattern)}"
            yield Problem((*path, key), message)


def _metric(entry: Any, path: Keys, objective: bool, found: list[Problem]) -> Metric | None:
    if isinstance(entry, str):
        entry = {"name": entry}
    if not isinstance(entry, Mapping):
        message = f"expected e.g. {{name: val_acc, mode: max}}, found {show(entry)}"
        found.append(Problem(path, message))
        return None
    if objective and entry.get("objective") is False:
        message = "expected true, found false: the first metric is always an objective"
        found.append(Problem((*path, "objective"), message))
    entry = {**entry, "objective": True} if objective else entry
    if entry.get("mode") is None:
        guess = _mode_of_bound(entry) or guess_mode(str(entry.get("name", "")))
        if entry.get("objective") is True:
            hint = f"; did you mean mode: {guess}?" if guess else ""
            message = f"is missing; expected max (larger is better) or min{hint}"
            found.append(Problem((*path, "mode"), message))
        entry = {**entry, "mode": guess or "max"}
    try:
        metric = Metric.model_validate(entry)
    except ValidationError as error:
        found += from_pydantic(error, path, Metric)
        return None
    low, high = metric.at_least, metric.at_most
    if low is not None and high is not None and low > high:
        message = f"must not be above at_most; found at_least {low:g}, at_most {high:g}"
        found.append(Problem((*path, "at_least"), message))
    return metric


def _mode_of_bound(entry: Mapping[str, Any]) -> str | None:
    """Return the direction in which a metric with one bound is better; None: there is none."""
    low, high = entry.get("at_least") is not None, entry.get("at_most") is not None
    if low == high:
        return None
    return "max" if low else "min"


def parse_search(raw: Any, found: list[Problem], *, stored: bool = False) -> Search | None:
    """Return the section `search`; settings may stand beside a single strategy's name.

    stored: the strategies need not be installed here, and were checked before.
    """
    if not isinstance(raw, Mapping):
        found.append(Problem(("search",), f"expected a mapping (key: value), found {show(raw)}"))
        return None
    before = len(found)
    rest = {
        k: raw[k] for k in ("trials", "parallel", "seed", "stop_when") if raw.get(k) is not None
    }
    specs, samples = _strategies(raw, found, _as_stored if stored else _checked)
    if "trials" not in rest and samples:
        rest["trials"] = samples
    try:
        search = Search.model_validate(
            {**rest, "strategies": specs or (StrategySpec(name="auto"),)}
        )
    except ValidationError as error:
        found += from_pydantic(error, ("search",))
        return None
    return search if len(found) == before else None


Strategy = Callable[
    [Any, Keys, Mapping[str, Any], Keys, list[Problem]], tuple[StrategySpec, int | None]
]


def _strategies(
    raw: Mapping[str, Any], found: list[Problem], checked: Strategy
) -> tuple[tuple[StrategySpec, ...], int]:
    """Return the strategies, and the sum of their num_samples, 0 where none is given."""
    chosen = raw.get("strategy")
    if chosen == []:
        found.append(Problem(("search", "strategy"), "is empty; expected a strategy's name"))
    chosen = "auto" if chosen is None else chosen
    beside = {k: v for k, v in raw.items() if k not in SEARCH_KEYS}
    many = isinstance(chosen, list)
    specs: list[StrategySpec] = []
    samples: list[int | None] = []
    for i, entry in enumerate(chosen if isinstance(chosen, list) else [chosen]):
        path: Keys = ("search", "strategy", i) if many else ("search", "strategy")
        if isinstance(entry, str):
            settings, at = ({}, path) if many else (beside, ("search",))
            name: Any = entry
        elif isinstance(entry, Mapping):
            settings, at = {k: v for k, v in entry.items() if k != "name"}, path
            name, path = entry.get("name"), (*path, "name")
        else:
            found.append(Problem(path, f"expected a strategy's name, found {show(entry)}"))
            continue
        spec, count = checked(name, path, settings, at, found)
        specs.append(spec)
        samples.append(count)
    if not isinstance(chosen, str):
        for key in beside:
            what = "unknown key (settings of a strategy go with its name: strategy: [{name: …, …}])"
            found.append(unknown_key(("search", key), SEARCH_KEYS, what))
    if not any(samples):
        return tuple(specs), 0
    return tuple(specs), sum(DEFAULT_TRIALS if n is None else n for n in samples)


def _as_stored(
    name: Any, path: Keys, settings: Mapping[str, Any], at: Keys, found: list[Problem]
) -> tuple[StrategySpec, int | None]:
    return StrategySpec(name=str(name), settings=settings), None


def _checked(
    name: Any, path: Keys, settings: Mapping[str, Any], at: Keys, found: list[Problem]
) -> tuple[StrategySpec, int | None]:
    """Return one strategy and its num_samples; path: of its name, at: of its settings."""
    known = strategies.names()
    if not isinstance(name, str) or name not in known:
        what = "is missing" if name is None else f"there is no strategy {show(name)}"
        hint = meant(name, known) or f"; there are {listed(known)}"
        found.append(Problem(path, what + hint))
        return StrategySpec(name=str(name)), None
    # The budget is the search's; ModelArts writes it among the strategy's parameters.
    own = {k: v for k, v in settings.items() if k != "num_samples" and v is not None}
    samples = settings.get("num_samples")
    if samples is not None and (not isinstance(samples, int) or samples < 1 or samples is True):
        message = f"expected a whole number of at least 1, found {show(samples)}"
        found.append(Problem((*at, "num_samples"), message))
        samples = None
    if not own:
        return StrategySpec(name=name), samples
    try:
        wrong = strategies.problems(name, own)
        infos = {info.name: info.type for info in strategies.describe(name).settings}
    except InputError as error:
        found.append(Problem(path, str(error)))
        return StrategySpec(name=name), samples
    for key, message in wrong.items():
        if key in infos:
            found.append(Problem((*at, key), message))
        elif owners := strategies.having(key):
            message = f"{name} has no such setting; it is one of {' and of '.join(owners)}"
            found.append(Problem((*at, key), message, at_key=True))
        else:
            around = SEARCH_KEYS if at == ("search",) else ("name",)
            what = f"{name} has no such setting"
            found.append(unknown_key((*at, key), (*around, *infos), what))
    # As the strategy will see them: 2 and 2.0 must not count as different experiments.
    whole = {k for k, v in own.items() if infos.get(k) == "float" and type(v) is int}
    settings = {k: float(v) if k in whole else v for k, v in own.items()}
    return StrategySpec(name=name, settings=settings), samples


def parse_stop(raw: Any, found: list[Problem]) -> RuleSpec | None:
    """Return the section `stop`: a rule's name, or {rule: name} with its settings."""
    entry = {"rule": raw} if isinstance(raw, str) else raw
    if not isinstance(entry, Mapping):
        found.append(Problem(("stop",), f"expected a rule's name, found {show(raw)}"))
        return None
    name = entry.get("rule", "fifo")
    path: Keys = ("stop",) if isinstance(raw, str) else ("stop", "rule")
    settings = {k: v for k, v in entry.items() if k != "rule" and v is not None}
    rules = stopping.RULES
    if not isinstance(name, str) or name not in rules:
        hint = meant(name, rules) or f"; expected {listed(rules)}"
        found.append(Problem(path, f"there is no rule {show(name)}{hint}"))
        return None
    before = len(found)
    rule = rules[name]
    known = settings_of_rule(rule)
    _report_unknown(settings, ("stop",), ["rule", *known], f"{name} has no such setting", found)
    if len(found) == before:
        try:
            stopping.make_rule(name, settings)
        except InputError as error:
            found.append(Problem(("stop",), str(error)))
    return RuleSpec(rule=name, settings=settings)


def settings_of_rule(rule: type[Any]) -> list[str]:
    """Return the names of a stop rule's settings."""
    return [f.name for f in dataclasses.fields(rule)] if dataclasses.is_dataclass(rule) else []


def parse_executor(raw: Any, found: list[Problem]) -> ExecutorSpec | None:
    """Return the section `executor`: a name, or {name: {setting: value}}."""
    entry = {raw: {}} if isinstance(raw, str) else raw
    if not isinstance(entry, Mapping) or len(entry) != 1:
        message = f"expected one of {listed(EXECUTORS)}, found {show(raw)}"
        found.append(Problem(("executor",), message))
        return None
    ((name, settings),) = entry.items()
    path: Keys = ("executor",) if isinstance(raw, str) else ("executor", name)
    if name not in EXECUTORS:
        hint = meant(name, EXECUTORS) or f"; expected {listed(EXECUTORS)}"
        found.append(Problem(path, f"there is no executor {show(name)}{hint}", at_key=True))
        return None
    if settings is not None and not isinstance(settings, Mapping):
        message = f"expected a mapping (setting: value), found {show(settings)}"
        found.append(Problem(path, message))
        return None
    own = {k: v for k, v in (settings or {}).items() if v is not None}
    _report_unknown(own, path, EXECUTORS[name], f"{name} has no such setting", found)
    for key, value in own.items():
        if not isinstance(value, str):
            found.append(Problem((*path, key), f"expected text, found {show(value)}"))
    return ExecutorSpec(name=name, settings=own)


def _report_unknown(
    settings: Mapping[str, Any],
    path: Keys,
    known: Sequence[str],
    what: str,
    found: list[Problem],
) -> None:
    for key in settings:
        if key not in known:
            found.append(unknown_key((*path, key), known, what))
