import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score, precision_recall_curve

from evaluation import ranking, samples, selective
from evaluation.inputs import read_predictions
from tests.evaluation.samples import predictions


def test_the_area_is_the_mean_risk_over_all_coverages() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    correct = np.array([True, False, True, True])
    found = selective.risk_coverage(confidence, correct, 0.05)
    assert found.aurc.value == pytest.approx(np.mean([0, 1 / 2, 1 / 3, 1 / 4]))
    assert found.excess_aurc.value == pytest.approx(found.aurc.value - np.mean([0, 0, 0, 1 / 4]))


def test_equal_confidences_count_as_shuffled() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.5])
    correct = np.array([True, False, False, True])
    found = selective.risk_coverage(confidence, correct, 0.05)
    assert found.aurc.value == pytest.approx(np.mean([2 / 3, 2 / 3, 2 / 3, 2 / 4]))


@pytest.mark.statistical
def test_a_guaranteed_risk_is_exceeded_no_more_often_than_promised() -> None:
    broken = promised = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        confidence = rng.uniform(0.5, 1, 1500)
        correct = rng.random(1500) < confidence**0.3
        (guarantee,) = [
            g
            for g in selective.risk_coverage(confidence, correct, 0.1).guarantees
            if g.risk == 0.05
        ]
        if guarantee.threshold is None:
            continue
        promised += 1
        grid = np.linspace(guarantee.threshold, 1, 2000)
        broken += (1 - grid**0.3).mean() > 0.05
    assert promised > 200
    assert stats.binomtest(broken, promised, 0.1, alternative="greater").pvalue > 0.001


def test_a_threshold_rejects_and_the_scores_follow() -> None:
    data = predictions(400, 4, 0)
    each = samples.measure(data)
    found = selective.sweep(each.confidence, data.labels, data.predicted, 4)
    accepted = each.confidence >= 0.6
    at = int(np.flatnonzero(np.isclose(found.threshold, 0.6))[0])
    assert found.coverage[at] == pytest.approx(accepted.mean())
    assert found.accuracy[at] == pytest.approx(each.correct[accepted].mean())
    rejected = np.where(accepted, data.predicted, 4)
    expected = f1_score(data.labels, rejected, labels=range(4), average="macro")
    assert found.macro_f1[at] == pytest.approx(expected)


def test_class_thresholds_are_the_best_of_each_half() -> None:
    data = predictions(500, 3, 5)
    each = samples.measure(data)
    halves = np.arange(500) % 2
    ranks = ranking.class_ranks(data, each.p_true, halves)
    found = selective.class_thresholds(ranks, (250, 250))
    p = np.asarray(data.scores)
    for c in range(3):
        best, f1 = [], []
        for half in (0, 1):
            truth = data.labels == c
            precision, recall, cuts = precision_recall_curve(
                truth[halves == half], p[halves == half, c]
            )
            scores = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
            best.append(cuts[int(scores[:-1].argmax())])
            f1.append(scores[:-1].max())
        item = found[c]
        assert item is not None
        assert item.threshold == pytest.approx(np.mean(best), abs=0.05)
        assert item.f1 <= np.mean(f1) + 1e-9


def test_a_class_with_fewer_than_four_samples_has_no_threshold() -> None:
    data = read_predictions([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], [0, 0, 1, 0])
    each = samples.measure(data)
    ranks = ranking.class_ranks(data, each.p_true, np.array([0, 1, 0, 1]))
    assert selective.class_thresholds(ranks, (2, 2))[1] is None
