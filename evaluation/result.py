"""What `analyse` returns: a mapping over the document, with tables, suggestions and a gate."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.errors import InputError
from evaluation.findings import Findings
from evaluation.outputs.document import build_document
from evaluation.outputs.tables import TABLES, Table
from evaluation.suggestions import suggest
from evaluation.suggestions.model import Suggestion

if TYPE_CHECKING:
    import pandas

CONDITION = re.compile(r"^\s*([A-Za-z0-9_.]+)\s*(>=|<=|>|<)\s*([-+0-9.eE]+)\s*(%?)\s*$")
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class Result(Mapping[str, Any]):
    """The outcome of an analysis; as a mapping it is the content of evaluation.json.

    >>> from evaluation import analyse
    >>> result = analyse("image_classification", [[0.9, 0.1], [0.2, 0.8]], [0, 1])
    >>> result["overall"]["accuracy"]["value"]
    1.0
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.suggestions: list[Suggestion] = suggest(findings)

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the content of evaluation.json."""
        return build_document(self.findings, self.suggestions)

    @property
    def timing(self) -> dict[str, float]:
        """Return the wall seconds of each part; kept out of the document, which is reproducible."""
        return dict(self.findings.timing)

    def __getitem__(self, key: str) -> Any:
        """Return a part of the document."""
        return self.document[key]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the document's parts."""
        return iter(self.document)

    def __len__(self) -> int:
        """Return the number of the document's parts."""
        return len(self.document)

    def table(self, name: str) -> Table:
        """Return a table: per_sample, per_class, confusion, sensitivity, slices, …"""
        if name not in TABLES:
            raise InputError(f"there is no table {name!r}; choose one of: {', '.join(TABLES)}")
        return TABLES[name](self.findings, self.suggestions)

    def to_pandas(self, name: str) -> "pandas.DataFrame":
        """Return a table as a DataFrame."""
        import pandas

        table = self.table(name)
        return pandas.DataFrame(list(table.rows), columns=table.header)

    def passed(self, *conditions: str, certain: bool = False) -> bool:
        """Return whether all conditions hold, e.g. "accuracy >= 0.9", "ece <= 5 %", "baseline".

        "baseline" holds unless accuracy is worse than the baseline's beyond chance. certain: judge
        the end of the interval that speaks against the condition instead of the value.
        """
        return not self.failures(conditions, certain=certain)

    def failures(self, conditions: Sequence[str], *, certain: bool = False) -> list[str]:
        """Return the conditions that do not hold, each with what was found."""
        return [
            reason
            for condition in conditions
            if (reason := self._failure(condition, certain)) is not None
        ]

    def _failure(self, condition: str, certain: bool) -> str | None:
        if condition.strip() == "baseline":
            if self.findings.comparison is None:
                raise InputError("the condition 'baseline' needs baseline=")
            change = self.findings.comparison.accuracy
            worse = self.findings.comparison.worse
            return f"baseline: accuracy changed by {change.value:+.4f}" if worse else None
        match = CONDITION.match(condition)
        if match is None:
            raise InputError(
                f"condition {condition!r} cannot be read; write 'accuracy >= 0.9' or 'baseline'"
            )
        name, sign, text, unit = match.groups()
        figures = self.findings.overall
        if name not in figures:
            raise InputError(f"there is no figure {name!r}; choose one of: {', '.join(figures)}")
        estimate = figures[name]
        limit = float(text) / (100 if unit else 1)
        bound = estimate.low if sign in (">", ">=") else estimate.high
        value = bound if certain else estimate.value
        if value is None:
            return f"{condition}: {name} is undefined ({estimate.reason})"
        return None if COMPARE[sign](value, limit) else f"{condition}: found {value:.6g}"

    def save(self, folder: str | Path) -> list[Path]:
        """Write the outputs named in `report` and return their paths."""
        from evaluation.outputs import write

        return write(self, Path(folder))

    def __repr__(self) -> str:
        """Return one line with the most important figures."""
        accuracy = self.findings.overall["accuracy"]
        return (
            f"<Result: {len(self.findings.predictions)} samples, {self.findings.predictions.k} "
            f"classes, accuracy {accuracy.value:.4f} [{accuracy.low:.4f}, {accuracy.high:.4f}], "
            f"{len(self.suggestions)} suggestions>"
        )

    def _repr_html_(self) -> str:
        """Return the summary and the ranked actions, for notebooks."""
        from evaluation.outputs.html import summary_fragment

        return summary_fragment(self.findings, self.suggestions)
