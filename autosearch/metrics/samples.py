"""Texts that a pattern matches, made from its structure: to try out what a pattern would do."""

from typing import Final

import regex

from autosearch.metrics.syntax import (
    Char,
    Choice,
    Group,
    Look,
    Node,
    Pattern,
    Repeat,
    Sequence,
    Unreadable,
    Wide,
    Zero,
)

# Digits first: where a group can hold a number, its sample is one.
_CANDIDATES: Final = "0a A" + "".join(map(chr, range(0x21, 0x7F))) + "\té"
_MAX_LENGTH: Final = 10_000


class Sampler:
    """Makes texts for the parts of one pattern.

    times: how often a part is repeated that may be. prefer: characters to try first. held: what the
    group with number `group` holds instead of a sample.
    """

    def __init__(
        self,
        pattern: Pattern,
        *,
        times: int = 1,
        prefer: str = "",
        group: int = -1,
        held: str = "",
    ) -> None:
        self.pattern = pattern
        self.times = times
        self.candidates = prefer + _CANDIDATES
        self.group = group
        self.held = held

    def text(self, node: Node) -> str:
        """Return a text that a part likely matches; raise Unreadable where none can be made."""
        match node:
            case Char(char=char):
                return char
            case Group(number=number) if number == self.group:
                return self.held
            case Group(body=body):
                return self.text(body)
            case Look(body=body, behind=behind, negative=negative):
                return self.text(body) if behind and not negative else ""
            case Zero():
                return ""
            case Sequence(parts=parts):
                return "".join(map(self.text, parts))
            case Choice(branches=branches):
                return self.text(branches[0])
            case Repeat(body=body, low=low, high=high):
                return self._repeated(self.text(body), max(low, min(self.times, high)))
            case Wide():
                return self._one_of(self.pattern.source(node))
            case _:
                raise Unreadable

    def matches(self, node: Node, text: str) -> bool:
        """Return whether a part alone matches a whole text; False where it has no meaning alone."""
        try:
            return bool(regex.fullmatch(self.pattern.source(node), text, timeout=1))
        except (regex.error, TimeoutError):
            return False

    def _repeated(self, text: str, times: int) -> str:
        if len(text) * times > _MAX_LENGTH:
            raise Unreadable
        return text * times

    def _one_of(self, source: str) -> str:
        try:
            return next(c for c in self.candidates if regex.fullmatch(source, c))
        except (regex.error, StopIteration):
            raise Unreadable from None
