import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autosearch.strategies.bayes.outcomes import margin, transform

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(losses=arrays(np.float64, st.integers(1, 30), elements=finite))
def test_any_finite_losses_become_finite_and_keep_their_order(losses: np.ndarray) -> None:
    values = transform(losses, 3.0, 5.0, 0.1).values
    assert np.isfinite(values).all()
    assert (np.diff(values[np.argsort(losses, kind="stable")]) >= 0.0).all()


def test_one_diverged_run_does_not_flatten_the_others() -> None:
    losses = np.array([*np.linspace(0.1, 0.3, 20), 1e30])
    values = transform(losses, 3.0, 5.0, 0.1).values
    assert values[19] - values[0] > 0.3


def test_the_good_end_is_only_shifted_and_scaled() -> None:
    losses = np.array([*np.linspace(0.0, 1.0, 21), 50.0])
    found = transform(losses, 3.0, 5.0, 0.1)
    gaps = np.diff(found.values[:21])
    np.testing.assert_allclose(gaps * found.scale, 0.05)


def test_equal_losses_say_nothing() -> None:
    assert not transform(np.full(5, 0.1 + 0.2), 3.0, 5.0, 0.1).values.any()


@example(constraint=np.array([1.7e308, -1.7e308]))
@example(constraint=np.array([5e-324, 1e308]))
@given(constraint=arrays(np.float64, st.integers(1, 30), elements=finite))
def test_a_margin_is_finite_and_on_the_same_side_of_0(constraint: np.ndarray) -> None:
    kept = margin(constraint)
    assert np.isfinite(kept).all()
    order = np.argsort(constraint, kind="stable")
    assert (np.diff(kept[order]) <= 0.0).all()
    assert (kept[constraint > 0.0] <= 0.0).all()
    assert (kept[constraint < 0.0] >= 0.0).all()
