"""YAML text becomes plain data by YAML 1.2's rules, with places, and nothing else."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.errors import ExperimentError
from autosearch.experiment.source import MAX_BYTES, decode, dotted, parse


def refused(text: str) -> str:
    with pytest.raises(ExperimentError) as caught:
        parse(text, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("1.0e-5", 1e-5),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.5e+2", -50.0),
        ("12", 12),
        ("+3", 3),
        ("-0", 0),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        # YAML 1.1 reads these otherwise; in 1.2 they are text.
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("1:30", "1:30"),
        ("2026-11-23", "2026-11-23"),
        ("1e", "1e"),
        ("e5", "e5"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("9" * 101, "9" * 101),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    read = parse(f"key: {text}", "f.yaml").data["key"]
    assert read == value
    assert type(read) is type(value)


def test_nan_is_a_number() -> None:
    assert math.isnan(parse("key: .nan", "f.yaml").data["key"])


def test_every_key_and_value_has_its_place() -> None:
    source = parse("a:\n  - {b: 1, c: é}\n  - x\n", "f.yaml")
    assert source.data == {"a": [{"b": 1, "c": "é"}, "x"]}
    assert source.place(("a", 0, "c"), key=True) == (2, 12)
    assert source.place(("a", 0, "c")) == (2, 15)
    assert source.place(("a", 1)) == (3, 5)
    assert source.place(("a", 0, "missing", "deeper")) == (2, 5)
    assert dotted(("a", 0, "c")) == "a[0].c"


def test_aliases_stand_for_what_they_name() -> None:
    assert parse("a: &x [1]\nb: *x", "f.yaml").data == {"a": [1], "b": [1]}


def test_every_duplicate_key_is_named_with_both_places() -> None:
    faults = refused("a: 1\nb: {c: 1, c: 2}\na: 3").splitlines()
    assert faults == [
        "f.yaml:2:11: b.c: this key is given twice; first in line 2",
        "f.yaml:3:1: a: this key is given twice; first in line 1",
    ]


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("a: !!python/object/apply:os.system [ls]", "1:4", "!!python/object/apply:os.system"),
        ("a: !env X", "1:4", "the tag !env is not allowed"),
        ("!x k: 1", "1:1", "tag"),
        ("a: {<<: {b: 1}}", "1:5", "merge keys"),
        ("a: 1\n--- \nb: 1", "2:1", "second document"),
        ("a:\n\t- 1", "2:1", "a tab"),
        ('a: "\\d"', "1:6", "single quotes"),
        ("b: 1\na: 'x", "2:4", "never closed"),
        ("a: b: c", "1:5", "belongs in quotes"),
        ("a: *x", "1:4", "undefined alias 'x'"),
        ("a: @x", "1:4", "single quotes"),
        ("[a]: 1", "1:1", "a key is text"),
        ("a: \x07", "1:4", "U+0007"),
        ('a: "x\\0"', "1:4", "NUL"),
        ("[" * 30_000, "1:1", "levels deep"),
        ("a: " + "[" * 100 + "]" * 100, "1:", "levels deep"),
        ("a: &x [*x]", "1:4", "levels deep"),
    ],
)
def test_what_is_no_plain_data_is_refused_in_one_line(text: str, place: str, part: str) -> None:
    fault = refused(text)
    assert fault.startswith(f"f.yaml:{place}")
    assert part in fault
    assert "\n" not in fault


def test_an_alias_bomb_is_refused_before_it_fills_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert "aliases expand to more than" in refused("\n".join(lines))


def test_a_huge_file_is_refused_unread() -> None:
    with pytest.raises(ExperimentError, match="at most 262144 are read"):
        decode(b"a" * (MAX_BYTES + 1), "f.yaml")
    with pytest.raises(ExperimentError, match="at most 262144 are read"):
        parse("a" * (MAX_BYTES + 1), "f.yaml")


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ("a: é\nb: é".encode() + b"\xe9", "f.yaml:2:5: byte 0xe9 is not UTF-8"),
        ("a: 1".encode("utf-16"), "f.yaml:1:1: the file is UTF-16"),
    ],
)
def test_other_encodings_are_refused_at_their_place(raw: bytes, fault: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        decode(raw, "f.yaml")
    assert str(caught.value).startswith(fault)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode(b"\xef\xbb\xbfa: 1", "f.yaml") == "a: 1"


@given(st.text(alphabet="ab1:-,[]{}#&*!|>'\"%@` \n\t\\?<=~", max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        data: Any = parse(text, "f.yaml").data
    except ExperimentError as error:
        assert all(fault.line >= 1 and fault.column >= 1 for fault in error.faults)
    else:
        assert isinstance(data, dict | list | str | int | float | None)
