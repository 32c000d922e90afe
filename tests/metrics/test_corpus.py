"""How much of what real programs print is found, over a corpus of lines in the styles of many."""

import json
import math
from pathlib import Path

import pytest

from autosearch import suggest_regex
from autosearch.metrics.extractor import Extractor
from autosearch.metrics.rules import Rule

_TEXT = (Path(__file__).parent / "corpus.jsonl").read_text(encoding="utf-8")
CORPUS = [json.loads(line) for line in _TEXT.strip().split("\n")]
POSITIVE = [case for case in CORPUS if case["values"]]
NEGATIVE = [case for case in CORPUS if not case["values"]]


def read(rule: Rule, log: str) -> list[float]:
    extractor = Extractor([rule])
    return [hit.value for hit in extractor.feed(log.encode()) + extractor.finish()]


def same(found: list[float], wanted: list[float | str]) -> bool:
    """Compare lists of values in which nan equals nan."""
    return [repr(float(v)) for v in found] == [repr(float(v)) for v in wanted]


def test_the_corpus_is_wide() -> None:
    assert len({case["log"] for case in POSITIVE}) >= 125
    assert len({case["framework"] for case in POSITIVE}) >= 30
    assert len(NEGATIVE) >= 80


@pytest.mark.slow
def test_at_least_80_percent_are_read_by_the_name_alone_and_none_is_read_wrong() -> None:
    found = [(case, read(Rule(case["name"]), case["log"])) for case in POSITIVE]
    right = [case for case, values in found if same(values, case["values"])]
    wrong = [(case, values) for case, values in found if values and case not in right]
    assert len(right) >= 0.8 * len(POSITIVE)
    assert wrong == []


@pytest.mark.slow
def test_at_least_95_percent_are_read_by_a_regex_made_from_name_and_value() -> None:
    right = 0
    for case in POSITIVE:
        regex = suggest_regex(case["name"], case["log"], float(case["values"][-1]))
        right += regex is not None and same(read(Rule("m", regex), case["log"]), case["values"])
    assert right >= 0.95 * len(POSITIVE)


def test_at_most_1_percent_of_lines_that_only_hold_the_name_are_read() -> None:
    false = [case for case in NEGATIVE if read(Rule(case["name"]), case["log"])]
    assert len(false) <= 0.01 * len(NEGATIVE), false


@pytest.mark.parametrize("value", [math.nan, "0.5", 0.5, "nonsense", None])
def test_a_log_without_numbers_has_no_regex(value: float | str | None) -> None:
    assert suggest_regex("acc", "starting\nacc is coming\n", value) is None
