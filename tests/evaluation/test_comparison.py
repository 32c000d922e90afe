import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from evaluation import comparison, drift, embedding
from evaluation.inputs import Predictions, read_predictions
from tests.evaluation.samples import scores, softmax


def pair(seed: int, noise: float, n: int = 800) -> tuple[Predictions, Predictions]:
    logits, labels = scores(n, 4, seed)
    other = logits + np.random.default_rng(seed).normal(size=logits.shape) * noise
    return read_predictions(softmax(other), labels), read_predictions(softmax(logits), labels)


def test_differences_are_paired() -> None:
    new, old = pair(0, 2.0)
    found = comparison.compare(new, old, 0.05)
    right, before = new.predicted == new.labels, old.predicted == old.labels
    assert found.accuracy.value == pytest.approx(right.mean() - before.mean())
    assert found.broken.tolist() == np.flatnonzero(before & ~right).tolist()
    f1 = [f1_score(p.labels, p.predicted, average="macro") for p in (new, old)]
    assert found.macro_f1.value == pytest.approx(f1[0] - f1[1])
    assert found.worse


def test_mcnemar_is_the_exact_binomial_test() -> None:
    assert comparison.mcnemar(3, 12) == pytest.approx(stats.binomtest(3, 15).pvalue)
    assert comparison.mcnemar(0, 0) == 1.0


def test_a_model_is_not_worse_than_itself() -> None:
    new, _ = pair(1, 0.5)
    found = comparison.compare(new, new, 0.05)
    assert not found.worse
    assert found.accuracy.value == 0
    assert found.p == 1.0


@pytest.mark.statistical
def test_the_interval_of_a_paired_difference_covers_the_truth() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for gained, lost, _ in rng.multinomial(300, [0.06, 0.02, 0.92], size=400):
        found = comparison.paired_proportion(int(gained), int(lost), 300, 0.05)
        hits += found.low <= 0.04 <= found.high
    assert hits >= 366


@pytest.mark.statistical
def test_the_interval_of_the_macro_f1_difference_covers_the_truth() -> None:
    wide_new, wide_old = pair(5, 1.0, 100_000)
    truth = comparison.compare(wide_new, wide_old, 0.05).macro_f1.value
    hits = 0
    for seed in range(100, 250):
        found = comparison.compare(*pair(seed, 1.0, 400), 0.05).macro_f1
        hits += found.low <= truth <= found.high
    assert hits >= 134


def test_drift_is_found_where_it_is() -> None:
    rng = np.random.default_rng(0)
    here = {
        "same": rng.normal(size=500),
        "moved": rng.normal(size=500) + 0.5,
        "c": ["a", "b"] * 250,
    }
    there = {"same": rng.normal(size=500), "moved": rng.normal(size=500), "c": ["a", "a"] * 250}
    found = drift.compare(here, there, ((90, 100), (80, 100)), 0.05)
    q = {shift.name: shift.q for shift in found.shifts}
    assert q["moved"] < 0.01
    assert q["c"] < 0.01
    assert q["same"] > 0.05
    assert found.gap.value == pytest.approx(0.1)
    statistic = {shift.name: shift.statistic for shift in found.shifts}["moved"]
    assert statistic == pytest.approx(stats.ks_2samp(here["moved"], there["moved"]).statistic)


def test_columns_of_one_set_only_are_left_out() -> None:
    found = drift.compare({"a": np.zeros(5)}, {"b": np.zeros(5)}, ((1, 2), (1, 2)), 0.05)
    assert found.shifts == []


def test_the_picture_of_the_features_is_their_principal_components() -> None:
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 6)) * [5, 3, 1, 1, 1, 1]
    values[0] = 40
    found = embedding.embed(values, 300, 0)
    expected = PCA(2).fit(values)
    np.testing.assert_allclose(np.abs(found.points), np.abs(expected.transform(values)), atol=1e-6)
    np.testing.assert_allclose(found.explained, expected.explained_variance_ratio_, rtol=1e-6)
    assert found.outliers[0] == 0


def test_even_features_have_few_outliers() -> None:
    values = np.random.default_rng(1).normal(size=(400, 5))
    assert len(embedding.embed(values, 400, 0).outliers) <= 4


@pytest.mark.parametrize("shape", [(5, 1), (1, 3), (30, 2)])
def test_small_feature_tables_do_no_harm(shape: tuple[int, int]) -> None:
    found = embedding.embed(np.random.default_rng(0).normal(size=shape), shape[0], 0)
    assert np.isfinite(found.points).all()
