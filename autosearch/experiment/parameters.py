"""The sections `space`, `constraints` and `skip` → a Space, or all that is wrong with them."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np

from autosearch.errors import SpaceError
from autosearch.experiment.faults import Problem, listed, meant, show, unknown_key
from autosearch.experiment.source import Keys
from autosearch.space import Expression, Parameter, Space
from autosearch.space.parameters import KINDS, Scale, When

PARAMETER_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
_SCALES = get_args(Scale)
_FIELD = re.compile(r"([a-z]+): (.*)", re.DOTALL)


def parse_space(raw: Any, constraints: Any, skip: Any, found: list[Problem]) -> Space | None:
    """Return the space, or None where `found` was given something to report."""
    before = len(found)
    params = _parameters(raw, found)
    declared = tuple(raw) if isinstance(raw, Mapping) else ()
    rules = _rules(constraints, declared, found)
    combinations = _combinations(skip, declared, params, found)
    # A parameter that is wrong by itself makes every condition on it look wrong too.
    if len(found) == before:
        _check_conditions(params, found)
    if len(found) > before:
        return None
    try:
        space = Space(params, tuple(rules), tuple(combinations))
    except SpaceError as error:
        found.append(Problem(("space",), str(error)))
        return None
    return space


def check_feasible(space: Space, found: list[Problem]) -> None:
    """Report constraints that cannot be worked out, or that no point meets."""
    rng = np.random.default_rng(0)
    before = len(found)
    for i, text in enumerate(space.constraints):
        rule = Expression(text)
        for _ in range(20):
            params = space.from_unit(rng.random(len(space)))
            try:
                if rule.names <= params.keys():
                    rule.holds(params)
            except SpaceError as error:
                found.append(Problem(("constraints", i), str(error).split(" for {")[0]))
                break
    if len(found) > before or not space.constrained:
        return
    try:
        space.sample(rng)
    except SpaceError:
        path = ("constraints",) if space.constraints else ("skip",)
        rules = "; ".join(space.constraints)
        what = f"no point meets all of: {rules}" if rules else "every point is skipped"
        found.append(Problem(path, f"{what}; loosen them, or widen the space"))


def _parameters(raw: Any, found: list[Problem]) -> dict[str, Parameter]:
    params: dict[str, Parameter] = {}
    if not isinstance(raw, Mapping) or not raw:
        what = "is missing" if raw is None else f"found {show(raw)}"
        message = f"{what}; expected parameters, e.g. lr: {{type: float, low: 0.001, high: 0.1}}"
        found.append(Problem(("space",), message))
        return params
    for name, entry in raw.items():
        path = ("space", name)
        if not re.fullmatch(PARAMETER_NAME, name):
            message = f"expected 1 to 64 letters, digits, _, - and ., found {show(name)}"
            found.append(Problem(path, message, at_key=True))
        elif not isinstance(entry, Mapping):
            message = f"expected a mapping, e.g. {_example(entry)}; found {show(entry)}"
            found.append(Problem(path, message))
        else:
            parameter = _parameter(entry, path, found)
            if parameter is not None:
                params[name] = parameter
    return params


def _example(entry: Any) -> str:
    if isinstance(entry, list):
        return f"{{type: choice, values: {show(entry)}}}"
    return "{type: float, low: 0.001, high: 0.1}"


def _parameter(entry: Mapping[str, Any], path: Keys, found: list[Problem]) -> Parameter | None:
    kind = entry.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        if kind is None:
            likely = _likely_type(entry)
            message = f"is missing; expected {listed(KINDS)}; did you mean type: {likely}?"
        else:
            hint = meant(kind, KINDS)
            if isinstance(kind, str) and kind.lower().startswith("log"):
                hint = "; did you mean type: float with scale: log?"
            message = f"expected {listed(KINDS)}, found {show(kind)}{hint}"
        found.append(Problem((*path, "type"), message))
        return None
    cls = KINDS[kind]
    known = [f.name for f in fields(cls)]
    unknown = [key for key in entry if key != "type" and key not in known]
    for key in unknown:
        found.append(unknown_key((*path, key), ["type", *known], f"{kind} has no such key"))
    given = {k: v for k, v in entry.items() if k in known and v is not None}
    if "help" in given and not isinstance(given["help"], str):
        found.append(Problem((*path, "help"), f"expected text, found {show(given['help'])}"))
    values = given.get("values")
    if not isinstance(values, list | tuple) and ("values" in given or kind == "choice"):
        what = "is missing" if values is None else f"found {show(values)}"
        found.append(Problem((*path, "values"), f"{what}; expected a list, e.g. [1, 2, 4]"))
        return None
    if isinstance(given.get("flag"), bool):
        given["flag"] = "true" if given["flag"] else None
    try:
        parameter = cls(**given)
        # Counting the values finds steps that are too small for their range.
        return parameter if parameter.count != 0 else None
    except SpaceError as error:
        found.append(_from_space_error(error, path, given, known))
    except OverflowError:
        found.append(Problem((*path, "step"), "the step is too small for so wide a range"))
    return None


def _likely_type(entry: Mapping[str, Any]) -> str:
    values = entry.get("values")
    if isinstance(values, list):
        return "choice"
    ends = [entry.get("low"), entry.get("high")]
    return "int" if all(isinstance(end, int) for end in ends) else "float"


def _from_space_error(
    error: SpaceError, path: Keys, given: Mapping[str, Any], known: list[str]
) -> Problem:
    match = _FIELD.fullmatch(str(error))
    if match is None or match[1] not in known:
        return Problem(path, str(error))
    key, message = match[1], match[2]
    value = given.get(key)
    if key == "scale" and value not in _SCALES:
        message += meant(value, _SCALES)
    elif key == "default" and isinstance(given.get("values"), list):
        message += meant(value, map(str, given["values"]))
    elif isinstance(value, str) and re.fullmatch(r"\d[\d_,]*", value):
        message += f"; write {re.sub('[_,]', '', value)}"
    return Problem((*path, key), message)


def _check_conditions(params: Mapping[str, Parameter], found: list[Problem]) -> None:
    """Report every condition that is wrong, each looked at without the others."""
    before = len(found)
    for name, parameter in params.items():
        if parameter.when is not None:
            _check_condition(name, parameter.when, params, found)
    if len(found) == before:
        try:
            Space(params)
        except SpaceError as error:
            found.append(Problem(("space",), str(error)))


def _check_condition(
    name: str, when: When, params: Mapping[str, Parameter], found: list[Problem]
) -> None:
    path = ("space", name, "when")
    before = len(found)
    for wanted in _unknown_names(when, params):
        where = (*path, wanted) if isinstance(when, Mapping) else path
        found.append(Problem(where, _no_parameter(wanted, tuple(params)), at_key=True))
    if len(found) == before and isinstance(when, Mapping):
        for parent, wanted in when.items():
            for value in wanted if isinstance(wanted, list) else [wanted]:
                _taken((*path, parent), value, params[parent], found)
    if len(found) > before:
        return
    try:
        Space({n: p if n == name else replace(p, when=None) for n, p in params.items()})
    except SpaceError as error:
        found.append(Problem(path, str(error).removeprefix(f"{name}: ").removeprefix("when: ")))


def _unknown_names(when: Any, params: Mapping[str, Parameter]) -> list[str]:
    if isinstance(when, str):
        try:
            names = Expression(when).names
        except SpaceError:
            return []
    else:
        names = frozenset(when) if isinstance(when, Mapping) else frozenset()
    return sorted(name for name in names if name not in params)


def _no_parameter(name: str, declared: tuple[str, ...]) -> str:
    there_are = f"; there are {', '.join(declared)}"
    return f"there is no parameter {name!r}{meant(name, declared) or there_are}"


def _rules(raw: Any, declared: tuple[str, ...], found: list[Problem]) -> list[str]:
    texts = [raw] if isinstance(raw, str) else raw or []
    if not isinstance(texts, list):
        found.append(Problem(("constraints",), f"expected a list, found {show(raw)}"))
        return []
    rules = []
    for i, text in enumerate(texts):
        path: Keys = ("constraints",) if isinstance(raw, str) else ("constraints", i)
        if not isinstance(text, str):
            found.append(Problem(path, f"expected an expression, found {show(text)}"))
            continue
        try:
            names = Expression(text).names
        except SpaceError as error:
            found.append(Problem(path, f"{error}; expected e.g. batch * accum <= 512"))
            continue
        if declared:
            unknown = sorted(names.difference(declared))
            found += [Problem(path, _no_parameter(name, declared)) for name in unknown]
        rules.append(text)
    return rules


def _combinations(
    raw: Any, declared: tuple[str, ...], params: Mapping[str, Parameter], found: list[Problem]
) -> list[Mapping[str, Any]]:
    entries = [raw] if isinstance(raw, Mapping) else raw or []
    if not isinstance(entries, list):
        found.append(Problem(("skip",), f"expected a list of mappings, found {show(raw)}"))
        return []
    combinations: list[Mapping[str, Any]] = []
    for i, entry in enumerate(entries):
        path: Keys = ("skip",) if isinstance(raw, Mapping) else ("skip", i)
        if not isinstance(entry, Mapping) or not entry:
            found.append(Problem(path, f"expected {{parameter: value}}, found {show(entry)}"))
            continue
        combination = {}
        for name, value in entry.items():
            if name in params:
                combination[name] = _taken((*path, name), value, params[name], found)
            elif declared and name not in declared:
                found.append(Problem((*path, name), _no_parameter(name, declared), at_key=True))
        combinations.append(combination)
    return combinations


def _taken(path: Keys, value: Any, parameter: Parameter, found: list[Problem]) -> Any:
    if parameter.kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not parameter.contains(value):
        near = meant(value, map(str, parameter.values)) if parameter.categorical else ""
        message = f"{path[-1]} is never {show(value)}; it is {parameter.describe()}{near}"
        found.append(Problem(path, message))
    return value
