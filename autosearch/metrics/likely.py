"""The lines of a log in which a metric that was not found most likely stands."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import regex

from autosearch.metrics.generalise import regexes_for
from autosearch.metrics.labels import similarity
from autosearch.metrics.lines import shown_text
from autosearch.metrics.numbers import Occurrence, numbers_in, same
from autosearch.metrics.tables import column_headers

# Not the digits of a name: top1 and top5 are lines of different shapes.
_NUMBERS = re.compile(r"(?<![\w@])[0-9][0-9.]*(?:e[-+]?[0-9]+)?")
# A header has words, and no number that stands alone.
_WORDS_ALONE = regex.compile(r"^(?!.*(?<![\w.\-@])[0-9.]+(?![\w.\-]))(?=.*[^\W\d_])")
_PHRASE_END = regex.compile(r"[,;|)\]]")
_MAX_LINE: Final = 5000
_MAX_SHAPES: Final = 2000
_LINES_ABOVE: Final = 3
_AFTER_IS_RARE: Final = 0.9  # a label stands before its number nine times of ten


@dataclass(frozen=True, slots=True)
class Likely:
    """A number that may be the metric, and the line in which it stands, numbered from 1.

    regex: finds it and its like, "" where none can. similarity: of the name and the words beside
    the number, from 0 to 1. lines: how many lines of this shape the log has.
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
    found = [(*_best_in(shape, metric), shape) for shape in shapes(log)]
    found.sort(key=_rank, reverse=True)
    return [
        Likely(
            shape.line_number,
            shape.line,
            number.value,
            next(regexes_for(shape.line, number, metric), ""),
            alike,
            shape.lines,
        )
        for alike, number, shape in found[:limit]
    ]


def numbered_lines(log: str | Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines of a log with their numbers, as an editor counts them from 1.

    A carriage return ends a line too, but does not count.
    """
    for number, line in enumerate(log.split("\n") if isinstance(log, str) else log, 1):
        for part in line.split("\r"):
            yield number, part


def shapes(log: str | Iterable[str]) -> list[Shape]:
    """Return the lines with a number, those of one shape taken together, in order of appearance.

    Of very many shapes only the first are returned.
    """
    found: dict[str, Shape] = {}
    for number, line, above in _lines_below(log):
        key = _NUMBERS.sub("0", " ".join(line.split()))
        if (shape := found.get(key)) is not None:
            shape.line_number, shape.line, shape.lines = number, line, shape.lines + 1
        elif len(found) < _MAX_SHAPES and numbers_in(line):
            found[key] = Shape(number, line, above)
    return list(found.values())


def lines_holding(log: str | Iterable[str], value: float) -> list[Shape]:
    """Return the lines that hold a number, each as a shape of its own; of very many the first."""
    holding = (
        Shape(number, line, above)
        for number, line, above in _lines_below(log)
        if any(same(each.value, value) for each in numbers_in(line))
    )
    return list(islice(holding, _MAX_SHAPES))


def _lines_below(log: str | Iterable[str]) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield each line with its number and the lines above it that may be a table's header."""
    above: deque[str] = deque(maxlen=_LINES_ABOVE)
    for number, raw in numbered_lines(log):
        line = shown_text(raw[:_MAX_LINE])
        yield number, line, tuple(above)
        if _WORDS_ALONE.search(line):
            above.appendleft(line)


def named_numbers(shape: Shape, metric: str) -> list[tuple[float, Occurrence]]:
    """Return each number of a line with the likeness, 0 to 1, of the metric's name and its label.

    Its label is the words before it, the words behind it, or the header of its column.
    """
    line, numbers = shape.line, numbers_in(shape.line)
    headers = column_headers(shape.above, line, numbers)
    starts = [0, *(number.stop for number in numbers)]
    stops = [*(number.start for number in numbers), len(line)]
    named = []
    for i, (number, header) in enumerate(zip(numbers, headers, strict=True)):
        behind = _PHRASE_END.split(line[number.stop : stops[i + 1]], maxsplit=1)[0]
        alike = max(
            similarity(metric, line[starts[i] : number.start]),
            _AFTER_IS_RARE * similarity(metric, behind),
            similarity(metric, header),
        )
        named.append((alike, number))
    return named


def _best_in(shape: Shape, metric: str) -> tuple[float, Occurrence]:
    """Return the likeliest number of a line: of equals, the last that is not whole."""
    return max(
        named_numbers(shape, metric),
        key=lambda pair: (pair[0], not pair[1].value.is_integer(), pair[1].start),
    )


def _rank(found: tuple[float, Occurrence, Shape]) -> tuple[float, int, int]:
    alike, _, shape = found
    return alike, shape.lines, shape.line_number
