import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.errors import SpaceError
from autosearch.space import Bool, Choice, Float, Int, Space
from tests.space.spaces import spaces

TREE = Space(
    {
        "opt": Choice(["adam", "sgd"]),
        "nesterov": Bool(when={"opt": "sgd"}),
        "momentum": Float(0.5, 0.99, when={"nesterov": True}),
        "layers": Int(1, 4),
        "width2": Int(8, 64, when="layers >= 2"),
    }
)


@given(space=spaces(), seed=st.integers(0, 2**31))
def test_points_survive_the_way_to_the_cube_and_back(space: Space, seed: int) -> None:
    params = space.sample(np.random.default_rng(seed))
    unit = space.to_unit(params)
    assert space.contains(params)
    assert space.from_unit(np.nan_to_num(unit, nan=0.5)) == params
    assert {n for n, u in zip(space.names, unit, strict=True) if np.isnan(u)} == set(
        space.names
    ) - set(params)


def test_conditions_hold_in_trees_of_any_depth() -> None:
    assert set(TREE.from_unit([0.0, 0.9, 0.5, 0.0, 0.5])) == {"opt", "layers"}
    assert set(TREE.from_unit([0.9, 0.0, 0.5, 0.9, 0.5])) == {"opt", "nesterov", "layers", "width2"}
    assert set(TREE.from_unit([0.9, 0.9, 0.5, 0.9, 0.5])) == set(TREE.names)


def test_conditions_may_name_parameters_that_come_later() -> None:
    space = Space({"momentum": Float(0, 1, when={"opt": "sgd"}), "opt": Choice(["adam", "sgd"])})
    assert space.from_unit([0.5, 0.9]) == {"momentum": 0.5, "opt": "sgd"}


def test_samples_meet_constraints_and_leave_out_what_is_to_be_skipped() -> None:
    space = Space(
        {"batch": Choice([16, 64, 256]), "accum": Int(1, 8), "opt": Choice(["adam", "sgd"])},
        constraints=["batch * accum <= 512"],
        skip=[{"batch": 64, "opt": "sgd"}],
    )
    rng = np.random.default_rng(0)
    for _ in range(200):
        params = space.sample(rng)
        assert params["batch"] * params["accum"] <= 512  # type: ignore[operator]
        assert (params["batch"], params["opt"]) != (64, "sgd")


def test_a_constraint_on_an_inactive_parameter_does_not_apply() -> None:
    space = Space(
        {"opt": Choice(["adam", "sgd"]), "momentum": Float(0, 1, when={"opt": "sgd"})},
        constraints=["momentum > 2"],
    )
    assert space.sample(np.random.default_rng(0)) == {"opt": "adam"}


def test_a_finite_space_knows_how_many_points_it_has() -> None:
    space = Space(
        {"opt": Choice(["a", "b"]), "n": Int(1, 3, when={"opt": "b"})}, constraints=["n != 2"]
    )
    assert space.cardinality == 3
    assert len(space.listed()) == 3
    assert Space({"x": Float(0, 1)}).cardinality is None


def test_the_rare_points_of_a_tight_finite_space_are_still_found() -> None:
    space = Space({"a": Int(1, 300), "b": Int(1, 300)}, constraints=["a * b == 90000"])
    assert space.sample(np.random.default_rng(0)) == {"a": 300, "b": 300}


def test_constraints_that_nothing_meets_are_named() -> None:
    space = Space({"x": Float(0, 1)}, constraints=["x > 2"])
    with pytest.raises(SpaceError, match="x > 2"):
        space.sample(np.random.default_rng(0))


def test_defaults_fill_the_rest_with_the_middle() -> None:
    space = Space({"lr": Float(0, 1, default=0.1), "n": Int(1, 3)})
    assert space.defaults() == {"lr": 0.1, "n": 2}
    assert Space({"n": Int(1, 3)}).defaults() is None


def test_a_search_starts_at_the_defaults_else_in_the_middle_of_ranges_and_at_first_values() -> None:
    space = Space({"lr": Float(0, 1), "opt": Choice(["a", "b"]), "fast": Bool()})
    assert space.start() == {"lr": 0.5, "opt": "a", "fast": False}
    assert Space({"x": Float(0, 1)}, constraints=("x < 0.4",)).start() is None


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"opt": "adam", "layers": 1, "typo": 1}, "typo is not a parameter"),
        ({"opt": "adam", "layers": 1, "nesterov": True}, "nesterov does not exist here"),
        ({"opt": "adam"}, "layers is missing"),
        ({"opt": "adam", "layers": 9}, "layers = 9 is not one of 1..4"),
        ({"opt": "adam", "layers": True}, "layers = True is not one of 1..4"),
    ],
)
def test_what_is_no_point_is_told_why(params: dict[str, object], problem: str) -> None:
    assert problem in TREE.problems(params)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "empty"),
        ({"a": Bool(when={"b": True})}, "there is no parameter 'b'"),
        ({"a": Bool(when={"b": True}), "b": Bool(when={"a": True})}, "run in a circle"),
        ({"a": Bool(when={"b": "x"}), "b": Bool()}, "b is never 'x'"),
        ({"a": Bool(when="b >"), "b": Bool()}, "not an expression"),
    ],
)
def test_impossible_conditions_are_refused(params: dict[str, object], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space(params)  # type: ignore[arg-type]


def test_what_is_no_parameter_is_named() -> None:
    with pytest.raises(SpaceError, match=r"x: expected Float, Int.*found \(0, 1\)"):
        Space({"x": (0, 1)})  # type: ignore[dict-item]
