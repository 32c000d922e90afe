"""A regex for a metric, made from a log in which it stands."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import regex

from autosearch.metrics.extractor import Extractor
from autosearch.metrics.generalise import regexes_for
from autosearch.metrics.likely import lines_holding, named_numbers, shapes
from autosearch.metrics.numbers import Occurrence, parse_number, same
from autosearch.metrics.patterns import built_in_regex
from autosearch.metrics.rules import Rule

# Below this likeness of name and label, and without a value, a guess would more often be wrong.
_ALIKE_ENOUGH: Final = 0.72
_EXACT_NAME: Final = 2.0  # the built-in pattern finds it: the name itself stands there
_OFTEN: Final = 0.02  # a line that is printed again and again is likelier than one printed once
_MOST_TRIED: Final = 20


@dataclass(frozen=True, slots=True)
class _Candidate:
    line: str
    number: Occurrence
    score: float


def suggest_regex(name: str, log_text: str, value: float | str | None = None) -> str | None:
    """Return a regex that reads the metric `name` from a log, None where no line is likely.

    value: one that the metric has in this log, as a number or as printed; then the regex is sure to
    read it, and the line needs not name the metric. The regex's only group holds the number; it was
    tried on the whole log.

    >>> log = "epoch 1 - loss: 0.61 - val_loss: 0.7\\nepoch 2 - loss: 0.52 - val_loss: 0.6\\n"
    >>> suggest_regex("val_loss", log)
    '(?<!\\\\S)val_loss:\\\\s+([-+.\\\\w]+)'
    """
    wanted = parse_number(str(value)) if value is not None else None
    if value is not None and wanted is None:
        return None
    data = log_text.encode("utf-8", "surrogatepass")
    candidates = sorted(_candidates(name, log_text, wanted), key=_score, reverse=True)
    for candidate in candidates[:_MOST_TRIED]:
        for pattern in regexes_for(candidate.line, candidate.number, name):
            if _reads(pattern, name, data, candidate.number.value):
                return pattern
    return None


def _score(candidate: _Candidate) -> float:
    return candidate.score


def _candidates(name: str, log_text: str, wanted: float | None) -> Iterator[_Candidate]:
    """Yield the numbers that may be the metric."""
    built_in = regex.compile(built_in_regex(name))
    for shape in shapes(log_text) if wanted is None else lines_holding(log_text, wanted):
        named = [match.span("value") for match in built_in.finditer(shape.line)]
        for alike, number in named_numbers(shape, name):
            if wanted is not None and not same(number.value, wanted):
                continue
            if any(start <= number.start < stop for start, stop in named):
                alike = _EXACT_NAME
            if alike >= _ALIKE_ENOUGH or wanted is not None:
                yield _Candidate(shape.line, number, alike + _OFTEN * math.log(shape.lines))


def _reads(pattern: str, name: str, data: bytes, value: float) -> bool:
    extractor = Extractor([Rule(name, pattern)])
    return any(same(hit.value, value) for hit in extractor.feed(data) + extractor.finish())
