"""Lines of a log as a terminal would show them: without colours and NULs, whatever the bytes."""

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


def raw_offset(raw: bytes, text: str, index: int) -> int:
    """Return where in `raw` the character `index` of its text `decode(shown(raw))` begins."""
    if len(text) == len(raw):
        return index
    target = len(text[:index].encode("utf-8", "surrogateescape"))
    for odd in _ODD.finditer(raw):
        kept = len(_shown(odd))
        if odd.start() + kept > target:
            break
        target += odd.end() - odd.start() - kept
    return target


def _shown(odd: regex.Match[bytes]) -> bytes:
    act = odd["act"]
    return b" " if act and act not in _STILL else b""
