"""Intervals of figures without a textbook formula: they cover what a large sample shows."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

from evaluation import calibration, ranking, samples, selective
from evaluation.arrays import content_folds, content_order
from evaluation.inputs import Predictions, read_predictions
from evaluation.intervals import Estimate
from tests.evaluation.samples import softmax

SETS, LARGE = 150, 200_000
FIGURES = ("ace", "classwise", "debiased", "aurc", "excess_aurc", "macro_average_precision")


def drawn(n: int, sharpness: float, seed: int) -> Predictions:
    """Return predictions whose labels are drawn from the softmax before the logits are scaled."""
    rng = np.random.default_rng([seed, n])
    logits = rng.normal(size=(n, 4)) * 2
    chosen = softmax(logits).cumsum(axis=1) < rng.random((n, 1))
    return read_predictions(softmax(logits * sharpness), np.minimum(chosen.sum(axis=1), 3))


def figures(data: Predictions) -> dict[str, Estimate]:
    each = samples.measure(data)
    order = content_order(samples.content_keys(data, each))
    item = calibration.calibrate(data, each, order, 10, 0.05, 0)
    risk = selective.risk_coverage(each.confidence, each.correct, 0.05)
    ranks = ranking.class_ranks(data, each.p_true, content_folds(order, 2, 0))
    ranked = ranking.rank(data, ranks, order, 0.05, 0)
    return {
        "mce": item.mce,
        "ace": item.ace,
        "classwise": item.classwise,
        "debiased": item.debiased,
        "aurc": risk.aurc,
        "excess_aurc": risk.excess_aurc,
        "macro_average_precision": ranked.macro_average_precision,
    }


def inside(one: Estimate, truth: float) -> bool:
    assert one.low is not None and one.high is not None and one.value is not None
    assert one.low <= one.value <= one.high
    return one.low <= truth <= one.high


def small_sets(sharpness: float) -> Iterator[dict[str, Estimate]]:
    for seed in range(SETS):
        yield figures(drawn(1000, sharpness, seed))


@pytest.mark.statistical
@pytest.mark.parametrize("sharpness", [1.0, 2.0])
def test_intervals_cover_the_figures_of_a_large_sample(sharpness: float) -> None:
    truth = {name: one.value for name, one in figures(drawn(LARGE, sharpness, 10**6)).items()}
    found = list(small_sets(sharpness))
    for name in (*FIGURES, "mce"):
        covered = sum(inside(one[name], truth[name] or 0.0) for one in found)
        assert stats.binomtest(covered, SETS, 0.95, alternative="less").pvalue > 0.001, (
            name,
            covered,
        )
    # An interval that covers because it says nothing would pass the above.
    widths = {
        name: np.mean([(o[name].high or 0) - (o[name].low or 0) for o in found]) for name in FIGURES
    }
    assert max(widths.values()) < 0.1


def jackknife(value: float, without: list[float]) -> float:
    n = len(without)
    return float(((n - 1) / n * ((np.array(without) - np.mean(without)) ** 2).sum()) ** 0.5)


def test_errors_of_areas_equal_the_jackknife() -> None:
    data = drawn(150, 1.5, 3)
    whole = figures(data)
    scores, labels = np.asarray(data.scores), data.labels
    left_out = [
        figures(read_predictions(np.delete(scores, i, 0), np.delete(labels, i))) for i in range(150)
    ]
    for name in ("aurc", "excess_aurc", "macro_average_precision"):
        one = whole[name]
        error = jackknife(one.value or 0, [item[name].value or 0 for item in left_out])
        assert one.value is not None and one.low is not None and one.high is not None
        half = (np.log(one.high / (1 - one.high)) - np.log(one.low / (1 - one.low))) / 2
        assert half / 1.96 * one.value * (1 - one.value) == pytest.approx(error, rel=0.1), name
