"""Which column of a table a number stands in."""

from collections.abc import Iterable
from typing import Final

import regex

from autosearch.metrics.numbers import Occurrence, numbers_in

# Tried in this order; the first that cuts header and row into equally many cells is taken.
_SEPARATORS: Final = tuple(
    map(regex.compile, (r"\s*[|│┃║]\s*", r"\s*\t\s*", r"\s*[,;]\s*", r"\s{2,}", r"\s+"))
)
_BLANKS: Final = _SEPARATORS[-1]
_LEAST_COLUMNS: Final = 2


def column_header(above: Iterable[str], row: str, number: Occurrence) -> str:
    """Return what a header among the lines above a row says of a number's column, "" if nothing."""
    for line in above:
        if numbers_in(line) or not any(map(str.isalpha, line)):
            continue
        for separator in _SEPARATORS:
            header = _cells(line, separator)
            for cells in (_cells(row, separator), _cells(row, _BLANKS)):
                if len(cells) == len(header) >= _LEAST_COLUMNS:
                    return _over(number, header, cells, line)
    return ""


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
