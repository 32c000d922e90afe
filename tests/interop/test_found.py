from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.interop.found import MOST_RESULTS, Finding, fit, value_in
from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.space.parameters import Parameter
from autosearch.space.values import Value
from tests.space.spaces import parameters, spaces

SPACE = Space(
    {
        "lr": Float(1e-5, 0.1, scale="log"),
        "opt": Choice(["adam", "sgd"]),
        "momentum": Float(0.0, 0.99, default=0.9, when={"opt": "sgd"}),
    },
    constraints=["lr < 0.05"],
)


@given(space=spaces(), seed=st.integers(0, 99))
def test_points_of_the_same_space_come_through_as_they_are(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = [space.sample(rng) for _ in range(5)]
    fitted = fit([Finding(p, (float(i),)) for i, p in enumerate(points)], space)
    assert fitted.results == tuple((p, (float(i),)) for i, p in enumerate(points))
    assert (fitted.dropped, fitted.filled, fitted.extra) == ({}, {}, ())


@given(old=spaces(), new=spaces(), seed=st.integers(0, 99))
def test_whatever_comes_through_is_a_point_of_the_new_space(
    old: Space, new: Space, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    findings = [Finding(old.sample(rng), (1.0,)) for _ in range(5)]
    fitted = fit(findings, new)
    assert all(new.contains(params) for params, _ in fitted.results)
    assert len(fitted.results) + sum(fitted.dropped.values()) == 5


@given(parameter=parameters, u=st.floats(0, 1))
def test_a_value_is_read_back_from_its_text(parameter: Parameter, u: float) -> None:
    value = parameter.from_unit(u)
    assert value_in(parameter, str(value)) == value
    assert type(value_in(parameter, str(value))) is type(value)


@pytest.mark.parametrize(
    ("parameter", "raw", "value"),
    [
        (Float(0, 1), "nan", None),
        (Float(0, 1), "1e-3", 0.001),
        (Float(0, 1), 1.5, None),
        (Float(0, 1), True, None),
        (Float(0.1, 0.9, step=0.1), 0.1 + 0.2, 0.3),
        (Float(0.1, 0.9, step=0.1), 0.25, None),
        (Int(1, 9), 3.0, 3),
        (Int(1, 9), "3.5", None),
        (Int(1, 9), "three", None),
        (Choice([16, 32]), np.int64(32), 32),
        (Choice([16, 32]), 32.0, 32),
        (Choice(["16", "32"]), 32, "32"),
        (Choice(["a", "b"]), "c", None),
        (Bool(), "False", False),
        (Bool(), "true", True),
        (Bool(), np.bool_(True), True),
        (Int(1, 9), 10**400, None),
        (Float(0, 1), -(10**400), None),
        (Choice([1, 2]), 10**400, None),
        (Int(1, 9), np.array([3]), 3),
        (Int(1, 9), np.array([1, 2]), None),
        (Choice(["a", "b"]), np.array(["a", "b"]), None),
    ],
)
def test_values_of_other_types_are_understood(
    parameter: Parameter, raw: object, value: Value | None
) -> None:
    found = value_in(parameter, raw)
    assert found == value
    assert type(found) is type(value)


def test_a_finding_may_hold_an_array() -> None:
    fitted = fit(
        [Finding({"n": np.array([1, 2]), "of": np.zeros(3)}, (1.0,))], Space({"n": Int(1, 9)})
    )
    assert fitted.dropped == {"n is not one of 1..9": 1}


def test_what_changed_is_said_on_one_line() -> None:
    fitted = fit(
        [
            Finding({"lr": 0.01, "opt": "sgd", "batch": 32}, (-0.9,)),
            Finding({"lr": 0.02, "opt": "adam", "batch": 32}, (-0.95,)),
            Finding({"lr": 0.01, "opt": "lion", "batch": 32}, (-0.99,)),
            Finding({"lr": 1.0, "opt": "adam", "batch": 32}, (-0.5,)),
            Finding({"lr": 0.08, "opt": "adam"}, (-0.5,)),
            Finding({"lr": 0.01, "opt": "adam"}, (float("nan"),)),
            Finding({"lr": 0.01, "opt": "adam"}, ()),
        ],
        SPACE,
    )
    assert fitted.describe("max") == (
        "2 of 7 results taken, the best 0.95; dropped: 1 (opt is not one of adam, sgd), "
        "1 (lr is not one of 1e-05..0.1 (log)), 1 (the constraint lr < 0.05 is not met), "
        "2 (without a value); where they lack it, momentum=0.9; not searched here: batch"
    )
    assert fitted.results[0] == ({"lr": 0.01, "opt": "sgd", "momentum": 0.9}, (-0.9,))


def test_results_without_any_parameter_of_this_search_are_dropped() -> None:
    space = Space({**SPACE.params, "opt": replace(SPACE.params["opt"], default="adam")})
    # Of the last one, momentum has no say where opt is adam.
    rows = [{}, {"batch": 32}, {"lr": None, "opt": ""}, {"LR": 0.01}, {"momentum": 0.5}]
    fitted = fit([Finding(row, (1.0,)) for row in rows], space)
    assert fitted.describe("min") == (
        "0 of 5 results taken; dropped: 5 (without any parameter of this search); "
        "not searched here: batch, LR"
    )
    assert not fitted.filled


def test_parameters_without_a_name_are_not_told_of() -> None:
    fitted = fit([Finding({"": 1, " ": 2, "lr": 0.01, "batch": 32}, (1.0,))], SPACE)
    assert fitted.extra == ("batch",)


def test_pandas_na_is_no_value() -> None:
    space = Space({"x": Int(1, 9), "name": Choice(["", "a"], default="a")})
    fitted = fit([Finding({"x": 3, "name": pd.NA, "gone": pd.NA}, (1.0,))], space)
    assert fitted.results == (({"x": 3, "name": "a"}, (1.0,)),)
    assert not fitted.extra
    assert fit([Finding({"x": 3, "name": ""}, (1.0,))], space).results[0][0]["name"] == ""


def test_of_very_many_reasons_a_few_are_named() -> None:
    findings = [Finding({}, (), why=f"the state {i} is strange") for i in range(9)]
    said = fit(findings, SPACE).describe("min")
    assert said.endswith("1 (the state 5 is strange), 3 (for other reasons)")


def test_failures_are_kept_and_what_says_nothing_is_not() -> None:
    findings = [
        Finding({"lr": 0.01, "opt": "adam"}, (0.5,)),
        Finding({"lr": 0.02, "opt": "adam"}, (), failed=True),
        Finding({"lr": 0.03, "opt": "adam"}, ()),
    ]
    kept = fit(findings, SPACE)
    assert [losses for _, losses in kept.results] == [(0.5,), ()]
    assert kept.describe("min") == (
        "1 of 3 results taken, the best 0.5; 1 that failed; dropped: 1 (without a value)"
    )


def test_a_parameter_without_a_default_is_filled_with_its_middle() -> None:
    wider = Space({**SPACE.params, "layers": Int(1, 5)})
    assert fit([Finding({"lr": 0.01, "opt": "adam"}, (1.0,))], wider).filled == {"layers": 3}


def test_a_parameter_whose_condition_does_not_hold_is_left_out() -> None:
    fitted = fit([Finding({"lr": 0.01, "opt": "adam", "momentum": 0.5}, (1.0,))], SPACE)
    assert fitted.results == (({"lr": 0.01, "opt": "adam"}, (1.0,)),)


def test_of_very_many_the_better_half_and_some_others_are_kept() -> None:
    space = Space({"x": Int(0, 5000)})
    findings = [Finding({"x": i}, (float(i),)) for i in range(5000)]
    fitted = fit(findings, space)
    losses = [loss for _, (loss,) in fitted.results]
    assert losses[: MOST_RESULTS // 2] == list(map(float, range(MOST_RESULTS // 2)))
    assert len(losses) == MOST_RESULTS
    assert max(losses) > 4900
    assert "4500 (more than are of use)" in fitted.describe("min")


def test_of_very_many_with_several_objectives_the_front_is_kept() -> None:
    space = Space({"x": Int(0, 1000)})
    findings = [Finding({"x": i}, (float(-i), float(abs(i - 990)))) for i in range(1000)]
    fitted = fit(findings, space)
    kept = [int(p["x"]) for p, _ in fitted.results]  # type: ignore[call-overload]
    assert len(kept) == MOST_RESULTS
    assert set(range(990, 1000)) <= set(kept)
    assert fitted.describe("max").startswith("500 of 1000 results taken, 10 of them on the front")


def test_a_finite_default_is_a_default() -> None:
    space = Space({**SPACE.params, "opt": replace(SPACE.params["opt"], default="adam")})
    assert fit([Finding({"lr": 0.01}, (1.0,))], space).filled == {"opt": "adam"}
