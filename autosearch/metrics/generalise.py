"""From one number in one line to a regex that finds its like in other lines."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import regex

from autosearch.metrics.labels import similarity, words_of
from autosearch.metrics.numbers import Occurrence, numbers_in

_HELD: Final = r"[-+.\w]"
_PIECE = regex.compile(r"(?P<blank>\s+)|(?P<word>[\w@]+(?:[\-/.'@][\w@]+)*)|(?P<sign>.)")
# A progress bar, whose signs change from line to line.
_BAR = regex.compile(r"(?=\S)[#=>█▏▎▍▌▋▊▉━╸╺╍─.\-\s]{4,}")


class _Piece(NamedTuple):
    kind: str  # blank, word, sign, number or bar
    pattern: str
    start: int


def regexes_for(line: str, number: Occurrence, metric: str) -> Iterator[str]:
    """Yield regexes that find exactly this number in the line, the best first.

    Of what stands before the number, first only the words that are like the metric's name are kept,
    then more; other numbers become number classes and blanks `\\s+`. Where there are no words, as
    in a table, the regex describes the whole line.
    """
    names = set(words_of(metric))
    # What the group could take too, a unit or the end of a sentence, must stand behind it.
    behind = regex.match(r"\.?[^\W\d_]*", line, pos=number.stop)
    tail = number.stop if behind is None else behind.end()
    before = _pieces(line, 0, number.start, names)
    after = _pieces(line, number.stop, len(line.rstrip()), names)
    held = _group(line[number.start : number.stop])
    ended = held + _escape(line[number.stop : tail])
    for start in _label_starts(line, before, number, metric):
        yield from _exact(line, number, _bound(before[:start]) + _text(before[start:]) + ended)
    label = line[number.stop :].lstrip()
    if similarity(metric, label) > similarity(metric, line[: number.start]):
        for stop, piece in enumerate(after, 1):
            if piece.kind == "word":
                yield from _exact(line, number, rf"{held}{_text(after[:stop])}\b")
    beginning = "^" + regex.sub(r"^\\s\+", r"\\s*", _text(before))
    yield from _exact(line, number, rf"{beginning}{held}{_text(after)}\s*$")
    yield from _exact(line, number, f"{beginning}{ended}")


def _label_starts(
    line: str, before: list[_Piece], number: Occurrence, metric: str
) -> Iterator[int]:
    """Yield where a label may begin: where it is most like the metric's name, then further left."""
    words = [i for i, piece in enumerate(before) if piece.kind == "word"]
    alike = [similarity(metric, line[before[i].start : number.start]) for i in words]
    shortest = max(
        (i for i, each in zip(words, alike, strict=True) if each == max(alike)), default=0
    )
    yield from (i for i in reversed(words) if i <= shortest)


def _exact(line: str, number: Occurrence, pattern: str) -> Iterator[str]:
    """Yield a regex if its only match in the line is the number."""
    spans = [match.span(1) for match in regex.finditer(pattern, line)]
    if spans == [(number.start, number.stop)]:
        yield pattern


def _group(number: str) -> str:
    extra = "".join(sorted({c for c in number if not regex.match(_HELD, c)}))
    return f"([-+.{regex.escape(extra)}\\w]+)" if extra else f"({_HELD}+)"


def _bound(before: list[_Piece]) -> str:
    return r"(?<!\S)" if not before or before[-1].kind == "blank" else r"\b"


def _text(pieces: list[_Piece]) -> str:
    return "".join(piece.pattern for piece in pieces)


def _pieces(line: str, start: int, stop: int, names: set[str]) -> list[_Piece]:
    """Return the parts of a line; a number that is a part of the metric's name is kept."""
    pieces: list[_Piece] = []
    at = start
    for number in numbers_in(line[:stop]):
        if number.start >= start:
            pieces += _plain_pieces(line, at, number.start)
            text = line[number.start : number.stop]
            pattern = _escape(text) if text in names else f"{_HELD}+"
            pieces.append(_Piece("number", pattern, number.start))
            at = number.stop
    return pieces + _plain_pieces(line, at, stop)


def _plain_pieces(line: str, start: int, stop: int) -> list[_Piece]:
    pieces: list[_Piece] = []
    for bar in _BAR.finditer(line, start, stop):
        pieces += _small_pieces(line, start, bar.start())
        pieces.append(_Piece("bar", ".*?", bar.start()))
        start = bar.end()
    return pieces + _small_pieces(line, start, stop)


def _small_pieces(line: str, start: int, stop: int) -> list[_Piece]:
    return [
        _Piece(m.lastgroup or "", _small(m), m.start()) for m in _PIECE.finditer(line, start, stop)
    ]


def _small(piece: regex.Match[str]) -> str:
    if piece["blank"]:
        return r"\s+"
    if piece[0][0].isdigit():  # a date, a time, an ordinal: not the same in the next line
        return regex.sub(r"\d+", r"\\d+", _escape(piece[0]))
    return _escape(piece[0])


def _escape(text: str) -> str:
    return regex.escape(text, special_only=True)
