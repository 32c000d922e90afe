import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autosearch.space import Float, Space
from autosearch.strategies.bayes.encoding import Encoding
from autosearch.strategies.bayes.knowledge import Knowledge
from autosearch.strategies.bayes.outcomes import margin, transform
from autosearch.strategies.bayes.recipe import RECIPE
from tests.strategies.searches import history_of

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


def test_only_typical_losses_set_the_scale() -> None:
    spread = np.linspace(0.0, 1.0, 21)
    polished = np.linspace(0.0, 1e-6, 60)
    losses, typical = np.concatenate([spread, polished]), np.arange(81) < 21
    # Of the spread alone nothing lies above the knee.
    kept = transform(losses, 3.0, 5.0, 0.1, typical)
    np.testing.assert_allclose(np.diff(kept.values[:21]) * kept.scale, 0.05)
    bent = transform(losses, 3.0, 5.0, 0.1)
    gaps = np.diff(bent.values[:21]) * bent.scale
    assert gaps[-1] < 0.01 * gaps[0]


@pytest.mark.parametrize("unit", [1e-170, 1e-300, 1e300])
def test_the_unit_of_losses_does_not_matter(unit: float) -> None:
    losses = np.random.default_rng(0).exponential(1.0, 30)
    plain, other = (transform(losses * u, 1.0, 5.0, 0.1) for u in (1.0, unit))
    np.testing.assert_allclose(other.values, plain.values, rtol=1e-6, atol=1e-9)
    assert other.scale / unit == pytest.approx(plain.scale)


def test_the_least_losses_that_there_are_differ() -> None:
    found = transform(np.arange(9.0) * 5e-324, 3.0, 5.0, 0.1)
    assert (np.diff(found.values) > 0.0).all()
    assert 0.0 < found.scale < np.inf and np.isfinite(1.0 / found.scale)


def test_beside_the_largest_loss_that_there_is_the_others_differ() -> None:
    losses = np.append(np.linspace(1.0, 2.0, 20), 1.7e308)
    assert (np.diff(transform(losses, 3.0, 5.0, 0.1).values) > 0.0).all()


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


def test_the_log_slope_is_that_of_the_transform() -> None:
    losses = np.random.default_rng(0).exponential(1.0, 30) ** 3
    slopes = {}
    for knee in (3.0, 0.3):
        found = transform(losses, knee, 1e9, 0.1)
        order = np.argsort(losses)
        # Between neighbours above both knees the transform is smooth: compare there.
        steps = np.diff(found.values[order]) / np.diff(losses[order])
        slopes[knee] = (found.log_slope, float(np.log(steps).sum()))
    by_formula = slopes[0.3][0] - slopes[3.0][0]
    by_steps = slopes[0.3][1] - slopes[3.0][1]
    assert by_formula == pytest.approx(by_steps, rel=0.15)


def test_steep_losses_are_compressed_sooner_and_others_are_not() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    encoding, rng = Encoding(space), np.random.default_rng(3)
    points = [space.sample(rng) for _ in range(25)]
    bowl = np.array([(float(p["x"]) - 0.3) ** 2 + (float(p["y"]) - 0.6) ** 2 for p in points])
    for losses, steep in ((bowl, False), (np.exp(12.0 * np.sqrt(bowl)), True)):
        known = Knowledge(encoding, history_of(space, points, list(losses)), RECIPE)
        knee = RECIPE.steep_knee if steep else RECIPE.knee
        expected = transform(losses, knee, RECIPE.lid, RECIPE.low_quantile, known.typical)
        np.testing.assert_array_equal(known.outcomes.values, expected.values)
