import math

from hypothesis import given
from hypothesis import strategies as st

from autosearch import formats, strict_json


@given(st.text())
def test_cleaned_text_moves_no_cursor(text: str) -> None:
    assert formats.clean(text).isprintable()
    assert len(formats.clean(text)) == len(text)


@given(st.lists(st.floats(), max_size=100), st.integers(1, 40))
def test_a_sparkline_fits_and_never_fails(values: list[float], width: int) -> None:
    line = formats.sparkline(values, width)
    assert len(line) <= width
    assert set(line) <= set(formats.BARS + " ")


def test_a_sparkline_ends_where_the_curve_ends() -> None:
    assert formats.sparkline([0.0] * 99 + [1.0], 10)[-1] == "█"


@given(st.floats(0, 1e9))
def test_a_duration_says_at_most_two_units(seconds: float) -> None:
    text = formats.duration(seconds)
    assert len(text.split()) in (2, 4)
    assert not text.startswith("60 ")
    assert "60 min" not in text


def test_durations_go_over_from_one_unit_to_the_next() -> None:
    assert [formats.duration(s) for s in (9.96, 59.6, 60, 3599.6, 86400)] == [
        "10 s",
        "59 s",
        "1 min",
        "1 h",
        "1 d",
    ]


def test_sizes() -> None:
    assert [formats.size(n) for n in (None, 0, 1023, 1024, 2**60)] == [
        "-",
        "0 B",
        "1023 B",
        "1.0 KiB",
        "1048576.0 TiB",
    ]


def test_strict_json_has_no_word_that_json_lacks() -> None:
    value = {"a": [math.nan, math.inf, 1.5, True], "b": {"c": (-math.inf, "NaN")}}
    assert strict_json.dumps(value, indent=None) == (
        '{"a": [null, null, 1.5, true], "b": {"c": [null, "NaN"]}}'
    )
