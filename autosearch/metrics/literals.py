"""Which text every match of a pattern must contain: lines without it need not be looked at.

The answer must never be wrong, only weak: a line that the pattern would match always passes.
"""

from dataclasses import dataclass
from typing import Final

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
    Zero,
    read_pattern,
)

# More alternatives than these are not worth searching for one by one.
_MAX_ALTERNATIVES: Final = 16
# Ignoring case, each of these also matches a letter outside ASCII (ſ, K, İ, ı).
_ODD_CASES: Final = frozenset("sSkKiI")


@dataclass(frozen=True, slots=True)
class Literals:
    """Texts in UTF-8 of which every match contains at least one.

    folded: they are in lower case, to be searched in the log's lower case.
    """

    texts: tuple[bytes, ...]
    folded: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the text that a node matches.

    exact: all texts it can match, None where there are too many. required: a set of which every
    match contains one, None where there is none.
    """

    exact: frozenset[str] | None
    required: frozenset[str] | None


_NOTHING: Final = _Known(None, None)
_EMPTY: Final = frozenset({""})


def required_literals(regex_text: str) -> Literals | None:
    """Return the texts of which each match of a pattern contains one; None where none is known."""
    try:
        pattern = read_pattern(regex_text)
    except Unreadable:
        return None
    folded = "i" in pattern.flags
    best = _Finder(pattern, folded).best()
    if best is None:
        return None
    return Literals(tuple(sorted(text.encode() for text in best)), folded)


class _Finder:
    def __init__(self, pattern: Pattern, folded: bool) -> None:
        self.root = pattern.root
        self.folded = folded
        self.odd = frozenset() if "a" in pattern.flags else _ODD_CASES

    def best(self) -> frozenset[str] | None:
        known = self.known(self.root)
        return _better(known.exact, known.required)

    def known(self, node: Node) -> _Known:
        match node:
            case Zero() | Look():
                return _Known(_EMPTY, None)
            case Char(char=char):
                return self.char(char)
            case Group(body=body):
                return self.known(body)
            case Sequence(parts=parts):
                return self.sequence(parts)
            case Choice(branches=branches):
                return self.choice(branches)
            case Repeat(body=body, low=low, high=high):
                return self.repeat(body, low, high)
            case _:
                return _NOTHING

    def char(self, char: str) -> _Known:
        if "\ud800" <= char <= "\udfff":
            return _NOTHING
        if not self.folded:
            return _Known(frozenset({char}), None)
        if not char.isascii() or char in self.odd:
            return _NOTHING
        return _Known(frozenset({char.lower()}), None)

    def sequence(self, parts: tuple[Node, ...]) -> _Known:
        whole = True
        run: frozenset[str] = _EMPTY
        best: frozenset[str] | None = None
        for part in parts:
            known = self.known(part)
            best = _better(best, known.required)
            exact = known.exact
            if exact is not None and len(run) * len(exact) <= _MAX_ALTERNATIVES:
                run = frozenset(head + tail for head in run for tail in exact)
                continue
            best = _better(best, run)
            whole = False
            run = _EMPTY if exact is None else exact
        return _Known(run if whole else None, _better(best, run))

    def choice(self, branches: tuple[Node, ...]) -> _Known:
        known = [self.known(branch) for branch in branches]
        return _Known(
            _union([k.exact for k in known]), _union([_better(k.exact, k.required) for k in known])
        )

    def repeat(self, body: Node, low: int, high: int) -> _Known:
        known = self.known(body)
        if low == 0:
            optional = known.exact if high == 1 else None
            return _Known(None if optional is None else optional | _EMPTY, None)
        if low == high == 1:
            return known
        return _Known(None, _better(known.exact, known.required))


def _union(sets: list[frozenset[str] | None]) -> frozenset[str] | None:
    found: frozenset[str] = frozenset()
    for texts in sets:
        if texts is None:
            return None
        found |= texts
    return found if len(found) <= _MAX_ALTERNATIVES else None


def _better(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    """Return the set that passes fewer lines: its shortest text is longer, then it has fewer."""
    usable = [texts for texts in (a, b) if texts and "" not in texts]
    return max(usable, key=lambda texts: (min(map(len, texts)), -len(texts)), default=None)
