"""The claims' benchmark: its noise is what it says, and it counts right and wrong claims."""

import numpy as np
import pytest

from autosearch.space import Float, Space
from benchmarks.claims.__main__ import futures_table, share
from benchmarks.claims.tasks import NOISES, Noise, Noisy
from benchmarks.claims.winners import Winner

SPACE = Space({"x": Float(0, 1)})


@pytest.mark.parametrize("kind", NOISES)
def test_noise_has_its_deviation_and_no_bias(kind: Noise) -> None:
    task = Noisy("t", "noisy", SPACE, lambda p: float(p["x"]), noise=0.1, kind=kind, range=0.5)
    rng = np.random.default_rng(0)
    at_half = np.array([task.observe({"x": 0.25}, rng) for _ in range(20_000)])
    assert at_half.mean() == pytest.approx(0.25, abs=0.01)
    assert at_half.std() == pytest.approx(0.1, rel=0.15)
    at_best = np.array([task.observe({"x": 0.0}, rng) for _ in range(20_000)])
    assert at_best.std() == pytest.approx(0.05 if kind == "growing" else 0.1, rel=0.15)


def winner(true: list[float], seed: int, deviation: float = 0.01) -> Winner:
    rng = np.random.default_rng(seed)
    runs = [[loss + deviation * float(rng.standard_normal()) for _ in range(3)] for loss in true]
    return Winner("t", "noisy", "normal", "random", seed, runs[:-1], runs[-1], true, 0.0, 0.0)


def test_claims_are_counted_against_the_truth() -> None:
    found = [winner([1.0, 1.1, 1.2, 2.0], seed).claims() for seed in range(30)]
    assert all(c.proven and not c.wrong for c in found)
    assert sum(c.gain_held for c in found) >= 27
    null = [winner([1.0] * 4, seed).claims() for seed in range(30)]
    assert all(c.wrong == c.proven for c in null)
    # Runs that have nothing to do with the truth that is stated: the claims are false.
    runs = [[1.0, 1.01, 0.99], [1.5, 1.51, 1.49]]
    lied = Winner(
        "t", "noisy", "normal", "random", 0, runs, [2.0, 2.01, 1.99], [5.0, 5.5, 2.0], 0.0, 0.0
    )
    assert lied.claims().wrong and not lied.claims().gain_held


def test_a_range_that_misses_is_counted_on_its_side() -> None:
    claims = [[15, g, 0.0, 1.0, 0.5, 1.0] for g in (0.5, 0.5, 2.0, -1.0)]
    row = {"suite": "plain", "strategy": "auto", "claims": claims, "stop": 60, "regret": 0.02}
    table = futures_table([row])
    assert "| all | 4 | 50.0 [15.0, 85.0] | 25.0 [4.6, 69.9] | 25.0 [4.6, 69.9] |" in table
    assert "| all | 1 | 40.0 [40.0, 40.0] | 2.00 [2.00, 2.00] | 2.00 |" in table
    assert share([]) == "–"
