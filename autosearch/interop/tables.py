"""Results in tables: what `autosearch export` and `trials --json` write, and anybody's."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autosearch.confirmation import folded
from autosearch.errors import InputError
from autosearch.interop.found import Finding, of_trials
from autosearch.interop.values import plain
from autosearch.spelling import did_you_mean
from autosearch.strategies.evidence import BLAMED
from autosearch.trial import CONFIRM, STATES, VALUED, History, Trial

Row = Mapping[str, Any]
# What the names of parameters begin with: in our tables, and in Optuna's and Ray Tune's.
_OURS, _OPTUNAS, _RAYS = "params.", "params_", "config/"
# Columns of Optuna's own, which are no parameters where others begin like that.
_NO_PARAMETERS = {"number", "value", "state", "duration", "datetime_start", "datetime_complete"}
# What tools call a trial's state: one with a value that counts, one that failed, and any other.
_COMPLETE = VALUED | {"complete", "done", "finished", "ok", "success", "succeeded"}
_FAILED = BLAMED | {"fail", "error", "errored", "crashed"}
_KNOWN = _COMPLETE | _FAILED | {*STATES, "pruned", "waiting", "queued", "canceled", "cancelled"}


@dataclass(frozen=True, slots=True)
class Column:
    """Where a table's values are.

    metric: the search's own. name: the column, None for that of the metric, or `value`. mode: max
    where larger values are better, else min.
    """

    metric: str
    mode: str
    name: str | None = None

    @property
    def sign(self) -> float:
        """What makes a loss of a value."""
        return -1.0 if self.mode == "max" else 1.0


def of_rows(
    rows: Sequence[Row], columns: Sequence[Column], searched: Collection[str] = ()
) -> list[Finding]:
    """Return a table's rows as findings.

    columns: of each objective. searched: the parameters' names here. Our own rows hold `params`, or
    columns params.X, Optuna's data frames params_X and Ray Tune's config/X; in any other table
    every column but those of the values may be a parameter. Where there is a `state` or `status`,
    only ends that carry a value have one. What our own rows confirm counts once. Raises InputError
    where no column holds the values.
    """
    if not rows:
        return []
    flat = [_flat(row) for row in rows]
    names = dict.fromkeys(name for row in flat for name in row)
    own = "params" in rows[0] or any(name.startswith(_OURS) for name in names)
    prefix = _OURS if own else _theirs(names, searched)
    losses = {_value_column(names, c, prefix, i): c.sign for i, c in enumerate(columns)}
    state = _state_column(names, {*losses, *(() if prefix else searched)})
    table = _Table(prefix, losses, state)
    findings = [table.finding(row) for row in flat]
    return _folded(flat, findings) if own else findings


@dataclass(frozen=True, slots=True)
class _Table:
    """What the columns of a table mean.

    prefix: what the names of parameters begin with, "" where any column may be one. signs: the
    columns with values → what makes losses of them. state: the column with trials' states, if any.
    """

    prefix: str
    signs: Mapping[str, float]
    state: str | None

    def finding(self, row: Row) -> Finding:
        """Return what a row tells."""
        state = _state(row.get(self.state)) if self.state else "completed"
        # Of a configuration that is run again only its first run tells whether it breaks a bound.
        first = row.get("origin") != CONFIRM or _number(row.get("repeat_of")) is None
        broken = self.prefix == _OURS and first and str(row.get("feasible", "")) == "False"
        losses = self._losses(row) if state in _COMPLETE and not broken else ()
        failed = state in _FAILED and not losses and not broken
        why = "" if state in _KNOWN else f"the state {state!r} is not understood"
        return Finding(self._params(row), losses, failed, why)

    def _params(self, row: Row) -> dict[str, Any]:
        if self.prefix:
            named = (name for name in row if name.startswith(self.prefix))
            return {name.removeprefix(self.prefix): row[name] for name in named}
        return {k: v for k, v in row.items() if k not in self.signs and k != self.state}

    def _losses(self, row: Row) -> tuple[float, ...]:
        """Return a loss for each objective; none where one has no value."""
        values = [(sign, _number(row.get(name))) for name, sign in self.signs.items()]
        known = [sign * value for sign, value in values if value is not None]
        return tuple(known) if len(known) == len(values) else ()


def _folded(rows: Sequence[Row], findings: list[Finding]) -> list[Finding]:
    """Return our rows' findings as `folded` has a study's, where some are of confirming runs.

    The first run of a configuration is found by its number and its params: a table may hold several
    studies. Where it is not in the table, the first confirming run stands for it.
    """
    confirms = [row.get("origin") == CONFIRM for row in rows]
    if not any(confirms):
        return findings
    first: dict[tuple[float | None, str], int] = {}
    trials = []
    for index in sorted(range(len(rows)), key=confirms.__getitem__):
        row, finding = rows[index], findings[index]
        number, repeated = _number(row.get("number")), _number(row.get("repeat_of"))
        if confirms[index] and None not in (number, repeated):
            number = repeated
        root = first.setdefault((number, repr(sorted(finding.params.items()))), index)
        trials.append(
            Trial(
                index,
                finding.params,
                origin=CONFIRM if confirms[index] else "",
                repeat_of=None if root == index else root,
                state="failed" if finding.failed else "completed",
                losses=finding.losses,
            )
        )
    return of_trials(folded(History(tuple(trials))).trials)


def distinct(names: Iterable[Any]) -> None:
    """Raise InputError where one of the names, which are not empty, stands twice."""
    twice = [str(name) for name, count in Counter(names).items() if count > 1 and name != ""]
    if twice:
        raise InputError(f"the name {', '.join(twice)} stands twice; expected different names")


def _theirs(names: Collection[str], searched: Collection[str]) -> str:
    """Return what other tools' parameters begin with, if so more of the searched are found."""
    bare = sum(name in names and name not in _NO_PARAMETERS for name in searched)
    counts = {p: sum(p + name in names for name in searched) for p in (_OPTUNAS, _RAYS)}
    return next((prefix for prefix, count in counts.items() if count > bare), "")


def _state_column(names: Collection[str], others: Collection[str]) -> str | None:
    """Return the column with trials' states, which is none of the others; None without one."""
    free = [name for name in names if name not in others]
    words = ("state", "status")
    return next((n for word in words for n in free if n.lower() == word), None)


def _state(value: Any) -> str:
    """Return a state as we spell it; a row that has none is a finished trial's."""
    if value is None or value != value or value == "":
        return "completed"
    word = str(value).strip().lower().removeprefix("trialstate.")
    return word.replace(" ", "_").replace("-", "_")


def _flat(row: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{key}": plain(inner) for key, inner in value.items()}
        else:
            flat[str(name)] = plain(value)
    return flat


def _value_column(names: Collection[str], column: Column, prefix: str, index: int) -> str:
    if prefix == _OPTUNAS and column.name in (None, column.metric):
        named = [f"value_{column.metric}", f"values_{column.metric}"]
        wanted = ["value", *named, f"values_{index}"]
    elif column.name is not None:
        wanted = [column.name, f"metrics.{column.name}"]
    else:
        wanted = [f"metrics.{column.metric}" if prefix == _OURS else column.metric, "value"]
    for name in wanted:
        if name in names:
            return name
    others = [name for name in names if not (prefix and name.startswith(prefix))]
    raise InputError(
        f"there is no column {wanted[0]}{did_you_mean(wanted[0], others)}; there are "
        f"{', '.join(others)}. Name the one that holds the values: {{path: …, value: COLUMN}}"
    )


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
