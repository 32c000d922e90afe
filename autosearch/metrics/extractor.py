"""Reads metric values out of a growing log, whatever it holds: never raises on data, never blocks.

A line ends at `\\n` or `\\r`, so that a progress bar is many lines; a pattern is searched in one
line at a time. A line over a MiB is searched in windows that overlap by a few KiB, so that memory
is bounded.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import Final, NamedTuple

from autosearch.metrics.blocks import Block, may_match
from autosearch.metrics.lines import decode, raw_offsets, shown
from autosearch.metrics.matcher import Matcher, as_step, step_matcher, value_matcher
from autosearch.metrics.rules import Rule

WINDOW: Final = 1 << 20
"""Bytes: a longer line is searched piece by piece."""
_CONTEXT: Final = 4096  # on either side of the part of a window in which matches may begin
_STRIDE: Final = WINDOW - 2 * _CONTEXT
_PATIENCE: Final = 10  # blocks that are scanned in vain, before each line is looked at instead
MAX_STRIKES: Final = 3
"""A pattern that reaches the time limit this often is not searched any more."""


class Hit(NamedTuple):
    """A value read from a log; step as in `Measurement`, offset: bytes before its match."""

    metric: str
    value: float
    step: int
    offset: int


class Extractor:
    """Reads the values of some rules from one log, fed in pieces of any size.

    offset: where in the log the first fed byte stands. counts, steps: how many values of each
    metric are known from before it, and the last step seen. timeout_s: CPU seconds that one search
    of one pattern in one line (or window) may take. The result does not depend on how the log is
    cut into pieces.

    >>> extractor = Extractor([Rule("acc")])
    >>> extractor.feed(b"epoch 1 acc: 0.5\\nepoch 2 a")
    [Hit(metric='acc', value=0.5, step=1, offset=8)]
    >>> extractor.feed(b"cc: 0.75\\n")
    [Hit(metric='acc', value=0.75, step=2, offset=25)]
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        timeout_s: float = 0.25,
        offset: int = 0,
        counts: Mapping[str, int] = MappingProxyType({}),
        steps: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._counts = Counter(counts)
        self._readers = [
            _Reader(rule, timeout_s, self._counts, steps.get(rule.metric)) for rule in rules
        ]
        self._tail = bytearray()
        self._tail_offset = offset
        self._in_long_line = False

    @property
    def read_to(self) -> int:
        """The offset up to which everything is searched; another extractor may go on from there."""
        return self._tail_offset + (_CONTEXT if self._in_long_line else 0)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many values of each metric were read, those known from before included."""
        return dict(self._counts)

    @property
    def steps(self) -> Mapping[str, int]:
        """The last step seen by each metric's step rule."""
        return {r.rule.metric: r.step for r in self._readers if r.step is not None}

    @property
    def suspended(self) -> Mapping[str, str]:
        """The metrics with a pattern that is not searched any more, and why."""
        return {r.rule.metric: r.suspended for r in self._readers if r.suspended}

    def feed(self, chunk: bytes) -> list[Hit]:
        """Return the values in the lines that are complete with this piece, in the log's order."""
        hits: list[Hit] = []
        for start in range(0, len(chunk), WINDOW):
            self._feed(chunk[start : start + WINDOW], hits)
        return hits

    def finish(self) -> list[Hit]:
        """Return the values in the last line, which has no end."""
        if not self._tail:
            return []
        hits = self.feed(b"\n")
        self._tail_offset -= 1  # the log does not hold the end that was put there
        return hits

    def _feed(self, piece: bytes, hits: list[Hit]) -> None:
        """Read a piece no longer than a window, so that only the first line can be a long one."""
        cut = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
        if not cut:
            self._tail += piece
            self._read_windows(hits)
            return
        first = min(at for at in (piece.find(b"\n"), piece.find(b"\r")) if at >= 0) + 1
        if self._in_long_line or len(self._tail) + first > WINDOW:
            self._end_long_line(piece[:first], hits)
            block = piece[first:cut]
        else:
            block = bytes(self._tail) + piece[:cut] if self._tail else piece[:cut]
            self._tail.clear()
        self._read_block(block, hits)
        self._tail += piece[cut:]

    def _read_block(self, data: bytes, hits: list[Hit]) -> None:
        block = Block(data)
        found = [hit for reader in self._readers for hit in reader.block(block, self._tail_offset)]
        if len(self._readers) > 1:
            found.sort(key=_offset)
        hits += found
        self._tail_offset += len(data)

    def _read_windows(self, hits: list[Hit]) -> None:
        while len(self._tail) > WINDOW:
            self._read_window(WINDOW, _CONTEXT + _STRIDE, hits)
            del self._tail[:_STRIDE]
            self._tail_offset += _STRIDE
            self._in_long_line = True

    def _end_long_line(self, rest: bytes, hits: list[Hit]) -> None:
        self._tail += rest[:-1]
        self._read_windows(hits)
        self._read_window(len(self._tail), len(self._tail), hits)
        self._tail_offset += len(self._tail) + 1
        self._tail.clear()
        self._in_long_line = False

    def _read_window(self, stop: int, accept_to: int, hits: list[Hit]) -> None:
        raw = bytes(self._tail[:stop])
        accept = range(_CONTEXT if self._in_long_line else 0, accept_to)
        base = self._tail_offset
        found = [hit for reader in self._readers for hit in reader.window(raw, base, accept)]
        hits += sorted(found, key=_offset)


def _offset(hit: Hit) -> int:
    return hit.offset


class _Search:
    """A pattern with its time account."""

    def __init__(self, matcher: Matcher, timeout_s: float) -> None:
        self.matcher = matcher
        self.timeout_s = timeout_s
        self.scans_left = _PATIENCE
        self.strikes = 0
        self.first_strike = 0

    @property
    def suspended(self) -> bool:
        return self.strikes >= MAX_STRIKES

    def candidates(self, block: Block) -> Iterable[tuple[int, int]]:
        """Return the lines that may match, without their ends."""
        if self.matcher.scan is not None and self.scans_left:
            spans = block.scanned(self.matcher.scan, self.timeout_s / 4)
            if spans is not None:
                return spans
            self.scans_left -= 1
        return block.candidates(self.matcher.literals)

    def find(self, raw: bytes, base: int) -> list[tuple[int, float]]:
        """Return where in the log each match in one line starts, and its number."""
        if self.suspended:
            return []
        text = decode(shown(raw))
        starts: list[int] = []
        numbers: list[float] = []
        try:
            for start, number in self.matcher.numbers(text, self.timeout_s):
                starts.append(start)
                numbers.append(number)
        except (TimeoutError, MemoryError):
            self.strikes += 1
            self.first_strike = base if self.strikes == 1 else self.first_strike
        offsets = (base + offset for offset in raw_offsets(raw, text, starts))
        return list(zip(offsets, numbers, strict=True))

    def reason(self) -> str:
        return (
            f"the regex {self.matcher.pattern.pattern!r} was given up after {self.timeout_s:g} s "
            f"on {MAX_STRIKES} lines, the first at byte {self.first_strike} of the log, and is not "
            "searched any more; avoid repetitions inside repetitions"
        )


class _Reader:
    """One rule's progress through the log."""

    def __init__(
        self, rule: Rule, timeout_s: float, counts: Counter[str], step: int | None
    ) -> None:
        self.rule = rule
        self.values = _Search(value_matcher(rule), timeout_s)
        steps = step_matcher(rule)
        self.steps = None if steps is None else _Search(steps, timeout_s)
        self.counts = counts
        self.step = step

    @property
    def suspended(self) -> str:
        if self.values.suspended:
            return self.values.reason()
        if self.steps is not None and self.steps.suspended:
            return f"{self.steps.reason()}; values are counted instead of numbered by it"
        return ""

    def block(self, block: Block, base: int) -> Iterator[Hit]:
        if self.values.suspended:
            return
        for start, stop in self._candidates(block):
            yield from self._line(block.data[start:stop], base + start)

    def window(self, raw: bytes, base: int, accept: range) -> Iterator[Hit]:
        literals = [s.matcher.literals for s in (self.values, self.steps) if s is not None]
        if not any(may_match(raw, wanted) for wanted in literals):
            return
        yield from self._line(raw, base, range(base + accept.start, base + accept.stop))

    def _candidates(self, block: Block) -> Iterable[tuple[int, int]]:
        spans = self.values.candidates(block)
        return spans if self.steps is None else sorted({*spans, *self.steps.candidates(block)})

    def _line(self, raw: bytes, base: int, accept: range | None = None) -> Iterator[Hit]:
        steps = self._steps(raw, base, accept)
        values = _within(self.values.find(raw, base), accept)
        for offset, value in values:
            self._advance(steps, offset)
            self.counts[self.rule.metric] += 1
            step = self.counts[self.rule.metric] if self.step is None else self.step
            yield Hit(self.rule.metric, value, step, offset)
        if steps:
            self.step = steps[-1][1]

    def _steps(self, raw: bytes, base: int, accept: range | None) -> list[tuple[int, int]]:
        if self.steps is None:
            return []
        found = _within(self.steps.find(raw, base), accept)
        if self.steps.suspended:
            self.step = None
        return [(at, step) for at, number in found if (step := as_step(number)) is not None]

    def _advance(self, steps: Sequence[tuple[int, int]], offset: int) -> None:
        """Take the last step before a value in its line, else the first one after it."""
        if steps:
            before = bisect_right(steps, offset, key=itemgetter(0))
            self.step = steps[max(0, before - 1)][1]


def _within(found: list[tuple[int, float]], accept: range | None) -> list[tuple[int, float]]:
    return found if accept is None else [each for each in found if each[0] in accept]
