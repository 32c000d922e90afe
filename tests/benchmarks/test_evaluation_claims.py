"""The planted faults are what they claim to be, and the verdicts on them are computed right."""

import subprocess
import sys

import numpy as np
import pytest

from benchmarks.evaluation_claims import gains, labels, slices
from evaluation.intervals import Estimate


@pytest.mark.parametrize("kind", slices.PLANTED)
def test_a_planted_group_loses_what_it_says(kind: str) -> None:
    done = [slices.plant(kind, 0.5, seed) for seed in range(5)]
    wrong = [item.p.argmax(axis=1) != item.labels for item in done]
    inside = np.mean([w[item.bad].mean() for w, item in zip(wrong, done, strict=True)])
    outside = np.mean([w[~item.bad].mean() for w, item in zip(wrong, done, strict=True)])
    assert inside - outside == pytest.approx(0.5, abs=0.08)
    lost = np.mean([item.gain / item.bad.mean() for item in done])
    assert lost == pytest.approx(0.5, abs=0.08)


def test_a_strong_group_is_found_and_its_gain_covered() -> None:
    found = slices.judge(slices.plant("a range", 0.5, 0))
    assert found.found
    assert found.overlap > 0.8
    assert not found.innocent
    assert found.covered


def test_an_interval_covers_its_ends_up_to_rounding() -> None:
    amount = Estimate(0.2, 0.1, 0.3)
    assert slices.covers(amount, 0.3 + 1e-12)
    assert not slices.covers(amount, 0.301)


def test_flips_are_as_many_as_asked_and_go_to_the_next_class() -> None:
    truth = np.arange(1000) % 5
    given = labels.flip(truth, 0.04, True, 0)
    assert (given != truth).sum() == 40
    assert set((given - truth)[given != truth] % 5) == {1}


@pytest.mark.slow
def test_the_list_of_wrong_labels_is_scored() -> None:
    score = labels.ours(labels.clusters(5, 1000, False, 0))
    assert score.precision > 0.8
    assert score.recall > 0.8
    assert score.covered


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["LBL", "CNF", "IMB"])
def test_a_planted_fault_makes_its_suggestion(rule: str) -> None:
    result, gain = gains.CASES[rule](0)
    item = gains.suggestion(result, rule)
    assert item is not None
    assert gain(item) > 0.01


def test_an_unknown_part_is_refused() -> None:
    command = [sys.executable, "-m", "benchmarks.evaluation_claims", "lables"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "'lables'" in run.stderr
