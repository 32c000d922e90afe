import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autosearch.space import Choice, Float, Int, Space
from autosearch.strategies.bayes.design import descent, groups, spread, step
from autosearch.strategies.bayes.encoding import Encoding
from tests.space.spaces import spaces


@given(st.integers(1, 30), st.integers(1, 12))
def test_groups_hold_each_parameter_and_are_as_large_as_each_other(d: int, count: int) -> None:
    found = groups(d, count)
    sizes = [int(group.sum()) for group in found]
    assert len(found) == count and max(sizes) - min(sizes) <= 1
    assert np.sum(found, axis=0).min() >= 1
    if d >= count:
        assert np.sum(found, axis=0).max() == 1


@given(spaces(), st.integers(0, 99), st.data())
def test_a_step_moves_its_group_to_other_values_and_nothing_else(
    space: Space, seed: int, data: st.DataObject
) -> None:
    encoding, rng = Encoding(space), np.random.default_rng(seed)
    base = encoding.rows([space.sample(rng)])[0]
    group = np.array(data.draw(st.lists(st.booleans(), min_size=len(base), max_size=len(base))))
    (row,) = step(encoding, base, group, 0.3, rng)
    # Rows of values are as exact as the values, whose digits are few across a narrow range.
    params = encoding.params(row)
    assert encoding.params(encoding.rows([params])[0]) == params
    both = ~np.isnan(base) & ~np.isnan(row)
    changed = (np.abs(base - row) > 1e-12)[both]
    np.testing.assert_array_equal(changed, (group & (encoding.counts != 1))[both])


def test_a_step_has_its_length_and_goes_inwards_at_a_bound() -> None:
    encoding = Encoding(Space({"x": Float(0.0, 1.0), "n": Int(1, 2), "c": Choice(["a", "b"])}))
    base = encoding.rows([{"x": 0.9, "n": 1, "c": "b"}])[0]
    for seed in range(20):
        rng = np.random.default_rng(seed)
        (row,) = step(encoding, base, np.array([True, True, True]), 0.3, rng)
        params = encoding.params(row)
        assert abs(float(params["x"]) - 0.6) < 1e-9
        assert (params["n"], params["c"]) == (2, "a")


def test_spread_points_fill_the_largest_gap_first() -> None:
    encoding = Encoding(Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}))
    pool = np.array([[0.5, 0.52], [0.05, 0.9], [0.52, 0.1]])
    np.testing.assert_array_equal(spread(encoding, np.array([[0.5, 0.5]]), pool)[0], pool[1])


@given(spaces(), st.integers(0, 99))
def test_a_step_downhill_leaves_categories_and_what_is_inactive(space: Space, seed: int) -> None:
    encoding, rng = Encoding(space), np.random.default_rng(seed)
    features = encoding.features(encoding.rows([space.sample(rng) for _ in range(6)]))
    base, (row,) = features.units[2], descent(encoding, features, rng.standard_normal(6), 2, 0.2)
    np.testing.assert_array_equal(row[encoding.categorical], base[encoding.categorical])
    np.testing.assert_array_equal(np.isnan(row), np.isnan(base))


def test_a_step_downhill_follows_the_slope_of_the_numbers_alone() -> None:
    encoding = Encoding(Space({"x": Float(0, 1), "y": Float(0, 1), "c": Choice(["a", "b"])}))
    rng = np.random.default_rng(0)
    units = encoding.canonical(rng.random((12, 3)))
    losses = 3.0 * units[:, 0] - 4.0 * units[:, 1] + 50.0 * (units[:, 2] < 0.5)
    units[5, :2] = 0.5
    losses[5] = -0.5 + 50.0 * (units[5, 2] < 0.5)
    (row,) = descent(encoding, encoding.features(units), losses, 5, 0.2)
    np.testing.assert_allclose(row[:2], [0.5 - 0.6 * 0.2, 0.5 + 0.8 * 0.2], atol=2e-3)


def test_a_step_downhill_stays_in_the_space_and_follows_its_bounds() -> None:
    encoding = Encoding(Space({"x": Float(0, 1), "y": Float(0, 1)}))
    units = np.array([[0.0, 0.5], [0.3, 0.5], [0.0, 0.6]])
    (row,) = descent(encoding, encoding.features(units), np.array([0.0, 9.0, 1.0]), 0, 0.2)
    np.testing.assert_allclose(row, [0.0, 0.3], atol=1e-9)
