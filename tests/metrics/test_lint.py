import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.metrics.lint import Problem, lint
from autosearch.metrics.matcher import value_matcher
from autosearch.metrics.rules import Rule
from tests.metrics.test_literals import PATTERNS


def found(pattern: str) -> list[Problem]:
    return lint(Rule("acc", pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        r"val_acc: ([-+.\w]+)",
        r"acc=(\S+)",
        r"epoch \d+ acc (?P<value>\S+) in (\d+)s",
        r"(?i)ACC\s*=\s*(?P<acc>[^\s,]+)",
        r"(?<=acc: )(\S+)",
        r"F1=(.*?)$",
        r"F1=(.*?),",
        r"acc \((\S+)\)",
        r"(?:\w+: [\d.]+, )*acc: (\S+)",
        r"(?:\d+,)+ acc (\S+)",
        r"^[^|]*\|\s*(\S+)",
        r"path C:\\data acc (\S+)",
        r"acc (\S+) of .*?",
        r"(?=.*acc)loss (\S+)",
        r"(\w)\1 acc (?P<value>\S+)",
        r"(?:train|val|test)+ acc (\S+)",
        r"(?:INFO|WARN)* acc (\S+)",
    ],
)
def test_a_sound_regex_has_no_problems(pattern: str) -> None:
    assert found(pattern) == []


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"acc: (\d+", "cannot be used"),
        (r"*acc (\d)", "cannot be used"),
        (r"F1=(.*?)", "takes nothing"),
        (r"F1=(\d+?)", "takes only the first character"),
        (r"acc: \d+\.\d+", r"has no group.*'acc: 0\.0'"),
        (r"acc: (\\d+\\.\\d+)", r"each backslash once: 'acc: \(\\d\+\\\.\\d\+\)'"),
        (r"acc\nloss (\S+)", "never matches"),
        ("acc: (\\S+)\n", r"never matches.*write \|-"),
        (r"took (\d+:\d+)", "never a number"),
    ],
)
def test_what_can_find_no_value_is_an_error(pattern: str, message: str) -> None:
    problem = found(pattern)[0]
    assert problem.severity == "error"
    assert re.search(message, problem.message)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"(.*)", "matches the empty text"),
        (r"epoch (\d+) acc (\S+)", "2 groups"),
        (r"acc: (\d+.\d+)", "'.' matches any character"),
        (r"acc: (-?\d+\.\d+)", "reads 1.5e-05 as 1.5 and does not see 12, nan, inf"),
        (r"acc[=: ]+([0-9.]+)", "reads 1.5e-05 as 1.5 and does not see -0.5, nan, inf"),
        (r"acc: (\d+)", "reads 0.5 as 0, 1.5e-05 as 1"),
        (r"\d+\.\d+", "reads -0.5 as 0.5"),
        (r"r'acc (\S+)'", "quotes or slashes"),
        (r"/acc (\S+)/i", "quotes or slashes"),
        (r"acc \x1b\[32m(\S+)", "colours are removed"),
    ],
)
def test_what_may_read_wrong_values_is_a_warning(pattern: str, message: str) -> None:
    problems = [p for p in found(pattern) if message in p.message]
    assert [p.severity for p in problems] == ["warning"]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"([a-zA-Z]+)*$",
        r"(a|aa)+$",
        r"(a|a?)+$",
        r"(.*a){20}",
        r"(\w+\s?)*: (\d+)",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"(x+x+)+y",
        r"(?:.*)*acc (\S+)",
        r"(\w|\d)+ acc (\S+)",
        r".*.*acc (\S+)",
        r"(?:(?:a|b)*)*c (\S+)",
        r"(?:\d+\.?)+ acc (\S+)",
        r"(aa|aaa)+$",
        r"(?:a|ab|b)+c=(\S+)",
        r"(.*)(.*)x=(\S+)",
        r"(.*?,){20}P=(\S+)",
        r"([ab]|[bc]b|a)+=(\S+)",
    ],
)
def test_a_repetition_that_runs_away_is_a_warning(pattern: str) -> None:
    assert any("very many ways" in p.message for p in found(pattern))


def test_a_step_regex_is_looked_at_too_and_named() -> None:
    (problem,) = lint(Rule("acc", None, r"epoch (\d+"))
    assert (problem.field, problem.severity) == ("step_regex", "error")
    assert lint(Rule("acc", None, r"epoch (\d+)")) == []


def test_the_place_is_marked() -> None:
    assert str(found(r"acc: (\d+.\d+)")[0]).splitlines()[1:] == [
        r"    acc: (\d+.\d+)",
        r"             ^",
    ]


def test_errors_come_first() -> None:
    severities = [p.severity for p in found(r"(a+)+$")]
    assert severities == ["error", "warning"]


def test_built_in_patterns_need_no_lint() -> None:
    assert lint(Rule("acc")) == []


@given(st.one_of(st.text(), PATTERNS))
def test_no_text_raises_and_only_what_compiles_passes(text: str) -> None:
    problems = lint(Rule("acc", text))
    if not any("cannot be used" in p.message for p in problems):
        value_matcher(Rule("acc", text))


@pytest.mark.parametrize(
    "text", ["(" * 3000 + "a" + ")" * 3000, "a{1000000000}", "(?:(?:a{1000}){1000}){1000}", "\\"]
)
def test_monstrous_patterns_are_judged_in_bounded_time_and_memory(text: str) -> None:
    assert found(text)
