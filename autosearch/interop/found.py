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
from autosearch.trial import History, Trial

# Results that are taken from one search: the better half of these, and others evenly spread over
# the rest. More would say little that is new, at a cost in every ask.
MOST_RESULTS = 500
# A point and its losses.
Result = tuple[Params, tuple[float, ...]]
SHOWN_VALUES = 60
SHOWN_NAMES = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One evaluation, as the other search knew it.

    params: name → value, perhaps as text; None and nan: not there. losses: one for each objective,
    smaller is better; none where there is no value that counts. failed: such params made the
    program fail. why: there is no value, where that needs to be said.
    """

    params: Mapping[str, Any]
    losses: tuple[float, ...]
    failed: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The findings that are points of a space.

    results: params and losses, none where the program failed. dropped: why → how many. filled:
    parameters that some lacked → the value that was taken. extra: what is not searched any more.
    """

    results: tuple[Result, ...]
    found: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, Value] = field(default_factory=dict)
    extra: tuple[str, ...] = ()

    def describe(self, mode: str) -> str:
        """Return what was taken and what was not, and why, on one line; mode: max or min."""
        losses = [losses for _, losses in self.results if losses]
        text = f"{len(losses)} of {formats.plural(self.found, 'result')} taken"
        if losses and len(losses[0]) > 1:
            text += f", {len(_front(self.results))} of them on the front"
        elif losses:
            best = min(losses)[0]
            text += f", the best {formats.number(-best if mode == 'max' else best)}"
        failed = len(self.results) - len(losses)
        parts = [text, f"{failed} that failed"] if failed else [text]
        if self.dropped:
            whys = list(self.dropped.items())
            counts = [f"{n} ({formats.clean(why)})" for why, n in whys[:SHOWN_NAMES]]
            rest = sum(n for _, n in whys[SHOWN_NAMES:])
            counts += [f"{rest} (for other reasons)"] if rest else []
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
        Finding(t.params, t.losses if t.feasible else (), t.state in BLAMED and not t.losses)
        for t in trials
    ]


def fit(findings: Sequence[Finding], space: Space) -> Fitted:
    """Return the findings that are points of `space`.

    What it does not search is left out. A parameter that a finding lacks has its default, or the
    middle of its range. Findings without finite losses that did not fail, with none of the point's
    parameters, with a value that the space does not hold, or with a combination that it does not
    allow are dropped.
    """
    dropped: Counter[str] = Counter()
    filled: dict[str, Value] = {}
    results: list[Result] = []
    for finding in findings:
        losses = finding.losses if all(map(math.isfinite, finding.losses)) else ()
        if not losses and not finding.failed:
            dropped[finding.why or "without a value"] += 1
            continue
        params, lacking, why = _point(finding.params, space)
        why = why or "; ".join(space.violations(params)[:1])
        if why:
            dropped[why] += 1
            continue
        filled |= {name: params[name] for name in lacking}
        results.append((params, tuple(map(float, losses))))
    names = dict.fromkeys(name for f in findings for name, v in f.params.items() if _given(v))
    extra = tuple(name for name in names if name.strip() and name not in space.params)
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
        if not _given(given.get(name)) and (empty_is_none or plain(given.get(name)) != ""):
            known[name] = _usual(parameter)
            lacking.append(name)
            continue
        value = value_in(parameter, given[name])
        if value is None:
            return {}, [], f"{name} is not one of {formats.cut(parameter.describe(), SHOWN_VALUES)}"
        known[name] = value
    if len(lacking) == len(known):
        return {}, [], "without any parameter of this search"
    return {name: known[name] for name in space.params if name in known}, lacking, ""


def _given(value: Any) -> bool:
    value = plain(value)
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
    except (TypeError, ValueError, OverflowError):
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


def _front(results: Sequence[Result]) -> set[int]:
    """Return the indices of the results that no other dominates."""
    trials = (Trial(n, p, state="completed", losses=ls) for n, (p, ls) in enumerate(results))
    return {t.number for t in History(tuple(trials)).front}


def _thinned(results: list[Result]) -> list[Result]:
    if len(results) <= MOST_RESULTS:
        return results
    front = _front(results)

    def rank(index: int) -> tuple[bool, bool, tuple[float, ...]]:
        losses = results[index][1]
        return not losses, index not in front, losses

    order = sorted(range(len(results)), key=rank)
    half = MOST_RESULTS // 2
    rest = order[half:]
    spread = [rest[i * len(rest) // half] for i in range(half)]
    return [results[i] for i in sorted([*order[:half], *spread])]
