import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation import intervals


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (250, 1000)])
def test_proportion_intervals_equal_scipys(k: int, n: int) -> None:
    reference = stats.binomtest(k, n)
    low, high = intervals.wilson(k, n, 0.05)
    assert (float(low), float(high)) == pytest.approx(reference.proportion_ci(method="wilson"))
    low, high = intervals.clopper_pearson(k, n, 0.05)
    assert (float(low), float(high)) == pytest.approx(reference.proportion_ci(method="exact"))


def test_a_difference_has_newcombes_published_interval() -> None:
    # Newcombe (1998), table II, example (a), method 10.
    found = intervals.newcombe((56, 70), (48, 80), 0.05)
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_equal_scipys(p: list[float]) -> None:
    np.testing.assert_allclose(
        intervals.benjamini_hochberg(p), stats.false_discovery_control(p), atol=1e-12
    )


@given(st.lists(st.floats(1e-200, 1), min_size=1, max_size=6))
def test_a_combined_p_value_lies_between_its_parts(p: list[float]) -> None:
    found = intervals.combine(p)
    assert 0 <= found <= 1
    assert found <= max(p) * (1 + 1e-6) + 1e-9
    assert found >= min(p) * (1 - 1e-6)


@pytest.mark.statistical
def test_a_combined_p_value_is_uniform_without_effect() -> None:
    p = np.random.default_rng(0).random((4000, 2))
    found = [intervals.combine(pair) for pair in p]
    assert stats.kstest(found, "uniform").pvalue > 0.001


def test_bounded_intervals_stay_inside() -> None:
    found = intervals.bounded(0.99, 0.02, 50, 0.05)
    assert 0 < found.low < 0.99 < found.high < 1
    assert intervals.bounded(1.0, 0.0, 50, 0.05).low < 1
