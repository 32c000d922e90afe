"""Which column of a table a number stands in."""

from collections.abc import Iterable, Sequence
from typing import Final

import regex

from autosearch.metrics.numbers import Occurrence

# Tried in this order; the first that cuts header and row into equally many cells is taken.
_SEPARATORS: Final = tuple(
    map(regex.compile, (r"\s*[|│┃║]\s*", r"\s*\t\s*", r"\s*[,;]\s*", r"\s{2,}", r"\s+"))
)
_BLANKS: Final = _SEPARATORS[-1]
_LEAST_COLUMNS: Final = 2


def column_headers(above: Iterable[str], row: str, numbers: Sequence[Occurrence]) -> list[str]:
    """Return what a header among the lines above a row says of each number's column, "" if nothing.

    above: the nearest line first.
    """
    for line in above:
        header, cells = _columns(line, row)
        if header:
            return [_over(number, header, cells, line) for number in numbers]
    return [""] * len(numbers)


def _columns(line: str, row: str) -> tuple[list[range], list[range]]:
    """Return the cells of a header and of a row, as many of each; none where it is no header."""
    if any(map(str.isalpha, line)):
        for separator in _SEPARATORS:
            header = _cells(line, separator)
            for cells in (_cells(row, separator), _cells(row, _BLANKS)):
                if len(cells) == len(header) >= _LEAST_COLUMNS:
                    return header, cells
    return [], []


def _over(number: Occurrence, header: list[range], cells: list[range], line: str) -> str:
    index = next((i for i, cell in enumerate(cells) if number.start in cell), None)
    return "" if index is None else line[header[index].start : header[index].stop]


def _cells(line: str, separator: regex.Pattern[str]) -> list[range]:
    """Return where the cells of a line are, empty ones at its ends left out."""
    cells: list[range] = []
    start = 0
    for cut in separator.finditer(line):
        cells.append(range(start, cut.start()))
        start = cut.end()
    cells.append(range(start, len(line)))
    while cells and not line[cells[0].start : cells[0].stop].strip():
        del cells[0]
    while cells and not line[cells[-1].start : cells[-1].stop].strip():
        del cells[-1]
    return cells
