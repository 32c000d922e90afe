import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm
from skopt.acquisition import gaussian_ei, gaussian_lcb, gaussian_pi

from autosearch.strategies.bayes.acquisition import log_ei, log_poi, ucb

MEAN = np.array([0.3, -0.2, 1.5, 0.0, -2.0])
STD = np.array([0.5, 1.0, 0.1, 2.0, 0.3])


class Posterior:
    """A model as skopt's acquisition functions want it."""

    def predict(self, x: object, return_std: bool = True) -> tuple[np.ndarray, np.ndarray]:
        return MEAN, STD


def test_expected_improvement_is_the_integral_it_stands_for() -> None:
    for mean, std in zip(MEAN, STD, strict=True):
        expected, _ = quad(
            lambda y, m=mean, s=std: max(0.1 - 0.05 - y, 0.0) * norm.pdf(y, m, s),
            mean - 12 * std,
            0.05,
        )
        found = log_ei(np.array([mean]), np.array([std]), best=0.1, xi=0.05)
        assert math.exp(found[0]) == pytest.approx(expected, rel=1e-6)


def test_all_three_agree_with_skopt() -> None:
    x = np.zeros((5, 1))
    np.testing.assert_allclose(
        np.exp(log_ei(MEAN, STD, 0.4, 0.1)), gaussian_ei(x, Posterior(), 0.4, 0.1), rtol=1e-9
    )
    np.testing.assert_allclose(
        np.exp(log_poi(MEAN, STD, 0.4, 0.1)), gaussian_pi(x, Posterior(), 0.4, 0.1), rtol=1e-9
    )
    np.testing.assert_allclose(ucb(MEAN, STD, 2.5), -gaussian_lcb(x, Posterior(), 2.5), rtol=1e-12)


def test_where_nothing_is_uncertain_only_a_sure_gain_counts() -> None:
    mean, std = np.array([0.0, 1.0, 2.0]), np.zeros(3)
    assert log_ei(mean, std, best=1.0).tolist() == [0.0, -math.inf, -math.inf]
    assert log_poi(mean, std, best=1.0).tolist() == [0.0, -math.inf, -math.inf]


def test_the_order_of_hopeless_candidates_is_kept() -> None:
    mean = np.array([10.0, 1e2, 1e3, 9e3, 1.1e4, 1e6, 1e8])
    values = log_ei(mean, np.ones(7), best=0.0)
    assert np.isfinite(values).all()
    assert (np.diff(values) < 0.0).all()


@given(z=st.floats(-1.2e4, -0.9e4))
def test_the_asymptote_meets_the_formula(z: float) -> None:
    near = log_ei(np.array([-z, -z + 1e-3]), np.ones(2), best=0.0)
    assert near[0] > near[1]
    assert near[0] == pytest.approx(-0.5 * z * z - 0.9189385 - 2.0 * math.log(-z), rel=1e-12)


def test_a_wider_posterior_promises_more() -> None:
    stds = np.linspace(0.01, 3.0, 50)
    for values in (log_ei(np.ones(50), stds, best=0.0), ucb(np.ones(50), stds, 2.5)):
        assert (np.diff(values) > 0.0).all()
