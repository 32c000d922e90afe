import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autosearch.space import Choice, Float, Int, Space
from autosearch.strategies.cube import Cube
from tests.space.spaces import spaces

SEEDS = st.integers(0, 2**31)


@given(space=spaces(), seed=SEEDS)
def test_rows_are_those_of_the_space(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = [space.sample(rng) for _ in range(5)]
    expected = np.array([space.to_unit(p) for p in points])
    np.testing.assert_allclose(Cube(space).rows(points), expected, atol=1e-12)


@given(space=spaces(), seed=SEEDS)
def test_snapped_rows_are_the_same_points_at_the_middle_of_their_slices(
    space: Space, seed: int
) -> None:
    rows = np.random.default_rng(seed).random((5, len(space)))
    snapped = Cube(space).snap(rows)
    for row, at in zip(rows, snapped, strict=True):
        point = space.from_unit(row)
        assert space.from_unit(at) == point
        sliced = [p.count is not None and n in point for n, p in space.params.items()]
        np.testing.assert_allclose(at[sliced], space.to_unit(point)[sliced], atol=1e-12)


@given(space=spaces(), seed=SEEDS)
def test_active_parameters_are_those_of_the_space(space: Space, seed: int) -> None:
    rows = np.random.default_rng(seed).random((5, len(space)))
    mask = Cube(space).active(rows)
    for row, active in zip(rows, mask, strict=True):
        assert {n for n, a in zip(space.names, active, strict=True) if a} == set(
            space.from_unit(row)
        )


def test_conditions_that_are_expressions_or_on_log_integers_are_understood() -> None:
    space = Space(
        {
            "a": Float(0, 1, when="n > 3"),
            "n": Int(1, 9, scale="log"),
            "b": Choice(["x", "y"], when={"n": [1, 9]}),
        }
    )
    mask = Cube(space).active(np.array([[0.5, 0.0, 0.5], [0.5, 1.0, 0.5], [0.5, 0.7, 0.5]]))
    assert mask.tolist() == [[False, True, True], [True, True, True], [True, True, False]]
