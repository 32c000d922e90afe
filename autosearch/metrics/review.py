"""What each rule reads in a log, line by line, and where it nearly does: for a dry run."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import regex

from autosearch.metrics.extractor import Extractor, Hit
from autosearch.metrics.lines import decode, shown
from autosearch.metrics.matcher import Matcher, value_matcher
from autosearch.metrics.numbers import numbers_in
from autosearch.metrics.patterns import name_regex
from autosearch.metrics.rules import Rule

_TIMEOUT_S = 0.25


@dataclass(frozen=True, slots=True)
class LineMatch:
    """What one rule makes of one line.

    line_number: from 1, as an editor counts, so that all states of a progress bar share one.
    value, step: None where the line names the metric and nothing is read. note: why nothing is, or
    what is doubtful about the value; "" where all is well.
    """

    metric: str
    line_number: int
    line: str
    value: float | None
    step: int | None
    note: str


def show_matches(rules: Iterable[Rule], log: bytes) -> Iterator[LineMatch]:
    """Yield every value that the rules read from a log, and the lines that only name a metric.

    >>> for each in show_matches([Rule("acc")], b"acc: 0.5\\nno acc yet\\n"):
    ...     print(each.line_number, each.value or each.note)
    1 0.5
    2 the metric is named, but no number belongs to the name
    """
    rules = tuple(rules)
    extractor = Extractor(rules, timeout_s=_TIMEOUT_S)
    reviewers = [_Reviewer(rule) for rule in rules]
    number = 1
    for raw in log.splitlines(keepends=True):
        hits = extractor.feed(raw if raw.endswith((b"\n", b"\r")) else raw + b"\n")
        text = decode(shown(raw.rstrip(b"\r\n")))
        for reviewer in reviewers:
            yield from reviewer.review(number, text, hits)
        number += raw.endswith(b"\n")


class _Reviewer:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.matcher: Matcher = value_matcher(rule)
        self.name = regex.compile(name_regex(rule.metric))

    def review(self, number: int, text: str, hits: Iterable[Hit]) -> Iterator[LineMatch]:
        own = [hit for hit in hits if hit.metric == self.rule.metric]
        for hit in own:
            note = _doubt(text, hit.value)
            yield LineMatch(hit.metric, number, text, hit.value, hit.step, note)
        if not own and (reason := self.reason(text)):
            yield LineMatch(self.rule.metric, number, text, None, None, reason)

    def reason(self, text: str) -> str:
        """Return why a line in which nothing is read looks as if there were something."""
        try:
            match = self.matcher.pattern.search(text, timeout=_TIMEOUT_S)
        except TimeoutError:
            return f"the search was given up after {_TIMEOUT_S:g} s"
        if match is not None:
            return f"the regex matches, but {match[self.matcher.group]!r} is no number"
        if not self.name.search(text):
            return ""
        if self.rule.regex is None:
            return "the metric is named, but no number belongs to the name"
        return "the metric is named, but the regex does not match"


def _doubt(text: str, value: float) -> str:
    numbers = [number.value for number in numbers_in(text)]
    if value in numbers or (math.isnan(value) and any(map(math.isnan, numbers))):
        return ""
    return f"{value:g} is only a part of a number in this line"
