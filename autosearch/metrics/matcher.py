"""One rule's patterns, ready to be searched in lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import regex

from autosearch.metrics.compiling import compile_regex
from autosearch.metrics.literals import Literals, required_literals
from autosearch.metrics.numbers import parse_number
from autosearch.metrics.patterns import built_in_regex, longest_word
from autosearch.metrics.rules import Rule
from autosearch.metrics.scanning import across_lines

_MAX_STEP: Final = 1 << 53
_NOT_IN_NAMES = regex.compile(r"\W")


@dataclass(frozen=True, slots=True)
class Matcher:
    """A compiled pattern and the group that holds its number.

    literals: see `required_literals`. scan: see `across_lines`; None where the literals are better.
    trusted: the pattern is ours and cannot run away.
    """

    pattern: regex.Pattern[str]
    group: int
    literals: Literals | None
    scan: regex.Pattern[str] | None = None
    trusted: bool = False

    def numbers(self, text: str, timeout_s: float) -> Iterator[tuple[int, float]]:
        """Yield where each match in a line starts, and its number, if it has one.

        Raises TimeoutError when the search has used `timeout_s` seconds of CPU time.
        """
        # A pattern of ours is searched without a limit, which makes each search twice as fast.
        timeout = None if self.trusted else timeout_s
        for match in self.pattern.finditer(text, timeout=timeout):
            captured = match[self.group]
            number = None if captured is None else parse_number(captured)
            if number is not None:
                yield match.start(), number


def value_matcher(rule: Rule) -> Matcher:
    """Return what finds the rule's values; raise RegexError where its regex cannot be used."""
    if rule.regex is None:
        pattern = regex.compile(built_in_regex(rule.metric))
        literals = Literals((longest_word(rule.metric),), folded=True)
        return Matcher(pattern, pattern.groupindex["value"], literals, trusted=True)
    return _user_matcher(rule.regex, (_NOT_IN_NAMES.sub("_", rule.metric), "value"))


def step_matcher(rule: Rule) -> Matcher | None:
    """Return what finds the rule's steps, None where it has no step rule."""
    return None if rule.step_regex is None else _user_matcher(rule.step_regex, ("step", "epoch"))


def as_step(number: float) -> int | None:
    """Return a number as a step, its fraction dropped; None where it cannot be one."""
    return int(number) if abs(number) < _MAX_STEP else None


def _user_matcher(text: str, group_names: tuple[str, ...]) -> Matcher:
    pattern = compile_regex(text)
    group = next((pattern.groupindex[n] for n in group_names if n in pattern.groupindex), None)
    if group is None:
        group = 1 if pattern.groups else 0
    literals = required_literals(text)
    # A single character, most likely a point or a blank, stands in nearly every line.
    weak = literals is None or min(map(len, literals.texts)) == 1
    return Matcher(pattern, group, literals, across_lines(text) if weak else None)
