"""The lines of a log in which a metric that was not found most likely stands."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import regex

from autosearch.metrics.generalise import regexes_for
from autosearch.metrics.labels import similarity
from autosearch.metrics.lines import shown_text
from autosearch.metrics.numbers import Occurrence, numbers_in
from autosearch.metrics.tables import column_header

_LINE_END = regex.compile(r"\r\n|[\r\n]")
_NUMBERS_OR_BLANKS = regex.compile(
    r"[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\b(?i:nan|inf)\b|\s+|(?<=[\s=:])-(?=[0-9])"
)
_MAX_LINE: Final = 2000
_MAX_SHAPES: Final = 5000
_LINES_ABOVE: Final = 3
_AFTER_IS_RARE: Final = 0.9  # a label stands before its number nine times of ten


@dataclass(frozen=True, slots=True)
class Likely:
    """A number that may be the metric. line_number counts from 1.

    regex: finds it and its like, "" where none was found. similarity: of the name and the words
    beside the number, from 0 to 1. lines: how many lines of this shape the log has.
    """

    line_number: int
    line: str
    value: float
    regex: str
    similarity: float
    lines: int


@dataclass(slots=True)
class Shape:
    """Lines that differ only in their numbers and blanks; the last of them stands for all.

    above: the lines before the first of them.
    """

    line_number: int
    line: str
    above: tuple[str, ...]
    lines: int = 1


def likely_lines(log: str | Iterable[str], metric: str, limit: int = 5) -> list[Likely]:
    """Return the likeliest lines for a metric, best first, each of another shape.

    >>> [best, *_] = likely_lines("epoch 1 acc 0.5\\nepoch 2 acc 0.75\\n", "accuracy")
    >>> best.line_number, best.value, best.regex
    (2, 0.75, '(?<!\\\\S)acc\\\\s+([-+.\\\\w]+)')
    """
    found = [_best_in(shape, metric) for shape in shapes(log)]
    return sorted(found, key=_rank, reverse=True)[:limit]


def split_lines(log: str) -> list[str]:
    """Return the lines of a log as a metric's rule sees them: a carriage return ends one too."""
    return _LINE_END.split(log)


def shapes(
    log: str | Iterable[str], keep: Callable[[str], bool] = lambda line: True
) -> list[Shape]:
    """Return the lines with a number, those of one shape taken together, in order of appearance.

    keep: only lines for which it holds are returned.
    """
    found: dict[str, Shape] = {}
    above: deque[str] = deque(maxlen=_LINES_ABOVE)
    for number, line in enumerate(split_lines(log) if isinstance(log, str) else log, 1):
        line = shown_text(line[:_MAX_LINE])
        if numbers_in(line) and keep(line):
            _collect(found, number, line, tuple(reversed(above)))
        if line.strip():
            above.append(line)
    return list(found.values())


def label_similarity(shape: Shape, number: Occurrence, metric: str) -> float:
    """Return how alike a metric's name and what names a number in a line are, from 0 to 1.

    What names it are the words before it, the words behind it, or the header of its column.
    """
    line, numbers = shape.line, numbers_in(shape.line)
    left = max((n.stop for n in numbers if n.stop <= number.start), default=0)
    right = min((n.start for n in numbers if n.start >= number.stop), default=len(line))
    behind = regex.split(r"[,;|)\]]", line[number.stop : right], maxsplit=1)[0]
    return max(
        similarity(metric, line[left : number.start]),
        _AFTER_IS_RARE * similarity(metric, behind),
        similarity(metric, column_header(shape.above, line, number)),
    )


def _collect(found: dict[str, Shape], number: int, line: str, above: tuple[str, ...]) -> None:
    key = _NUMBERS_OR_BLANKS.sub(" ", line)
    if (shape := found.get(key)) is not None:
        shape.line_number, shape.line, shape.lines = number, line, shape.lines + 1
    elif len(found) < _MAX_SHAPES:
        found[key] = Shape(number, line, above)


def _best_in(shape: Shape, metric: str) -> Likely:
    scored = [(label_similarity(shape, n, metric), n) for n in numbers_in(shape.line)]
    score, number = max(scored, key=lambda pair: pair[0])
    pattern = next(regexes_for(shape.line, number, metric), "") if score else ""
    return Likely(shape.line_number, shape.line, number.value, pattern, score, shape.lines)


def _rank(likely: Likely) -> tuple[float, float]:
    return likely.similarity, math.log(likely.lines) + likely.line_number * 1e-9
