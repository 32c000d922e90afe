"""What is wrong with a rule's regex, found before a trial is spent on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import regex

from autosearch.metrics.compiling import RegexError, compile_regex
from autosearch.metrics.matcher import Matcher, step_matcher, value_matcher
from autosearch.metrics.numbers import same
from autosearch.metrics.repetition import ambiguous_repetition
from autosearch.metrics.rules import Rule
from autosearch.metrics.samples import Sampler
from autosearch.metrics.syntax import (
    Char,
    Choice,
    Group,
    Node,
    Pattern,
    Repeat,
    Sequence,
    Unreadable,
    Wide,
    read_pattern,
    walk,
)

Severity = Literal["error", "warning"]
Field = Literal["regex", "step_regex"]

# A group that holds every number, whatever stands behind it.
_ANY_NUMBER: Final = r"([-+.\w]+)"
_TRIALS: Final = ("0.5", "12", "-0.5", "1.5e-05", "nan", "inf")
_STEP_TRIALS: Final = ("7", "12")
_DOUBLED = regex.compile(r"(?<!\\)\\\\[dswDSW](?=[+*?{)\]]|$)")
_AS_SOURCE = regex.compile(r"""[rbf]{0,2}(['"]).*\1|/.*/[gimsuy]*""", regex.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a regex, and what to do.

    severity: "error" where the rule cannot find any value, "warning" where it may find wrong ones
    or miss some. position: the character of the regex that it is about, from 0; None: all of it.
    """

    severity: Severity
    field: Field
    message: str
    position: int | None = None
    pattern: str = ""

    def __str__(self) -> str:
        """Return the message, and under it the regex with the place marked."""
        if self.position is None:
            return self.message
        return f"{self.message}\n    {self.pattern}\n    {' ' * self.position}^"


@dataclass(frozen=True, slots=True)
class _Finding:
    severity: Severity
    message: str
    position: int | None = None


def lint(rule: Rule) -> list[Problem]:
    """Return what is wrong with a rule's regexes, errors first; nothing for built-in patterns."""
    fields: tuple[tuple[Field, str | None], ...] = (
        ("regex", rule.regex),
        ("step_regex", rule.step_regex),
    )
    problems = [
        Problem(found.severity, field, found.message, found.position, text)
        for field, text in fields
        if text is not None
        for found in _findings(rule, text, field == "step_regex")
    ]
    return sorted(problems, key=lambda problem: problem.severity != "error")


def _findings(rule: Rule, text: str, is_step: bool) -> Iterator[_Finding]:
    broken = list(_as_written(text))
    yield from broken
    try:
        compile_regex(text)
    except RegexError as error:
        yield _Finding("error", f"the regex cannot be used: {error.problem}", error.position)
        return
    if any(finding.severity == "error" for finding in broken):
        return
    matcher = step_matcher(rule) if is_step else value_matcher(rule)
    if matcher is None:
        return
    yield from _empty(matcher)
    yield from _groups(matcher, is_step)
    try:
        pattern = read_pattern(text)
    except Unreadable:
        return
    yield from _structure(pattern)
    fatal = [*_line_ends(pattern), *_lazy_tail(pattern, matcher.group)]
    yield from fatal or _held_numbers(pattern, matcher, _STEP_TRIALS if is_step else _TRIALS)


def _as_written(text: str) -> Iterator[_Finding]:
    if doubled := _DOUBLED.search(text):
        fixed = text.replace("\\\\", "\\")
        yield _Finding(
            "error",
            "two backslashes match a backslash in the log; in YAML, write a regex in single quotes "
            f"and each backslash once: '{fixed}'",
            doubled.start(),
        )
    elif _AS_SOURCE.fullmatch(text):
        yield _Finding("warning", "the quotes or slashes around the regex are a part of it")
    if "\\x1b" in text.lower() or "\x1b" in text or "\\033" in text:
        yield _Finding("warning", "colours are removed from a line before it is searched")


def _empty(matcher: Matcher) -> Iterator[_Finding]:
    if _matches(matcher, ""):
        yield _Finding(
            "warning",
            "the regex matches the empty text, so it matches everywhere; "
            "use + instead of *, and name the metric in it",
        )


def _matches(matcher: Matcher, line: str) -> bool:
    try:
        return matcher.pattern.search(line, timeout=0.1) is not None
    except TimeoutError:
        return False


def _groups(matcher: Matcher, is_step: bool) -> Iterator[_Finding]:
    groups = matcher.pattern.groups
    named = matcher.group in matcher.pattern.groupindex.values()
    if groups > 1 and matcher.group == 1 and not named:
        name = "step" if is_step else "value"
        yield _Finding(
            "warning",
            f"the regex has {groups} groups and the first one is used; "
            f"name the right one (?P<{name}>…) and write the others (?:…)",
        )


def _structure(pattern: Pattern) -> Iterator[_Finding]:
    for node in walk(pattern.root):
        if isinstance(node, Sequence):
            yield from _dots(pattern, node)
    repetition = ambiguous_repetition(pattern)
    if repetition is not None:
        yield _Finding(
            "warning",
            f"{pattern.source(repetition)!r} can match the same text in very many ways, so a line "
            "that does not match can take for ever (such a search is given up); "
            "do not repeat what holds a repetition",
            repetition.start,
        )


def _dots(pattern: Pattern, sequence: Sequence) -> Iterator[_Finding]:
    for before, dot, after in zip(
        sequence.parts, sequence.parts[1:], sequence.parts[2:], strict=False
    ):
        if isinstance(dot, Wide) and pattern.source(dot) == ".":
            beside = (pattern.source(before), pattern.source(after))
            if all(text.startswith((r"\d", "[0-9")) or text.isdigit() for text in beside):
                yield _Finding(
                    "warning",
                    r"'.' matches any character; write \. for the point of a number",
                    dot.start,
                )


def _line_ends(pattern: Pattern) -> Iterator[_Finding]:
    ends = (n for n in _needed(pattern.root) if isinstance(n, Char) and n.char in "\r\n")
    first = next(ends, None)
    if first is not None:
        last = first.stop == len(pattern.text)
        cure = "in YAML, write |- instead of |" if last else "a step has a regex of its own"
        yield _Finding(
            "error",
            "lines are searched one by one, so a regex with a line end in it never matches; "
            f"{cure}",
            first.start,
        )


def _lazy_tail(pattern: Pattern, group: int) -> Iterator[_Finding]:
    tail = _tail(pattern.root)
    held = next(
        (n for n in walk(pattern.root) if isinstance(n, Group) and n.number == group), pattern.root
    )
    inside = held.start <= tail.start and tail.stop <= held.stop
    if isinstance(tail, Repeat) and tail.lazy and tail.high > tail.low and inside:
        taken = "nothing" if tail.low == 0 else "only the first character"
        yield _Finding(
            "error",
            f"a lazy repetition at the end takes {taken}; leave out the '?' behind it",
            tail.stop - 1,
        )


def _needed(node: Node) -> Iterator[Node]:
    """Yield the parts that every match goes through."""
    match node:
        case Sequence(parts=parts):
            for part in parts:
                yield from _needed(part)
        case Group(body=body):
            yield from _needed(body)
        case Repeat(body=body, low=low) if low:
            yield from _needed(body)
        case Choice() | Repeat():
            return
        case _:
            yield node


def _tail(node: Node) -> Node:
    """Return the last part of a pattern, inside its groups."""
    match node:
        case Sequence(parts=parts) if parts:
            return _tail(parts[-1])
        case Group(body=body):
            return _tail(body)
        case _:
            return node


def _held_numbers(
    pattern: Pattern, matcher: Matcher, trials: tuple[str, ...]
) -> Iterator[_Finding]:
    """Try what the rule reads from lines made to fit it, each with another number in the group."""
    try:
        own = Sampler(pattern).text(pattern.root)
        lines = {n: _line(pattern, matcher, n) for n in trials}
    except Unreadable:
        return
    if not _matches(matcher, own):
        return  # it looks around, or refers back: no line can be made that is sure to fit
    read = {number: _read(matcher, line) for number, line in lines.items()}
    if all(value is None for value in (_read(matcher, own), *read.values())):
        yield _no_number(matcher, own)
        return
    wrong = [f"{n} as {v:g}" for n, v in read.items() if v is not None and not same(float(n), v)]
    missed = [n for n, v in read.items() if v is None]
    told = [f"reads {', '.join(wrong)}"] * bool(wrong)
    told += [f"does not see {', '.join(missed)}"] * bool(missed)
    if told:
        yield _Finding(
            "warning",
            f"the regex {' and '.join(told)}; a group that holds every number is {_ANY_NUMBER}",
        )


def _no_number(matcher: Matcher, sample: str) -> _Finding:
    if not matcher.group:
        return _Finding(
            "error",
            f"the regex has no group, and what it matches, such as {sample!r}, is no number; "
            f"put brackets around the number: {_ANY_NUMBER}",
        )
    return _Finding(
        "error",
        f"what the group holds is never a number; one that holds every number is {_ANY_NUMBER}",
    )


def _line(pattern: Pattern, matcher: Matcher, number: str) -> str:
    """Return a line that fits the pattern and has a number where the group is."""
    if not matcher.group:
        return number
    return Sampler(pattern, group=matcher.group, held=number).text(pattern.root)


def _read(matcher: Matcher, line: str) -> float | None:
    try:
        return next((number for _, number in matcher.numbers(line, timeout_s=0.1)), None)
    except TimeoutError:
        return None
