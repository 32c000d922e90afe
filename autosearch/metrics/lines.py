"""Lines of a log as a terminal would show them: without colours and NULs, whatever the bytes."""

from collections.abc import Iterable, Iterator
from typing import Final

import regex

# What follows ESC: a control sequence, a text for the terminal (its title, a link), or one letter.
_ODD = regex.compile(
    rb"\x00+|\x1b(?:\[[0-?]*[ -/]*(?P<act>[@-~])"
    rb"|\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)|[ -/]*[0-~])"
)
# Colours, erasing and modes leave the text where it is; the other sequences move the cursor.
_STILL: Final = b"mKhl"
_MOVE = regex.compile(rb"\x1b\[[0-?]*[ -/]*[[@-~]--[mKhl]]", regex.VERSION1)


def is_odd(raw: bytes) -> bool:
    """Return whether some bytes are not shown."""
    return b"\x1b" in raw or b"\0" in raw


def shown(raw: bytes) -> bytes:
    """Return lines without NULs and terminal escapes, a blank where one moved the cursor."""
    if not is_odd(raw):
        return raw
    # A call for each escape would take twice as long; cursor movements are rare.
    return _ODD.sub(_shown if _MOVE.search(raw) else b"", raw)


def decode(line: bytes) -> str:
    """Return a line as text. A byte that is no UTF-8 becomes one character that is no letter."""
    return line.decode("utf-8", "surrogateescape")


def shown_text(line: str) -> str:
    """Return a line of text without NULs and terminal escapes."""
    return decode(shown(line.encode("utf-8", "surrogatepass"))) if not line.isprintable() else line


def raw_offsets(raw: bytes, text: str, indexes: Iterable[int]) -> Iterator[int]:
    """Yield where in `raw` some characters of its text `decode(shown(raw))` begin.

    indexes: of the characters, in ascending order.
    """
    if len(text) == len(raw):
        yield from indexes
        return
    odd = _ODD.finditer(raw)
    following = next(odd, None)
    last = in_shown = removed = 0
    for index in indexes:
        in_shown += len(text[last:index].encode("utf-8", "surrogateescape"))
        last = index
        while following and following.start() + len(_shown(following)) <= in_shown + removed:
            removed += following.end() - following.start() - len(_shown(following))
            following = next(odd, None)
        yield in_shown + removed


def _shown(odd: regex.Match[bytes]) -> bytes:
    act = odd["act"]
    return b" " if act and act not in _STILL else b""
