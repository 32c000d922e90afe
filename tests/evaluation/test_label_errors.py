import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from evaluation import label_errors, samples
from evaluation.inputs import read_predictions
from evaluation.label_errors import LabelErrors
from tests.evaluation.digits import flipped
from tests.evaluation.samples import predictions, scores, softmax

ERRORS = 67
SEEDS = range(7)


def found_in(p: np.ndarray, labels: np.ndarray) -> LabelErrors:
    data = read_predictions(p, labels)
    return label_errors.find(data, samples.measure(data).p_true, 0.5, 0.05)


@pytest.mark.slow
@pytest.mark.statistical
def test_flipped_labels_of_real_digits_are_found() -> None:
    precision, recall, ranking, covered = [], [], [], 0
    for seed in SEEDS:
        p, given, truth = flipped(seed, ERRORS)
        wrong = given != truth
        found = found_in(p, given)
        listed = np.zeros(len(wrong), bool)
        listed[found.listed] = True
        precision.append((listed & wrong).sum() / listed.sum())
        recall.append((listed & wrong).sum() / ERRORS)
        ranking.append(average_precision_score(wrong, found.posterior))
        covered += found.expected_count.low <= ERRORS <= found.expected_count.high
    f1 = 2 * np.mean(precision) * np.mean(recall) / (np.mean(precision) + np.mean(recall))
    assert f1 >= 0.85
    assert np.mean(precision) >= 0.80
    assert np.mean(recall) >= 0.80
    assert np.mean(ranking) >= 0.93
    assert covered >= 6


@pytest.mark.slow
def test_noise_that_the_model_has_learned_is_found_all_the_same() -> None:
    p, given, truth = flipped(1, 216, to_next=True)
    found = found_in(p, given)
    wrong, listed = given != truth, np.zeros(len(given), bool)
    listed[found.listed] = True
    assert (listed & wrong).sum() / listed.sum() > 0.85
    assert (listed & wrong).sum() / wrong.sum() > 0.6
    assert found.expected_count.low <= 216 <= found.expected_count.high


@pytest.mark.slow
def test_the_suggested_label_is_mostly_the_truth() -> None:
    p, given, truth = flipped(0, ERRORS)
    found = found_in(p, given)
    hit = found.listed[(given != truth)[found.listed]]
    assert (found.suggested[hit] == truth[hit]).mean() > 0.85


@pytest.mark.slow
def test_clean_labels_raise_no_alarm() -> None:
    p, given, _ = flipped(0, 0)
    found = found_in(p, given)
    assert len(found.listed) <= 4  # of 1,797, some of them hard to read
    assert found.expected_count.low < 1


def test_noise_between_two_classes_is_learned_as_such() -> None:
    logits, truth = scores(4000, 5, 1, strength=5.0)
    rng = np.random.default_rng(2)
    given = np.where((truth == 1) & (rng.random(4000) < 0.2), 3, truth)
    found = found_in(softmax(logits), given)
    wrong = given != truth
    listed = np.zeros(4000, bool)
    listed[found.listed] = True
    assert (listed & wrong).sum() / wrong.sum() > 0.8
    assert (listed & wrong).sum() / listed.sum() > 0.9


def test_the_list_is_ordered_by_posterior_and_cut() -> None:
    logits, truth = scores(1500, 4, 3, strength=4.0)
    given = np.where(np.random.default_rng(0).random(1500) < 0.05, (truth + 1) % 4, truth)
    found = found_in(softmax(logits), given)
    posterior = found.posterior[found.listed]
    assert (np.diff(posterior) <= 0).all()
    assert posterior.min() >= 0.5
    assert (found.posterior >= 0.5).sum() == len(found.listed)


def test_the_confident_joint_follows_its_definition() -> None:
    data = predictions(500, 4, 2)
    p, y = np.asarray(data.scores), data.labels
    limits = np.array([p[y == c, c].mean() for c in range(4)])
    counts = np.zeros((4, 4))
    for row, label in zip(p, y, strict=True):
        passing = np.flatnonzero(row >= limits)
        if len(passing):
            counts[label, passing[row[passing].argmax()]] += 1
    counts *= (np.bincount(y) / counts.sum(axis=1))[:, None]
    found = label_errors.confident_joint(data, p[np.arange(500), y])
    np.testing.assert_allclose(found, counts / counts.sum(), atol=1e-12)


@pytest.mark.parametrize("kind", ["probability", "logits"])
def test_a_class_without_samples_does_no_harm(kind: str) -> None:
    logits, labels = scores(400, 5, 0)
    labels[labels == 4] = 0
    data = read_predictions(softmax(logits) if kind == "probability" else logits, labels, kind=kind)
    found = label_errors.find(data, samples.measure(data).p_true, 0.5, 0.05)
    assert np.isfinite(found.posterior).all()
    assert ((found.posterior >= 0) & (found.posterior <= 1)).all()
    assert np.isfinite(found.joint).all()
