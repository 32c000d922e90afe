import math
import random
import time
from itertools import pairwise

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autosearch.errors import InputError
from autosearch.metrics.extractor import WINDOW, Extractor, Hit
from autosearch.metrics.lines import decode, shown
from autosearch.metrics.numbers import parse_number
from autosearch.metrics.rules import Rule
from tests.metrics.test_literals import PATTERNS


def read(log: bytes, *rules: Rule, cuts: tuple[int, ...] = ()) -> list[Hit]:
    """Return what is read from a log that arrives cut at some places."""
    extractor = Extractor(rules)
    edges = [0, *sorted(min(cut, len(log)) for cut in cuts), len(log)]
    hits = [hit for a, b in pairwise(edges) for hit in extractor.feed(log[a:b])]
    return hits + extractor.finish()


def values(log: str | bytes, *rules: Rule) -> list[float]:
    return [hit.value for hit in read(log.encode() if isinstance(log, str) else log, *rules)]


# --- which number a match gives ---


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(\d) of (\d)", [1.0]),
        (r"(\d) of (?P<value>\d)", [2.0]),
        (r"(?P<value>\d) of (?P<val_acc>\d)", [2.0]),
        (r"\d", [1.0, 2.0]),
        (r"(x)|\d", []),
    ],
)
def test_the_value_is_the_named_group_else_the_first_else_the_match(
    pattern: str, expected: list[float]
) -> None:
    assert values("1 of 2\n", Rule("val-acc", pattern)) == expected


def test_every_match_in_a_line_counts() -> None:
    hits = read(b"loss 1 loss 2\nloss 3\n", Rule("loss", r"loss (\d)"))
    assert [(h.value, h.step, h.offset) for h in hits] == [(1, 1, 0), (2, 2, 7), (3, 3, 14)]


def test_a_match_without_a_number_is_passed_over() -> None:
    assert values("acc: n/a\nacc: 0.5\nacc: none\n", Rule("acc", r"acc: (\S+)")) == [0.5]


def test_nan_and_inf_are_values() -> None:
    first, second = values("loss: nan\nloss: -inf\n", Rule("loss"))
    assert math.isnan(first)
    assert second == -math.inf


def test_a_regex_that_does_not_compile_is_refused_with_its_text() -> None:
    with pytest.raises(InputError, match=r"'acc: \(' cannot be used"):
        Extractor([Rule("acc", "acc: (")])


# --- lines ---


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\n\r", "\n\n"])
def test_every_line_end_ends_a_line(end: str) -> None:
    log = end.join(["acc: 0.1", "acc: 0.2", "acc: 0.3"])
    assert values(log, Rule("acc", r"^acc: (\S+)$")) == [0.1, 0.2, 0.3]


def test_the_last_line_counts_when_the_log_is_finished_and_not_before() -> None:
    extractor = Extractor([Rule("acc")])
    assert extractor.feed(b"acc: 0.1\nacc: 0.25") == [Hit("acc", 0.1, 1, 0)]
    assert extractor.read_to == 9
    assert extractor.finish() == [Hit("acc", 0.25, 2, 9)]
    assert extractor.read_to == 18
    assert extractor.finish() == []


@pytest.mark.parametrize(
    "line",
    [
        b"val_acc: \x1b[1;32m0.5\x1b[0m",
        b"\x1b[33mval\x1b[0m_acc: 0.5",
        b"\x1b]0;title\x07val_acc: 0.5",
        b"\x1b]8;;http://x\x1b\\val_acc\x1b]8;;\x1b\\: 0.5",
        b"\x00\x00\x00val_acc: 0.5",
        "val_acc: 0.5".encode("utf-16-le"),
        b"\xff\xfe\x80val_acc: 0.5\xc3",
        b"val_acc: 0.5\x1b[2K",
        b"loss: 3\x1b[1Gval_acc: 0.5",
        "Größe ★ val_acc: 0.5".encode(),
    ],
)
def test_a_value_is_found_among_bytes_that_are_not_shown(line: bytes) -> None:
    log = b"first\n" + line + b"\nlast\n"
    (hit,) = read(log, Rule("val_acc"))
    assert hit.value == 0.5
    # The offset is where the name stands in the bytes, whatever was removed before it.
    assert log[hit.offset :].replace(b"\0", b"").lstrip(b"\x1b[0m").startswith(b"val")


def test_metrics_between_random_bytes_are_all_found() -> None:
    rng = random.Random(3)
    planted = [round(rng.random(), 6) for _ in range(200)]
    log = b"".join(rng.randbytes(4096) + b"\nval_acc: %f\n" % value for value in planted)
    assert set(planted) <= set(values(log, Rule("val_acc")))
    assert set(planted) <= set(values(log, Rule("val_acc", r"val_acc: (\d\.\d+)")))


# --- steps ---


def test_a_step_on_the_line_belongs_to_its_values() -> None:
    rule = Rule("acc", None, r"epoch (\d+)")
    hits = read(b"epoch 3 acc: 0.1\nacc: 0.2 at epoch 4\n", rule)
    assert [(h.value, h.step) for h in hits] == [(0.1, 3), (0.2, 4)]


def test_a_step_without_a_value_belongs_to_the_following_values() -> None:
    rule = Rule("acc", None, r"Epoch (?P<epoch>[\d,]+)/")
    hits = read(b"acc: 0\nEpoch 1,000/9\nloss: 1\nacc: 0.1\nacc: 0.2\nEpoch 2/9\nacc: 0.3\n", rule)
    assert [h.step for h in hits] == [1, 1000, 1000, 2]


def test_each_value_takes_the_step_before_it_in_a_line() -> None:
    rule = Rule("acc", None, r"e(\d+)")
    hits = read(b"acc: 0.1 e1 acc: 0.2 e2 acc: 0.3\nacc: 0.4\n", rule)
    assert [h.step for h in hits] == [1, 1, 2, 2]


def test_a_step_that_is_no_whole_number_is_cut_or_passed_over() -> None:
    rule = Rule("acc", None, r"step (\S+)")
    log = b"step 2.9 acc: 1\nstep nan acc: 1\nstep 1e300 acc: 1\nstep x acc: 1\n"
    assert [h.step for h in read(log, rule)] == [2, 2, 2, 2]


# --- going on where another extractor ended ---


def test_another_extractor_goes_on_at_read_to() -> None:
    log = b"epoch 7\nacc: 0.1\nloss: 3\nacc: 0.2\nacc: 0.3\n"
    rules = (Rule("acc", None, r"epoch (\d+)"), Rule("loss"))
    whole = read(log, *rules)
    for cut in range(len(log) + 1):
        first = Extractor(rules)
        hits = first.feed(log[:cut])
        second = Extractor(rules, offset=first.read_to, counts=first.counts, steps=first.steps)
        hits += second.feed(log[first.read_to :])
        assert hits == whole


# --- the result does not depend on how the log arrives ---

PIECES = st.sampled_from(
    [
        *(b"loss: 1", b"acc 0.5", b"epoch 3", b"acc", b"=", b"7", b".", b"|", b"e-5", b" "),
        *(b"\n", b"\r", b"\r\n", b"\x1b[0m", b"\x1b", b"\0", b"\xff", "é".encode(), b"x" * 40),
    ]
)
RULES = (
    Rule("acc", None, r"epoch (\d+)"),
    Rule("loss", r"loss: (?P<loss>\S+)"),
    Rule("any", r"(\d+)", r"epoch (\d)"),
    Rule("folded", r"(?i)ACC\W*(.+)$"),
)


@given(st.lists(PIECES, max_size=60), st.lists(st.integers(0, 400), max_size=10))
def test_the_result_does_not_depend_on_the_cuts(pieces: list[bytes], cuts: list[int]) -> None:
    log = b"".join(pieces)
    assert read(log, *RULES, cuts=tuple(cuts)) == read(log, *RULES)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=10))
def test_no_bytes_raise(log: bytes, cuts: list[int]) -> None:
    assert read(log, *RULES, cuts=tuple(cuts)) == read(log, *RULES)


@given(
    st.lists(PIECES, max_size=60),
    st.one_of(
        st.sampled_from(
            [r"loss: (\S+)", r"(\d+)", r"(?i)ACC\W*(.+)$", r"acc[= ]+(?:é|e)?([0-9.]+)"]
        ),
        PATTERNS,
    ),
)
def test_the_filter_in_front_loses_nothing(pieces: list[bytes], pattern: str) -> None:
    log = b"".join(pieces)
    try:
        rule = Rule("m", pattern)
        Extractor([rule])
    except InputError:
        assume(False)
    compiled = regex.compile(pattern)
    group = min(1, compiled.groups)
    if "value" in compiled.groupindex:
        group = compiled.groupindex["value"]
    found = [
        number
        for line in regex.split(rb"[\r\n]", log)
        if line
        for match in compiled.finditer(decode(shown(line)))
        if match[group] is not None and (number := parse_number(match[group])) is not None
    ]
    assert [repr(hit.value) for hit in read(log, rule)] == [repr(number) for number in found]


# --- long lines ---


def _long_line(size: int, planted: dict[int, bytes]) -> bytes:
    line = bytearray(b"x " * (size // 2))
    for at, text in planted.items():
        line[at : at + len(text)] = text
    return bytes(line)


@pytest.mark.parametrize("piece", [1 << 12, 1 << 16, 3 * WINDOW])
def test_values_in_a_line_of_many_windows_are_each_found_once(piece: int) -> None:
    # The first window's part ends 4096 bytes before its end; the second window begins 4096 earlier.
    places = [0, WINDOW - 8197, WINDOW - 8185, WINDOW - 4100, WINDOW - 4, WINDOW + 20, 2 * WINDOW]
    planted = {at: b" acc: 0.%02d " % (10 + i) for i, at in enumerate(places)}
    log = b"acc: 1\n" + _long_line(3 * WINDOW, planted) + b"\nacc: 2\n"
    extractor = Extractor([Rule("acc")])
    hits = [h for at in range(0, len(log), piece) for h in extractor.feed(log[at : at + piece])]
    assert [h.offset for h in hits] == [0, *(at + 8 for at in planted), len(log) - 7]
    assert [h.step for h in hits] == list(range(1, len(hits) + 1))


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, 3 * WINDOW), max_size=20),
    st.lists(st.integers(5_000, 2 * WINDOW), min_size=1, max_size=6),
    st.integers(-3, 3),
)
def test_cuts_do_not_matter_in_long_lines(places: list[int], cuts: list[int], extra: int) -> None:
    planted = dict.fromkeys(places, b" acc: 0.5 e7 loss=3")
    log = (
        _long_line(WINDOW + extra, {}) + b"\n" + _long_line(3 * WINDOW, planted) + b"\r" + b"acc 1"
    )
    rules = (Rule("acc", None, r"e(\d)"), Rule("loss", r"(?<!\w)loss=(\d)"))
    extractor = Extractor(rules)
    hits, at = [], 0
    while at < len(log):
        step = cuts[at % len(cuts)]
        hits += extractor.feed(log[at : at + step])
        at += step
    assert hits + extractor.finish() == read(log, *rules)


def test_read_to_in_a_long_line_repeats_and_loses_nothing() -> None:
    log = _long_line(4 * WINDOW, {k * 50_000: b" acc: 0.5 " for k in range(80)}) + b"\n"
    first = Extractor([Rule("acc")])
    hits = first.feed(log[: 2 * WINDOW + 77])
    second = Extractor([Rule("acc")], offset=first.read_to, counts=first.counts)
    assert hits + second.feed(log[first.read_to :]) == read(log, Rule("acc"))


def test_memory_does_not_grow_with_the_line() -> None:
    extractor = Extractor([Rule("acc"), Rule("loss", r"loss=(\d)")])
    for _ in range(200):
        extractor.feed(b"y" * 50_000)
    assert extractor.read_to > 8 * WINDOW
    assert extractor.feed(b" acc: 0.5\n")[0].offset == 200 * 50_000 + 1


# --- patterns that run away ---


def test_a_pattern_that_runs_away_is_suspended_and_the_others_go_on() -> None:
    evil = Rule("evil", r"(a|aa)+$")
    extractor = Extractor([evil, Rule("acc")], timeout_s=0.02)
    hits = extractor.feed(b"".join(b"a" * 80 + b"! acc: 0.%d\n" % (i % 10) for i in range(100)))
    assert len([h for h in hits if h.metric == "acc"]) == 100
    assert list(extractor.suspended) == ["evil"]
    assert "(a|aa)+$" in extractor.suspended["evil"]
    assert "byte 0" in extractor.suspended["evil"]


def test_a_step_rule_that_runs_away_costs_no_values() -> None:
    rule = Rule("acc", None, r"(a|aa)+$")
    extractor = Extractor([rule], timeout_s=0.02)
    hits = extractor.feed(b"".join(b"a" * 80 + b"! acc: 0.%d\n" % (i % 10) for i in range(10)))
    assert [h.step for h in hits] == list(range(1, 11))
    assert "counted" in extractor.suspended["acc"]


@pytest.mark.slow
def test_a_window_full_of_values_and_steps_takes_time_in_proportion() -> None:
    unit = "é e1 acc: 0.5 \x1b[0m"
    log = (unit * (2 * WINDOW // len(unit.encode()))).encode() + b"\n"
    before = time.process_time()
    hits = read(log, Rule("acc", None, r"e(\d)"))
    assert len(hits) == log.count(b"acc")
    assert [log[h.offset : h.offset + 3] for h in hits] == [b"acc"] * len(hits)
    assert time.process_time() - before < 20  # it would be minutes if each looked at all before it


@pytest.mark.parametrize("lines", [3, 600])
def test_a_pattern_without_a_literal_finds_few_and_many_lines(lines: int) -> None:
    log = b"".join(b"step %d of many\r\n\x1b[1m0.%03d\x1b[0m\n" % (i, i) for i in range(lines))
    assert values(log, Rule("m", r"^([0-9.]+)$")) == [float(f"0.{i:03}") for i in range(lines)]


def test_a_pattern_that_is_only_slow_over_many_lines_is_not_suspended() -> None:
    log = b"".join(b"%s 0.%d\n" % (b"ab" * 20, i % 10) for i in range(2000))
    extractor = Extractor([Rule("m", r"^\D*(?:\w\D*)*?([0-9.]+)$")], timeout_s=0.25)
    assert len(extractor.feed(log)) == 2000
    assert extractor.suspended == {}
