"""Repetitions that can match one text in exponentially many ways: regexes that run away."""

import itertools
from typing import Final

from autosearch.metrics.samples import Sampler
from autosearch.metrics.syntax import Choice, Group, Node, Pattern, Repeat, Unreadable, walk
from autosearch.metrics.syntax import Sequence as Concatenation

# A part repeated up to this often doubles the work too few times to be noticed.
_MANY: Final = 10
# Parts overlap in one kind of character or another: each is tried.
_PREFERRED: Final = ("0", "a", "A", " ", ".")


def ambiguous_repetition(pattern: Pattern) -> Node | None:
    """Return the first repetition that can divide a text in many ways, None where none is found.

    A repeated part is ambiguous where twice its text is once its text too, as in `(a+)+`, or where
    two of its branches match the same, as in `(a|aa?)+`; `(\\d+,)+` is not. The same unlimited part
    twice in a row, as in `.*.*`, counts too.
    """
    for node in walk(pattern.root):
        if isinstance(node, Concatenation) and (twice := _same_twice(pattern, node)):
            return twice
        if not isinstance(node, Repeat) or node.possessive or node.high < _MANY:
            continue
        try:
            if _divides_again(pattern, node.body) or _branches_overlap(pattern, node.body):
                return node
        except Unreadable:
            continue
    return None


def _divides_again(pattern: Pattern, body: Node) -> bool:
    if not any(isinstance(part, Repeat | Choice) for part in walk(body)):
        return False
    for times, prefer in itertools.product((0, 1, 2), _PREFERRED):
        sampler = Sampler(pattern, times=times, prefer=prefer)
        text = sampler.text(body)
        if text and sampler.matches(body, text) and sampler.matches(body, text + text):
            return True
    return False


def _branches_overlap(pattern: Pattern, body: Node) -> bool:
    body = _inside(body)
    if not isinstance(body, Choice):
        return False
    for prefer in _PREFERRED:
        sampler = Sampler(pattern, prefer=prefer)
        texts = [sampler.text(branch) for branch in body.branches]
        if _spells_twice(texts):
            return True
        for text, other in itertools.product(texts, body.branches):
            if text and texts[body.branches.index(other)] != text and sampler.matches(other, text):
                return True
    return False


def _spells_twice(texts: list[str]) -> bool:
    """Return whether one or two of some texts give the same text in two ways: aa aaa, aaa aa."""
    seen: set[str] = set()
    for length in (1, 2):
        for combination in itertools.product(texts[:_MANY], repeat=length):
            text = "".join(combination)
            if text and text in seen:
                return True
            seen.add(text)
    return False


def _same_twice(pattern: Pattern, sequence: Concatenation) -> Node | None:
    for first, second in itertools.pairwise(map(_inside, sequence.parts)):
        if isinstance(first, Repeat) and isinstance(second, Repeat):
            unlimited = min(first.high, second.high) >= _MANY and not first.possessive
            if unlimited and pattern.source(first.body) == pattern.source(second.body):
                return first
    return None


def _inside(node: Node) -> Node:
    while isinstance(node, Group):
        node = node.body
    return node
