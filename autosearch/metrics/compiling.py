"""Compiles a user's regex, with the reason where it cannot be used."""

import math
from typing import Final

import regex

from autosearch.errors import InputError
from autosearch.metrics.syntax import (
    Choice,
    Group,
    Look,
    Node,
    Repeat,
    Sequence,
    Unreadable,
    read_pattern,
)

# Compiling writes out every counted repetition: a{1000000} takes seconds and hundreds of MB.
_MAX_SIZE: Final = 20_000
_COUNT = regex.compile(r"\{([0-9]+)")
_SHOWN: Final = 120


class RegexError(InputError):
    """A regex cannot be used; position is the character where, None for the whole of it."""

    def __init__(self, text: str, problem: str, position: int | None = None) -> None:
        self.problem = problem
        self.position = position
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        super().__init__(f"the regex {shown!r} cannot be used: {problem}")


def compile_regex(text: str) -> regex.Pattern[str]:
    """Return a user's pattern, compiled; raise RegexError where that fails or would take long."""
    if _size(text) > _MAX_SIZE:
        raise RegexError(text, "it repeats a part too many times; use + or * instead")
    try:
        return regex.compile(text)
    except regex.error as error:
        raise RegexError(text, str(error), getattr(error, "pos", None)) from error
    except RecursionError as error:
        raise RegexError(text, "it has too many groups inside groups") from error


def _size(text: str) -> int:
    """Return about how many parts a pattern has with its counted repetitions written out."""
    try:
        return _written_out(read_pattern(text).root)
    except Unreadable:
        return math.prod(max(1, int(count)) for count in _COUNT.findall(text))


def _written_out(node: Node) -> int:
    match node:
        case Repeat(body=body, low=low):
            return _written_out(body) * max(1, low)
        case Group(body=body) | Look(body=body):
            return 1 + _written_out(body)
        case Sequence(parts=children) | Choice(branches=children):
            return sum(map(_written_out, children))
        case _:
            return 1
