"""Intervals for the best of several means: what they cover, and when there are none."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import studentized_range
from scipy.stats import t as student

from autosearch.simultaneous import Groups

LOSSES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=5)


@pytest.mark.statistical
@pytest.mark.parametrize(("deviation", "spread"), [(0.3, 0.0), (1.0, 1.0), (3.0, 0.0)])
def test_the_gain_of_the_chosen_one_lies_in_its_interval(deviation: float, spread: float) -> None:
    rng = np.random.default_rng(7)
    above = below = leads = 0
    for _ in range(100):
        true = rng.normal(0.0, spread, 3)
        runs = true[:, None] + rng.standard_normal((3, 3))
        default = 1.0 + deviation * rng.standard_normal(3)
        groups = Groups(tuple(map(tuple, runs.tolist())), tuple(default.tolist()))
        first, second = groups.order[:2]
        gain, lead = groups.gain(), groups.lead()
        below += 1.0 - true[first] < gain.low
        above += 1.0 - true[first] > gain.high
        leads += not lead.low <= true[second] - true[first] <= lead.high
    # 2.5 are expected of each bound at most; 9 come by chance once in a thousand.
    assert below <= 8
    assert above <= 8
    assert leads <= 8


def test_a_default_that_does_not_vary_is_taken_to_be_as_noisy_as_the_finalists() -> None:
    finalist = (1.0, 2.0, 4.0, 5.0)
    groups = Groups((finalist,), (3.0, 3.0, 3.0))
    gain = groups.gain()
    half = student.ppf(0.975, 3) * np.std(finalist, ddof=1) * math.sqrt(1 / 4 + 1 / 3)
    assert gain.value == 0.0
    default = groups.default_mean()
    assert (default.low, default.value, default.high) == (-math.inf, 3.0, math.inf)
    assert gain.high == pytest.approx(half, rel=0.03)
    assert gain.low == pytest.approx(-half, rel=0.03)


def test_the_lead_is_judged_as_tukey_does() -> None:
    runs = ((0.0, 1.0, 2.0), (1.5, 2.5, 3.5), (4.0, 5.0, 6.0))
    lead = Groups(runs).lead()
    half = studentized_range.ppf(0.975, 3, 6) / math.sqrt(2.0) * math.sqrt(2.0 / 3.0)
    assert lead.value == 1.5
    assert lead.high - lead.value == pytest.approx(half, rel=0.03)


def test_more_finalists_need_more_evidence() -> None:
    best, other, default = (0.0, 0.3, -0.3), (5.0, 5.3, 4.7), (1.0, 1.3, 0.7)
    few, many = Groups((best, other), default).gain(), Groups((best, *[other] * 7), default).gain()
    assert few.value == many.value
    assert Groups((best,), default).gain().high >= few.high > 0.0
    # The shared variance gets surer with them, and yet the bound for the best of all is lower.
    assert many.low < many.value - (many.high - many.value)


@settings(max_examples=20, deadline=None)
@given(LOSSES, LOSSES, st.floats(-1e3, 1e3), st.floats(0.01, 100.0))
def test_claims_move_and_scale_with_the_losses(
    one: list[float], two: list[float], shift: float, scale: float
) -> None:
    plain = Groups((tuple(one),), tuple(two))
    moved = Groups((tuple(scale * x + shift for x in one),), tuple(scale * x + shift for x in two))
    # Beside a shift, differences may be too small to be told from none.
    varies = [not g.constant and len(set(g.default)) > 1 for g in (plain, moved)]
    if not all(varies):
        return
    for a, b in zip(_numbers(plain), _numbers(moved), strict=True):
        assert b == pytest.approx(scale * a, rel=1e-6, abs=1e-6 * (1.0 + abs(shift) + scale * 1e3))


def _numbers(groups: Groups) -> list[float]:
    gain = groups.gain()
    return [gain.value, gain.low, gain.high]


@settings(max_examples=20, deadline=None)
@given(LOSSES, LOSSES)
def test_an_interval_holds_its_own_estimate_and_the_best_is_the_first(
    one: list[float], two: list[float]
) -> None:
    groups = Groups((tuple(one), tuple(two)), tuple(two))
    assert groups.means[groups.order[0]] == min(groups.means)
    if groups.constant:
        return
    for found in (groups.gain(), groups.lead(), groups.mean(0), groups.mean(1)):
        assert found.low <= found.value <= found.high


def test_identical_runs_are_constant_and_one_run_knows_no_bounds() -> None:
    assert Groups(((1.0, 1.0), (2.0, 2.0)), (3.0, 3.5)).constant
    assert Groups(((0.1,) * 7,)).constant
    assert not Groups(((1.0, 1.0), (2.0, 2.1)), (3.0, 3.0)).constant
    assert Groups(((1.0,), (2.0,))).freedom == 0
    assert Groups(((1.0, 2.0),), (3.0,)).gain().low == -math.inf
