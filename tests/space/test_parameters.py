import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.errors import SpaceError
from autosearch.space import Bool, Choice, Float, Int, to_dict
from autosearch.space.parameters import KINDS, Parameter
from tests.space.spaces import parameters


@given(parameter=parameters, u=st.floats(0, 1))
def test_a_value_survives_the_way_to_the_unit_interval_and_back(
    parameter: Parameter, u: float
) -> None:
    value = parameter.from_unit(u)
    unit = parameter.to_unit(value)  # type: ignore[arg-type]
    assert parameter.contains(value)
    assert 0.0 <= unit <= 1.0
    assert parameter.from_unit(unit) == value


@given(parameter=parameters, u=st.floats(0, 1))
def test_values_are_plain_python(parameter: Parameter, u: float) -> None:
    assert type(parameter.from_unit(u)) in (float, int, str, bool)


@given(parameter=parameters)
def test_every_value_of_a_discrete_parameter_has_its_own_slice(parameter: Parameter) -> None:
    count = parameter.count
    if count is not None and count <= 200 and not getattr(parameter, "log", False):
        values = {parameter.from_unit((i + 0.5) / count) for i in range(count)}
        assert len({(type(v), v) for v in values}) == count


@given(parameter=parameters)
def test_what_is_written_down_makes_the_same_parameter(parameter: Parameter) -> None:
    entry = to_dict(parameter)
    assert KINDS[entry.pop("type")](**entry) == parameter


def test_both_ends_of_a_range_are_values() -> None:
    lr = Float(1e-5, 0.1, scale="log")
    assert (lr.from_unit(0.0), lr.from_unit(1.0)) == (1e-5, 0.1)
    assert (Int(1, 8).from_unit(0.0), Int(1, 8).from_unit(1.0)) == (1, 8)


def test_auto_takes_the_log_scale_for_two_powers_of_ten() -> None:
    assert Float(1e-4, 1e-2, scale="auto").log
    assert not Float(0.1, 1.0, scale="auto").log
    assert not Float(-1.0, 1000.0, scale="auto").log


def test_steps_are_written_as_a_user_would_write_them() -> None:
    dropout = Float(0.0, 0.5, step=0.1)
    values = [dropout.from_unit((i + 0.5) / 6) for i in range(6)]
    assert values == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def test_whole_numbers_on_the_log_scale_reach_both_ends() -> None:
    units = Int(1, 1000, scale="log")
    assert units.from_unit(0.0) == 1
    assert units.from_unit(1.0) == 1000
    assert units.from_unit(units.to_unit(1)) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Float(1.0, 1.0), "low: must be below high"),
        (lambda: Float(), "low: is missing"),
        (lambda: Float(0.0, 1.0, scale="log"), "scale: log needs low above 0"),
        (lambda: Float(0.0, 1.0, scale="lgo"), "scale: expected linear, log or auto"),  # type: ignore[arg-type]
        (lambda: Float(0.0, float("inf")), "high: expected a finite number"),
        (lambda: Float("0", 1), "low: expected a finite number, found '0'"),
        (lambda: Float(0.0, 1.0, default=2.0), "default: 2.0 is not one of 0.0..1.0"),
        (lambda: Float(0.0, 1.0, step=-1), "step: expected a number above 0"),
        (lambda: Float(1.0, 9.0, step=1, scale="log"), "step: goes with the linear scale"),
        (lambda: Float(0.5, values=[1, 2]), "low: cannot be given together with values"),
        (lambda: Int(1.5, 3), "low: expected a whole number, found 1.5"),
        (lambda: Int(1, 10**30), r"high: expected a whole number within ±2\^53, found 10+$"),
        (lambda: Float(0.0, 1.0, step=5), "step: must not be wider than the range"),
        (lambda: Int(1, 8, step=8), "step: must not be wider than the range"),
        (lambda: Choice([]), "values: expected different values"),
        (lambda: Choice(["1", 1]), "values: expected different values"),
        (lambda: Choice("adam"), "values: expected a list"),
        (lambda: Choice([None]), "values: expected text, numbers or booleans"),
        (lambda: Choice(["a"], default="b"), "default: 'b' is not one of a"),
        (lambda: Bool(default=1), "default: expected true or false"),  # type: ignore[arg-type]
    ],
)
def test_a_contradiction_is_refused_with_its_field(make: object, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        make()  # type: ignore[operator]
