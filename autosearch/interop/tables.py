"""Results in tables: what `autosearch export` and `trials --json` write, and anybody's."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autosearch.errors import InputError
from autosearch.interop.found import Finding
from autosearch.spelling import did_you_mean
from autosearch.strategies.evidence import BLAMED
from autosearch.trial import VALUED

Row = Mapping[str, Any]
_PARAMS = "params."


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


def of_rows(rows: Sequence[Row], columns: Sequence[Column]) -> list[Finding]:
    """Return a table's rows as findings.

    columns: of each objective. Our own rows hold `params`, or columns params.X; in any other table
    every column but those of the values may be a parameter. Where there is a `state`, only ends
    that carry a value have one. Raises InputError where no column holds the values.
    """
    if not rows:
        return []
    own = "params" in rows[0] or any(str(name).startswith(_PARAMS) for name in rows[0])
    flat = [_flat(row) for row in rows]
    names = [_value_column(flat[0], column, own=own) for column in columns]
    findings = []
    for row in flat:
        values = [_number(row.get(name)) for name in names] if _counts(row) else [None]
        known = [value for value in values if value is not None]
        losses = tuple(c.sign * value for c, value in zip(columns, known, strict=False))
        if own:
            params = {k.removeprefix(_PARAMS): v for k, v in row.items() if k.startswith(_PARAMS)}
        else:
            params = {k: v for k, v in row.items() if k not in names}
        complete = len(known) == len(columns)
        failed = not complete and row.get("state") in BLAMED
        findings.append(Finding(params, losses if complete else (), failed))
    return findings


def _counts(row: Row) -> bool:
    """Return whether a row's value counts, as far as our own columns tell."""
    return row.get("state", "completed") in VALUED and str(row.get("feasible", "")) != "False"


def _flat(row: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            flat[str(name)] = value
    return flat


def _value_column(row: Row, column: Column, *, own: bool) -> str:
    if column.name is not None:
        wanted = [column.name, f"metrics.{column.name}"]
    else:
        wanted = [f"metrics.{column.metric}" if own else column.metric, "value"]
    for name in wanted:
        if name in row:
            return name
    names = [name for name in row if not name.startswith(_PARAMS)]
    raise InputError(
        f"there is no column {wanted[0]}{did_you_mean(wanted[0], names)}; there are "
        f"{', '.join(names)}. Name the one that holds the values: {{path: …, value: COLUMN}}"
    )


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
