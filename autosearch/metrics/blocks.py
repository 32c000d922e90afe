"""Whole lines of a log, and the fast way to those of them that may hold a match."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from typing import AnyStr, Final

import regex

from autosearch.metrics.lines import decode, shown
from autosearch.metrics.literals import Literals

Span = tuple[int, int]

# Of the some 10,000 lines of a block. Where more match, it is faster to look at each line.
_MAX_SCANNED: Final = 500


class Block:
    """Complete lines, each with its end (`\\n` or `\\r`), a few MiB at most.

    One search over the whole block finds the candidates; only they are cut out and decoded.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data

    def candidates(self, literals: Literals | None) -> Iterable[Span]:
        """Return the lines that may match, in order, as (start, stop) without their end."""
        if literals is None:
            return self._all()
        data = self._folded if literals.folded else self._shown
        found = [_lines_with(data, text) for text in literals.texts]
        spans = found[0] if len(found) == 1 else sorted({span for each in found for span in each})
        return spans if self._shown is self._lines else self._unshown(spans, self._shown)

    def scanned(self, pattern: regex.Pattern[str], timeout_s: float) -> Iterable[Span] | None:
        """Return the lines in which a pattern begins a match; None where that takes too long.

        timeout_s: of the search for each of the lines. Too many lines are too long, too.
        """
        starts: list[Span] = []
        text, at = self._text, 0
        try:
            while (found := pattern.search(text, at, timeout=timeout_s)) is not None:
                if found.start() == len(text):
                    break
                if len(starts) == _MAX_SCANNED:
                    return None
                at = text.find("\n", found.start()) + 1
                starts.append((found.start(), at))
        except (TimeoutError, MemoryError):
            return None
        return self._unshown(starts, text)

    @cached_property
    def _lines(self) -> bytes:
        return self.data.replace(b"\r", b"\n") if b"\r" in self.data else self.data

    @cached_property
    def _shown(self) -> bytes:
        """The same lines, of other lengths where some bytes are not shown."""
        return shown(self._lines)

    @cached_property
    def _folded(self) -> bytes:
        return self._shown.lower()

    @cached_property
    def _text(self) -> str:
        return decode(self._shown)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self._lines.split(b"\n"))]

    def _all(self) -> Iterator[Span]:
        for start, following in zip(self._starts, self._starts[1:], strict=False):
            if following - start > 1:
                yield start, following - 1

    def _unshown(self, spans: Iterable[Span], shown_lines: AnyStr) -> Iterator[Span]:
        """Yield where in `data` the lines are that stand at `spans` in the shown lines."""
        line = last = 0
        end = b"\n" if isinstance(shown_lines, bytes) else "\n"
        for start, _ in spans:
            line += shown_lines.count(end, last, start)
            last = start
            yield self._starts[line], self._starts[line + 1] - 1


def may_match(raw: bytes, literals: Literals | None) -> bool:
    """Return whether one line can hold a match."""
    if literals is None:
        return True
    line = shown(raw).lower() if literals.folded else shown(raw)
    return any(text in line for text in literals.texts)


def _lines_with(data: bytes, text: bytes) -> Iterator[Span]:
    stop = -1
    while (at := data.find(text, stop + 1)) >= 0:
        start = data.rfind(b"\n", stop + 1, at) + 1 or stop + 1
        stop = data.find(b"\n", at)
        yield start, stop
