import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.errors import InputError
from autosearch.metrics.reduce import Mode, Reduction, parse_reduce, reduce_values

NAN = math.nan


@pytest.mark.parametrize(
    ("how", "mode", "expected"),
    [
        ("last", "max", 2.0),
        ("best", "max", 4.0),
        ("best", "min", 1.0),
        ("min", "max", 1.0),
        ("max", "min", 4.0),
        ("mean_last_1", "max", 2.0),
        ("mean_last_2", "max", 3.0),
        ("mean_last_99", "max", 2.5),
    ],
)
def test_a_word_picks_its_value(how: str, mode: Mode, expected: float) -> None:
    assert reduce_values([1.0, 3.0, 4.0, 2.0], how, mode) == expected


@pytest.mark.parametrize("how", ["last", "best", "min", "max", "mean_last_3"])
def test_no_values_have_no_value(how: str) -> None:
    assert reduce_values([], how, "max") is None


@pytest.mark.parametrize(("how", "mode"), [("best", "max"), ("best", "min"), ("max", "max")])
@pytest.mark.parametrize("values", [[NAN, 1.0, 1.0], [1.0, NAN, 1.0], [1.0, 1.0, NAN]])
def test_nan_is_never_best(values: list[float], how: str, mode: Mode) -> None:
    assert reduce_values(values, how, mode) == 1.0


@pytest.mark.parametrize("how", ["last", "mean_last_2", "best"])
def test_a_run_that_only_ends_in_nan_has_the_value_nan(how: str) -> None:
    values = [NAN, NAN] if how == "best" else [1.0, NAN]
    value = reduce_values(values, how, "max")
    assert value is not None
    assert math.isnan(value)


def test_the_mean_of_large_values_is_finite() -> None:
    assert reduce_values([1.5e308, 1.5e308], "mean_last_2", "max") == 1.5e308


@pytest.mark.parametrize(
    ("how", "hint"),
    [
        ("lats", "mean last"),
        ("Best", "mean best"),
        ("mean_last", "mean_last_5"),
        ("mean_last_0", "5"),
    ],
)
def test_another_word_is_refused_with_the_nearest_one(how: str, hint: str) -> None:
    with pytest.raises(InputError, match=f"found '{how}', expected one of last.*{hint}"):
        parse_reduce(how)


def test_the_mean_carries_its_count() -> None:
    assert parse_reduce("mean_last_12") == Reduction("mean", 12)


@given(
    st.lists(st.floats(), min_size=1),
    st.sampled_from(["last", "best", "min", "max", "mean_last_3"]),
    st.sampled_from(["max", "min"]),
)
def test_every_value_lies_among_the_values(values: list[float], how: str, mode: Mode) -> None:
    value = reduce_values(values, how, mode)
    assert value is not None
    known = [v for v in values if not math.isnan(v)]
    assert math.isnan(value) or min(known) <= value <= max(known)
