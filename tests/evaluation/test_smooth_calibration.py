"""SmoothECE against its definition, and the cover of its interval and of that of the ECE."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from evaluation import calibration, calibration_intervals
from evaluation.intervals import Estimate
from evaluation.smooth_calibration import smooth_ece


def smoothed_directly(f: np.ndarray, y: np.ndarray, width: float) -> float:
    """Integrate the residuals under a Gaussian, folded back at 0 and 1, point by point."""
    t = np.linspace(0, 1, 2001)
    total = np.zeros(len(t))
    for shift in (-2, 0, 2):
        for sign in (1, -1):
            away = (t[:, None] - (sign * f + shift)) / width
            total += np.exp(-(away**2) / 2) @ (y - f) / (width * (2 * np.pi) ** 0.5 * len(f))
    return float(np.trapezoid(np.abs(total), t))


@pytest.mark.parametrize(("n", "power"), [(150, 1.0), (300, 1.5), (300, 0.4)])
def test_it_is_the_width_at_which_the_smoothed_error_is_that_width(n: int, power: float) -> None:
    rng = np.random.default_rng(n)
    f = rng.uniform(0.2, 1, n)
    y = (rng.random(n) < f**power).astype(float)
    exact = optimize.brentq(lambda s: smoothed_directly(f, y, s) - s, 2e-3, 1, xtol=1e-8)
    assert smooth_ece(f, y, 0.05, 0).value == pytest.approx(exact, abs=1e-6)


@given(st.floats(0, 1), st.sampled_from([0.0, 1.0]))
@settings(max_examples=30, deadline=None)
def test_one_sample_is_off_by_its_residual(confidence: float, correct: float) -> None:
    found = smooth_ece(np.array([confidence]), np.array([correct]), 0.05, 0)
    assert found.value == pytest.approx(abs(correct - confidence), abs=1e-6)


Measure = Callable[[np.ndarray, np.ndarray, int], Estimate]


def binned(f: np.ndarray, y: np.ndarray, seed: int) -> Estimate:
    bins = calibration.reliability_bins(f, y, 15, 0.05)
    return calibration_intervals.sum_of_gaps(bins.hits, bins.n, bins.confidence, 0.05, seed)


def smooth(f: np.ndarray, y: np.ndarray, seed: int) -> Estimate:
    return smooth_ece(f, y, 0.05, seed)


@pytest.mark.statistical
@pytest.mark.parametrize("measure", [binned, smooth])
@pytest.mark.parametrize("power", [1.0, 1.1, 1.5])
def test_the_interval_covers_the_error_of_the_population(measure: Measure, power: float) -> None:
    rng = np.random.default_rng(0)
    everything = rng.uniform(0.3, 1, 400_000)
    truth = measure(everything, everything**power, 0).value if power != 1 else 0.0
    hits = 0
    for seed in range(60):
        f = rng.uniform(0.3, 1, 1000)
        found = measure(f, (rng.random(1000) < f**power).astype(float), seed)
        hits += found.low <= truth <= found.high
    # At 95 %, fewer than 51 of 60 has a chance below 0.001.
    assert hits >= 51
