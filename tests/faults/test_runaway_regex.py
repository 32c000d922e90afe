"""A regex that runs away: told of at load time, given up in bounded time, and no loss to others."""

import time

import pytest

from autosearch.metrics.extractor import Extractor
from autosearch.metrics.lint import lint
from autosearch.metrics.rules import Rule

LIMIT_S = 0.25
EVIL = {
    r"(\w\w|\w\w\w)+$": "a" * 80 + "!",
    r"(a|aa)+$": "a" * 80 + "!",
    r"(aa|aaa)+: (\d)": "a" * 80 + ": x",
    r"(?:a|ab|b)+c=(\d)": "ab" * 60 + "c=x",
    r"(.*?,){20}P=(\d)": "1," * 60 + "P=x",
    r"(?:\d|\d\d)+\.acc=(\d)": "1" * 80 + ".acc=x",
    r"(.*)(.*)(.*)x=(\d)": "a" * 5000 + "x=y",
}


@pytest.mark.parametrize("pattern", EVIL)
def test_lint_warns(pattern: str) -> None:
    assert any("very many ways" in problem.message for problem in lint(Rule("evil", pattern)))


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "line"), EVIL.items())
def test_each_line_takes_bounded_time_and_the_rule_ends_after_three(
    pattern: str, line: str
) -> None:
    extractor = Extractor([Rule("evil", pattern), Rule("acc")], timeout_s=LIMIT_S)
    spent_s = []
    for number in range(6):
        before = time.process_time()
        hits = extractor.feed(f"{line} acc: 0.{number}\nacc: 0.{number}\n".encode())
        spent_s.append(time.process_time() - before)
        assert [hit.value for hit in hits] == [float(f"0.{number}")] * 2
    assert list(extractor.suspended) == ["evil"]
    assert all(LIMIT_S <= s < 2 * LIMIT_S for s in spent_s[:3])
    assert all(s < LIMIT_S for s in spent_s[3:])


@pytest.mark.slow
def test_all_of_them_together_cost_the_others_nothing() -> None:
    evil = [Rule(f"evil{i}", pattern) for i, pattern in enumerate(EVIL)]
    sound = [Rule("acc"), Rule("loss", r"loss=(\S+)", r"epoch (\d+)")]
    extractor = Extractor([*evil, *sound], timeout_s=0.02)
    log = "".join(
        f"{line} epoch {number} loss=0.{number} acc: 0.{number}\n"
        for number in range(50)
        for line in EVIL.values()
    )
    hits = extractor.feed(log.encode())
    assert set(extractor.suspended) == {rule.metric for rule in evil}
    for metric in ("acc", "loss"):
        values = [hit.value for hit in hits if hit.metric == metric]
        assert values == [float(f"0.{number}") for number in range(50) for _ in EVIL]
