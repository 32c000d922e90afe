"""A reader for the common part of regex syntax: enough to reason about a user's pattern.

What it does not know (recursion, conditionals, fuzzy matching, verbose patterns, …) it refuses with
`Unreadable`; then nothing is concluded about the pattern. What is broken it may refuse or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import regex

UNBOUNDED: Final = 1 << 30

_CONTROL: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a"}
_HEX_DIGITS: Final = {"x": 2, "u": 4, "U": 8}
_QUANTIFIER = regex.compile(r"\{(\d*)(,?)(\d*)\}")
_GROUP = regex.compile(r"\(\?(?:P?<(?P<name>[A-Za-z_]\w*)>|(?P<kind>:|>|=|!|<=|<!))")
_FLAGS = regex.compile(r"\(\?(?P<flags>[aimsu]*(?:-[ims]+)?)(?P<close>[:)])")


class Unreadable(Exception):
    """The pattern uses syntax that is not understood here."""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a pattern; start and stop are its place in the pattern's text."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Char(Node):
    """One known character."""

    char: str


@dataclass(frozen=True, slots=True)
class Wide(Node):
    """One character of several, or a text that is not known (a back-reference)."""


@dataclass(frozen=True, slots=True)
class Zero(Node):
    """An anchor or a flag: matches no text itself."""


@dataclass(frozen=True, slots=True)
class Look(Node):
    """A look-around: matches no text itself."""

    body: Node
    behind: bool
    negative: bool


@dataclass(frozen=True, slots=True)
class Group(Node):
    """A group; number 0 where it does not capture."""

    body: Node
    number: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    """Parts one after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """Alternatives."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat(Node):
    """A part repeated from low to high times; high may be UNBOUNDED."""

    body: Node
    low: int
    high: int
    lazy: bool
    possessive: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """A whole pattern. flags: every flag letter that is set anywhere in it."""

    text: str
    root: Node
    flags: frozenset[str]

    def source(self, node: Node) -> str:
        """Return the part of the pattern's text that a node was read from."""
        return self.text[node.start : node.stop]


def read_pattern(text: str) -> Pattern:
    """Return the structure of a pattern; raise Unreadable for unknown or broken syntax."""
    reader = _Reader(text)
    try:
        root = reader.choice()
    except (IndexError, ValueError, RecursionError):
        raise Unreadable from None
    if reader.at < len(text):
        raise Unreadable
    return Pattern(text, root, frozenset(reader.flags))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything in it, outside look-arounds, in the order of the text."""
    yield node
    match node:
        case Sequence(parts=children) | Choice(branches=children):
            for child in children:
                yield from walk(child)
        case Group(body=body) | Repeat(body=body):
            yield from walk(body)


class _Reader:
    """Recursive descent over one pattern."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0
        self.flags: set[str] = set()

    def choice(self) -> Node:
        start = self.at
        branches = [self.sequence()]
        while self.text.startswith("|", self.at):
            self.at += 1
            branches.append(self.sequence())
        return branches[0] if len(branches) == 1 else Choice(start, self.at, tuple(branches))

    def sequence(self) -> Node:
        start = self.at
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self.repeats(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(start, self.at, tuple(parts))

    def repeats(self, body: Node) -> Node:
        bounds = self.bounds()
        if bounds is None:
            return body
        lazy = self.text.startswith("?", self.at)
        possessive = self.text.startswith("+", self.at)
        self.at += lazy or possessive
        return Repeat(body.start, self.at, body, *bounds, lazy, possessive)

    def bounds(self) -> tuple[int, int] | None:
        sign = self.text[self.at : self.at + 1]
        if sign in ("*", "+", "?") and sign:
            self.at += 1
            return (1 if sign == "+" else 0), (1 if sign == "?" else UNBOUNDED)
        if sign != "{":
            return None
        found = _QUANTIFIER.match(self.text, self.at)
        if found is None or not (found[1] or found[3]):
            self.brace()
            return None
        self.at = found.end()
        low = int(found[1] or 0)
        high = int(found[3]) if found[3] else UNBOUNDED if found[2] else low
        return low, high

    def brace(self) -> None:
        # Before one of these, a brace may begin an approximate match such as `{e<=1}`.
        if self.text[self.at + 1 : self.at + 2] in set(" 0123456789,<}dies"):
            raise Unreadable

    def atom(self) -> Node:
        start, sign = self.at, self.text[self.at]
        if sign == "(":
            return self.group()
        if sign == "[":
            return self.set_of_characters()
        if sign == "\\":
            return self.escape()
        self.at += 1
        if sign == ".":
            return Wide(start, self.at)
        if sign in "^$":
            return Zero(start, self.at)
        if sign in "*+?":
            raise Unreadable
        if sign == "{":
            self.at -= 1
            self.brace()
            self.at += 1
        return Char(start, self.at, sign)

    def group(self) -> Node:
        start = self.at
        if self.text.startswith("(?", start):
            return self.special_group()
        if self.text.startswith("(*", start):
            raise Unreadable
        self.at += 1
        self.groups += 1
        return self.close(start, self.groups, None)

    def special_group(self) -> Node:
        start = self.at
        if self.text.startswith("(?#", start):
            self.at = self.text.index(")", start) + 1
            return Zero(start, self.at)
        if flags := _FLAGS.match(self.text, start):
            self.at = flags.end()
            letters = set(flags["flags"].partition("-")[0])
            if flags["close"] == ")":
                self.flags |= letters
                return Zero(start, self.at)
            # Within a group, the flag that narrows (ASCII letters only) says nothing of the rest.
            self.flags |= letters - {"a"}
            return self.close(start, 0, None)
        found = _GROUP.match(self.text, start)
        if found is None:
            raise Unreadable
        self.at = found.end()
        if name := found["name"]:
            self.groups += 1
            return self.close(start, self.groups, name)
        kind = found["kind"]
        group = self.close(start, 0, None)
        if kind in ":>":
            return group
        return Look(start, group.stop, group.body, kind.startswith("<"), kind.endswith("!"))

    def close(self, start: int, number: int, name: str | None) -> Group:
        body = self.choice()
        if not self.text.startswith(")", self.at):
            raise Unreadable
        self.at += 1
        return Group(start, self.at, body, number, name)

    def escape(self) -> Node:
        start = self.at
        letter = self.text[start + 1]
        self.at += 2
        if letter in _CONTROL:
            return Char(start, self.at, _CONTROL[letter])
        if letter in _HEX_DIGITS:
            self.at += _HEX_DIGITS[letter]
            return Char(start, self.at, chr(int(self.text[start + 2 : self.at], 16)))
        if letter in "bBAZmM":
            return Zero(start, self.at)
        if letter in "dDwWsSh":
            return Wide(start, self.at)
        if letter in "pP" and self.text.startswith("{", self.at):
            self.at = self.text.index("}", self.at) + 1
            return Wide(start, self.at)
        if letter in "123456789" and not self.text[self.at : self.at + 1].isdigit():
            return Wide(start, self.at)
        if letter.isalnum():
            raise Unreadable
        return Char(start, self.at, letter)

    def set_of_characters(self) -> Node:
        start = self.at
        self.at += 1
        self.at += self.text.startswith("^", self.at)
        first = self.at
        while self.text[self.at] != "]" or self.at == first:
            if self.text.startswith("[:", self.at):
                raise Unreadable
            self.at += 2 if self.text[self.at] == "\\" else 1
        members = self.text[first : self.at]
        self.at += 1
        plain = len(members) == 1 and members not in "\\^" and first == start + 1
        return Char(start, self.at, members) if plain else Wide(start, self.at)
