"""Searching many lines at once for a pattern that is meant for one."""

import regex

from autosearch.metrics.syntax import (
    Group,
    Look,
    Node,
    Repeat,
    Unreadable,
    Zero,
    read_pattern,
    walk,
)

_ANCHORS = ("^", "$", r"\b", r"\B")


def across_lines(text: str) -> regex.Pattern[str] | None:
    """Return a pattern for many lines that begins a match in each line where `text` has one.

    It may begin matches in other lines too, since it may run over line ends. None where the pattern
    looks around or does not give back what it took: then the lines behind could spoil a match.
    """
    try:
        root = read_pattern(text).root
    except Unreadable:
        return None
    if not all(_is_plain(node, text[node.start : node.stop]) for node in walk(root)):
        return None
    return regex.compile(text, regex.MULTILINE)


def _is_plain(node: Node, source: str) -> bool:
    match node:
        case Zero():
            return source in _ANCHORS or source.startswith("(?")
        case Repeat(possessive=possessive):
            return not possessive
        case Group():
            return not source.startswith("(?>")
    return not isinstance(node, Look)
