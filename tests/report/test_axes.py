import math

from hypothesis import assume, given
from hypothesis import strategies as st

from autosearch.report.axes import Axis, value_axis

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE, FINITE, FINITE)
def test_every_value_lies_on_a_linear_axis(low: float, high: float, value: float) -> None:
    assume(low <= high)
    assert 10 <= Axis("linear", low, high).at(value, 10, 110) <= 110


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_every_value_lies_on_a_log_axis(low: float, high: float, value: float) -> None:
    assume(low < high)
    axis = Axis("log", low, high)
    assert 10 <= axis.at(value, 10, 110) <= 110
    assert len(axis.ticks()) <= 30


@given(FINITE, FINITE)
def test_a_linear_axis_has_some_ticks_and_not_too_many(low: float, high: float) -> None:
    assume(low < high and high / 2 - low / 2 < 1e300)
    assert 1 <= len(Axis("linear", low, high).ticks()) <= 12


def test_ticks_are_round_numbers() -> None:
    assert [label for _, label in Axis("linear", 0, 1).ticks()] == [
        "0",
        "0.2",
        "0.4",
        "0.6",
        "0.8",
        "1",
    ]
    assert [label for _, label in Axis("log", 1e-5, 0.3).ticks()] == [
        "1e-05", "0.0001", "0.001", "0.01", "0.1",
    ]  # fmt: skip
    assert [label for _, label in Axis("log", 8, 128).ticks()] == ["10", "20", "50", "100"]
    assert [label for _, label in Axis("linear", -0.5, 2.5, whole=True).ticks()] == ["0", "1", "2"]
    assert [label for _, label in Axis("words", words=("adam", "sgd")).ticks()] == ["adam", "sgd"]


@given(st.lists(FINITE, min_size=1), st.sampled_from(["min", "max"]))
def test_the_best_value_is_always_within_the_axis(values: list[float], mode: str) -> None:
    best = max(values) if mode == "max" else min(values)
    axis = value_axis(values, mode)
    assume(math.isfinite(axis.low) and math.isfinite(axis.high))
    assert axis.shows(best)


def test_a_bad_outlier_does_not_flatten_the_rest() -> None:
    axis = value_axis([0.1, 0.2, 0.3, 0.4, 0.5, 1e9], "min")
    assert axis.high < 2
    assert not axis.shows(1e9)
