"""hyperopt's spaces (`hp.*`) and results.

A parameter is named by its label. A choice whose options hold parameters of their own makes them
conditional; it takes the value that an option's dictionary has under the choice's label, or its
only text, or else the option's index as text.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hyperopt import JOB_STATE_ERROR, STATUS_FAIL, STATUS_OK, hp
from hyperopt.pyll.base import Apply, Literal, as_apply, scope

from autosearch.errors import SpaceError
from autosearch.interop.found import Finding
from autosearch.interop.values import about, plain
from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.parameters import Parameter, Scale
from autosearch.space.values import Value

Place = tuple[str, Value] | None


def to_hyperopt(space: Space) -> dict[str, Any]:
    """Return the space as hyperopt writes it: name → node, conditional ones inside their choice.

    An option with parameters of its own is {choice's name: value, parameter: node, …}. Listed
    numbers, and steps that do not start at a multiple of the step, become choices. Raises
    SpaceError for what hyperopt cannot express: constraints, combinations to skip, and conditions
    on anything but the value of one choice.
    """
    if space.constrained:
        raise SpaceError("hyperopt knows no constraints and no combinations to skip")
    children: dict[tuple[str, Value], list[str]] = {}
    for name, parameter in space.params.items():
        for place in _places(space, name, parameter):
            children.setdefault(place, []).append(name)
    nodes: dict[str, Any] = {}

    def node(name: str) -> Any:
        if name not in nodes:
            parameter = space.params[name]
            values = _options(parameter)
            nodes[name] = (
                _number(name, parameter)
                if values is None
                else hp.choice(name, [option(name, v) for v in values])
            )
        return nodes[name]

    def option(name: str, value: Value) -> Any:
        inside = children.get((name, value), [])
        return {name: value, **{child: node(child) for child in inside}} if inside else value

    return {name: node(name) for name, p in space.params.items() if p.when is None}


def from_hyperopt(expression: Any) -> Space:
    """Return the space of hyperopt's expression: nodes in dictionaries, lists and choices.

    The probabilities of `hp.pchoice` are left out. Raises SpaceError for distributions without
    bounds, and for nodes that are worked out from others.
    """
    found: dict[str, Parameter] = {}
    places: dict[str, list[Place]] = {}
    for label, parameter, place in _walk(as_apply(expression), None):
        if found.setdefault(label, parameter) != parameter:
            raise SpaceError(f"{label}: stands for two different parameters")
        places.setdefault(label, []).append(place)
    return Space({n: _conditioned(n, p, places[n]) for n, p in found.items()})


def of_hyperopt(trials: Any, space: Space, expression: Any = None) -> list[Finding]:
    """Return hyperopt's Trials as findings; only those with the status ok have a loss.

    expression: what hyperopt searched. hyperopt keeps a choice's index: it stands for the option at
    that place, without the expression for the value at that place in `space`. Trials that raised
    count as failed.
    """
    known = expression is not None
    theirs = from_hyperopt(expression) if known else space
    findings = []
    for doc in _docs(trials):
        result = doc["result"]
        loss = result.get("loss") if result.get("status") == STATUS_OK else None
        vals = {name: plain(v[0]) for name, v in doc["misc"]["vals"].items() if len(v)}
        for name in vals.keys() & theirs.params.keys():
            vals[name] = _drawn(theirs.params[name], vals[name], known=known)
        failed = result.get("status") == STATUS_FAIL or doc["state"] == JOB_STATE_ERROR
        findings.append(Finding(vals, () if loss is None else (float(loss),), failed))
    return findings


def _docs(trials: Any) -> list[Any]:
    """Return the documents of all trials by number, with those that raised, which Trials hide."""
    raised = [
        doc
        for doc in getattr(trials, "_dynamic_trials", ())
        if doc["state"] == JOB_STATE_ERROR and trials._exp_key in (None, doc["exp_key"])
    ]
    return sorted([*trials.trials, *raised], key=lambda doc: int(doc["tid"]))


def _drawn(parameter: Parameter, kept: Any, *, known: bool) -> Any:
    """Return what the program got of a parameter, by what hyperopt keeps.

    Only a whole number is an index: numbers are kept as floats. known: the parameter is theirs, so
    that a fraction is one that scope.int cut off.
    """
    options = _options(parameter)
    if options is not None and isinstance(kept, int):
        return options[kept] if 0 <= kept < len(options) else f"option {kept}"
    return math.trunc(kept) if known and isinstance(parameter, Int) else kept


def _places(space: Space, name: str, parameter: Parameter) -> list[tuple[str, Value]]:
    when = parameter.when
    if when is None:
        return []
    if not isinstance(when, Mapping) or len(when) != 1:
        raise SpaceError(f"{name}: when: hyperopt knows conditions on one choice's value only")
    [(parent, wanted)] = when.items()
    if _options(space.params[parent]) is None:
        raise SpaceError(f"{name}: when: hyperopt knows no conditions on the number {parent}")
    return [(parent, v) for v in (wanted if isinstance(wanted, list | tuple) else [wanted])]


def _options(parameter: Parameter) -> list[Value] | None:
    """Return the values of what becomes a choice, None for what becomes a distribution."""
    if isinstance(parameter, Choice | Bool) or parameter.values is not None:
        return list(parameter.values)
    if parameter.step is None or _is_multiple(parameter.low, parameter.step):
        return None
    count = parameter.count or 1
    return [parameter.from_unit((i + 0.5) / count) for i in range(count)]


def _is_multiple(value: float, step: float) -> bool:
    return math.isclose(value / step, round(value / step), rel_tol=0.0, abs_tol=1e-9)


def _number(name: str, parameter: Any) -> Any:
    low, high = parameter.low, parameter.high
    if isinstance(parameter, Int):
        if parameter.log:
            return scope.int(hp.qloguniform(name, *parameter.log_edges(), 1))
        return scope.int(hp.quniform(name, low, high, parameter.step or 1))
    if parameter.log:
        return hp.loguniform(name, math.log(low), math.log(high))
    if parameter.step is not None:
        return hp.quniform(name, low, high, parameter.step)
    return hp.uniform(name, low, high)


def _walk(node: Any, place: Place) -> Iterator[tuple[str, Parameter, Place]]:
    """Yield (label, parameter, the choice and value it stands under) of every parameter."""
    if isinstance(node, Literal):
        return
    if node.name in ("dict", "pos_args"):
        for child in node.inputs():
            yield from _walk(child, place)
    elif node.name == "switch":
        yield from _walk_choice(node, place)
    else:
        whole, inner = False, node
        while inner.name in ("int", "float"):
            whole, inner = whole or inner.name == "int", inner.pos_args[0]
        if inner.name != "hyperopt_param":
            raise SpaceError(f"{node.name}: only parameters can be converted, not what is computed")
        label, distribution = inner.pos_args[0].obj, inner.pos_args[1]
        with about(label):
            parameter = _distribution(distribution, whole)
        yield label, parameter, place


def _walk_choice(node: Apply, place: Place) -> Iterator[tuple[str, Parameter, Place]]:
    chosen, *options = node.pos_args
    if chosen.name != "hyperopt_param":
        raise SpaceError("switch: only hp.choice and hp.pchoice can be converted")
    label = chosen.pos_args[0].obj
    values = [_value(label, option) for option in options]
    if None in values or len({str(v) for v in values}) < len(values):
        values = [str(i) for i in range(len(options))]
    is_bool = [type(v) for v in values] == [bool, bool] and values == [False, True]
    with about(label):
        parameter = Bool() if is_bool else Choice(values)
    yield label, parameter, place
    for option, value in zip(options, values, strict=True):
        yield from _walk(option, (label, value))  # type: ignore[arg-type]


def _value(label: str, option: Any) -> Value | None:
    if isinstance(option, Literal):
        return _simple(option)
    if option.name != "dict":
        return None
    fixed = {k: _simple(v) for k, v in option.named_args if isinstance(v, Literal)}
    if label in fixed:
        return fixed[label]
    texts = [v for v in fixed.values() if isinstance(v, str)]
    return texts[0] if len(texts) == 1 else None


def _simple(literal: Literal) -> Value | None:
    value = plain(literal.obj)
    return value if isinstance(value, str | int | float) else None


def _distribution(node: Apply, whole: bool) -> Parameter:
    """Return the values that a node draws from; whole: cut to whole numbers by scope.int."""
    bounds = _bounds(node)
    try:
        found = _range(node.name, bounds, whole)
    except ArithmeticError:
        given = ", ".join(f"{name}={bound}" for name, bound in bounds.items())
        raise SpaceError(f"hp.{node.name} has no finite range here; found {given}") from None
    if found is None:
        raise SpaceError(
            f"hp.{node.name} cannot be converted, for want of bounds or equal steps; "
            f"write the range that you mean with hp.uniform, hp.loguniform or hp.quniform"
        )
    return found


def _bounds(node: Apply) -> dict[str, Any]:
    """Return the numbers that a distribution is given, by name; raises SpaceError for others."""
    bounds: dict[str, Any] = {}
    for name, bound in (*zip(("low", "high", "q"), node.pos_args, strict=False), *node.named_args):
        if not isinstance(bound, Literal):
            raise SpaceError(f"{name}: expected a number, not what is computed")
        value = plain(bound.obj)
        if value is None:
            continue
        if not isinstance(value, int | float) or not -math.inf < value < math.inf:
            raise SpaceError(f"{name}: expected a finite number, found {value!r}")
        if name == "q" and value <= 0:
            raise SpaceError(f"q: expected a number above 0, found {value}")
        bounds[name] = value
    return bounds


def _range(kind: str, bounds: dict[str, Any], whole: bool) -> Parameter | None:
    match kind, bounds:
        case "uniform", {"low": low, "high": high}:
            return _cut(low, high) if whole else Float(low, high)
        case "loguniform", {"low": low, "high": high}:
            first, last = _exp(low), _exp(high)
            return _cut(first, last, "log") if whole else Float(first, last, scale="log")
        case "quniform", {"low": low, "high": high, "q": step}:
            return _stepped(float(low), float(high), float(step), whole)
        case "qloguniform", {"low": low, "high": high, "q": 1 | 1.0}:
            first, last = math.exp(float(low)), math.exp(float(high))
            return Int(max(math.ceil(first - 1e-9), 1), math.floor(last + 1e-9), scale="log")
        case "randint", {"low": low, "high": high}:
            return Int(low, int(high) - 1)
        case "randint", {"low": high}:
            return Int(0, int(high) - 1)
    return None


def _cut(low: float, high: float, scale: Scale = "linear") -> Int:
    """Return the whole numbers that are left of those between the bounds without fractions."""
    first, last = math.nextafter(low, high), math.nextafter(high, low)
    return Int(math.trunc(first), math.trunc(last), scale=scale)


def _exp(value: Any) -> float:
    # As many digits as survive the way through the logarithm.
    return float(f"{math.exp(float(value)):.12g}")


def _stepped(low: float, high: float, step: float, whole: bool) -> Parameter:
    """Return the multiples of `step` that hyperopt's rounding reaches."""
    first, last = round(low / step) * step, round(high / step) * step
    if whole and not step.is_integer():
        raise SpaceError(f"q: expected a whole number under scope.int, found {step}")
    if whole:
        return Int(int(first), int(last), step=None if step == 1 else int(step))
    digits = 10 - math.floor(math.log10(step))
    return Float(round(first, digits), round(last, digits), step=step)


def _conditioned(name: str, parameter: Parameter, places: list[Place]) -> Parameter:
    if None in places:
        return parameter
    parents = {place[0] for place in places if place}
    if len(parents) > 1:
        raise SpaceError(f"{name}: stands under several choices: {', '.join(sorted(parents))}")
    # A choice that itself stands under several values is met once under each of them.
    values = list(dict.fromkeys(place[1] for place in places if place))
    return replace(parameter, when={parents.pop(): values[0] if len(values) == 1 else values})
