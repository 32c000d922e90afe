"""What other searches found, fitted into a space that may differ from theirs."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autosearch import formats
from autosearch.interop.values import plain
from autosearch.space import Bool, Choice, Int, Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Params, Value
from autosearch.strategies.evidence import BLAMED
from autosearch.trial import Trial

# Results that are taken from one search: the better half of these, and others evenly spread over
# the rest. More would say little that is new, at a cost in every ask.
MOST_RESULTS = 500
SHOWN_VALUES = 60
SHOWN_NAMES = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One evaluation, as the other search knew it.

    params: name → value, perhaps as text; None and nan: not there. loss: smaller is better, None
    where there is no value that counts. failed: such params made the program fail.
    """

    params: Mapping[str, Any]
    loss: float | None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Fitted:
    """The findings that are points of a space.

    results: params and losses, None where the program failed. dropped: why → how many. filled:
    parameters that some lacked → the value that was taken. extra: what is not searched any more.
    """

    results: tuple[tuple[Params, float | None], ...]
    found: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, Value] = field(default_factory=dict)
    extra: tuple[str, ...] = ()

    def describe(self, mode: str) -> str:
        """Return what was taken and what was not, and why, on one line; mode: max or min."""
        losses = [loss for _, loss in self.results if loss is not None]
        text = f"{len(losses)} of {formats.plural(self.found, 'result')} taken"
        if losses:
            best = min(losses)
            text += f", the best {formats.number(-best if mode == 'max' else best)}"
        failed = len(self.results) - len(losses)
        parts = [text, f"{failed} that failed"] if failed else [text]
        if self.dropped:
            counts = (f"{n} ({formats.clean(why)})" for why, n in self.dropped.items())
            parts.append(f"dropped: {', '.join(counts)}")
        if self.filled:
            parts.append(f"where they lack it, {formats.params(self.filled)}")
        if self.extra:
            names = ", ".join(map(formats.clean, self.extra[:SHOWN_NAMES]))
            parts.append(f"not searched here: {names}{', …' * (len(self.extra) > SHOWN_NAMES)}")
        return "; ".join(parts)


def of_trials(trials: Sequence[Trial]) -> list[Finding]:
    """Return our own trials as findings; one that breaks an outcome constraint has no value."""
    return [
        Finding(t.params, t.loss if t.feasible else None, t.state in BLAMED and not t.losses)
        for t in trials
    ]


def fit(findings: Sequence[Finding], space: Space) -> Fitted:
    """Return the findings that are points of `space`.

    What it does not search is left out. A parameter that a finding lacks has its default, or the
    middle of its range. Findings that have no finite loss and did not fail, with a value that the
    space does not hold, or with a combination that it does not allow are dropped.
    """
    dropped: Counter[str] = Counter()
    filled: dict[str, Value] = {}
    results: list[tuple[Params, float | None]] = []
    for finding in findings:
        loss = finding.loss if finding.loss is not None and math.isfinite(finding.loss) else None
        if loss is None and not finding.failed:
            dropped["without a value"] += 1
            continue
        params, lacking, why = _point(finding.params, space)
        why = why or "; ".join(space.violations(params)[:1])
        if why:
            dropped[why] += 1
            continue
        filled |= {name: params[name] for name in lacking}
        results.append((params, None if loss is None else float(loss)))
    names = dict.fromkeys(name for f in findings for name, v in f.params.items() if _given(v))
    extra = tuple(name for name in names if name not in space.params)
    kept = _thinned(results)
    if len(kept) < len(results):
        dropped["more than are of use"] = len(results) - len(kept)
    return Fitted(tuple(kept), len(findings), dropped, filled, extra)


def _point(given: Mapping[str, Any], space: Space) -> tuple[dict[str, Value], list[str], str]:
    """Return (the point, the parameters that were filled in, why there is no such point or "")."""
    known: dict[str, Value] = {}
    lacking: list[str] = []
    for name in space.order:
        if name not in space.active(known):
            continue
        parameter = space.params[name]
        # An empty cell of a table is no value, unless the empty text is one.
        empty_is_none = "" not in (parameter.values or ())
        if not _given(given.get(name)) and (empty_is_none or given.get(name) != ""):
            known[name] = _usual(parameter)
            lacking.append(name)
            continue
        value = value_in(parameter, given[name])
        if value is None:
            return {}, [], f"{name} is not one of {formats.cut(parameter.describe(), SHOWN_VALUES)}"
        known[name] = value
    return {name: known[name] for name in space.params if name in known}, lacking, ""


def _given(value: Any) -> bool:
    return value is not None and value == value and value != ""


def _usual(parameter: Parameter) -> Value:
    default: Value | None = parameter.default
    return parameter.from_unit(0.5) if default is None else default


def value_in(parameter: Parameter, raw: Any) -> Value | None:
    """Return `raw`, a value or its text, as a value of the parameter; None where it is none.

    >>> value_in(Int(1, 8), "3"), value_in(Choice(["a", 32]), 32.0), value_in(Int(1, 8), 9)
    (3, 32, None)
    """
    value = plain(raw)
    if isinstance(parameter, Choice | Bool):
        alike = (v for v in parameter.values if type(v) is type(value) and v == value)
        by_text = (v for v in parameter.values if _text(v) == _text(value))
        return next(alike, next(by_text, None))
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    if not math.isfinite(number) or isinstance(value, bool):
        return None
    if isinstance(parameter, Int):
        whole = int(number)
        return whole if whole == number and parameter.contains(whole) else None
    near = parameter.from_unit(parameter.to_unit(number)) if parameter.count else number
    # 0.30000000000000004 stands for the 0.3 of a step or a list.
    value = near if math.isclose(near, number, rel_tol=1e-9, abs_tol=1e-12) else number
    return value if parameter.contains(value) else None


def _text(value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    return text.lower() if text.lower() in ("true", "false") else text


def _thinned(results: list[tuple[Params, float | None]]) -> list[tuple[Params, float | None]]:
    if len(results) <= MOST_RESULTS:
        return results
    losses = [math.inf if loss is None else loss for _, loss in results]
    order = sorted(range(len(results)), key=losses.__getitem__)
    half = MOST_RESULTS // 2
    rest = order[half:]
    spread = [rest[i * len(rest) // half] for i in range(half)]
    return [results[i] for i in sorted([*order[:half], *spread])]
