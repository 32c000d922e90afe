"""Sensitivity and slices: what was planted is found, and nothing where nothing is."""

import numpy as np
import pytest
from scipy import stats

from evaluation import sensitivity, slices, subgroups
from evaluation.arrays import content_folds, content_order
from evaluation.columns import Column, build_columns, numeric
from evaluation.inputs import Predictions, read_predictions

CLASSES = 6


def planted(
    seed: int, kind: str, loss: float = 0.3, n: int = 1800
) -> tuple[Predictions, list[Column], np.ndarray]:
    """Return predictions, eight properties that go together in part, and the degraded samples."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(n, 3))
    mixed = base @ rng.normal(size=(3, 5)) * 0.8 + rng.normal(size=(n, 5)) * 0.6
    values = np.hstack([base, mixed])
    low, high = values[:, 0] < np.quantile(values[:, 0], 0.4), values[:, 1] > 0.3
    bad = {
        "none": np.zeros(n, bool),
        "range": values[:, 0] < np.quantile(values[:, 0], 0.2),
        "both": low & high,
    }[kind]
    labels = rng.integers(0, CLASSES, n)
    right = rng.random(n) < 0.92 - 0.02 * labels / CLASSES - loss * bad
    predicted = np.where(right, labels, (labels + rng.integers(1, CLASSES, n)) % CLASSES)
    columns, _ = build_columns({f"f{i}": values[:, i] for i in range(8)})
    names = {i: str(i) for i in range(CLASSES)}
    return read_predictions(predicted, labels, label_map=names), columns, bad


def analysed(
    data: Predictions, columns: list[Column], seed: int = 0
) -> tuple[list[sensitivity.Sensitivity], slices.SliceSearch]:
    keys = [np.random.default_rng(seed).random(len(data))]
    halves = content_folds(content_order(keys), 2, 0)
    classes = Column("class", data.labels.astype(float), data.labels, np.empty(0), data.classes)
    wrong = (data.labels != data.predicted).astype(float)
    found = slices.find_slices(columns, wrong, classes, halves, 0.05)
    return sensitivity.analyse_columns(columns, data, halves, 0.05, found.slices), found


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.slow
@pytest.mark.statistical
def test_a_degraded_range_is_named_and_no_innocent_property_with_it() -> None:
    shared, innocent = [], 0
    for seed in range(8):
        data, columns, bad = planted(seed, "range")
        sensitive, _ = analysed(data, columns, seed)
        named = {item.column.name: item for item in sensitive if item.named}
        assert "f0" in named
        assert named["f0"].confirmed_q < 0.05
        innocent += len(named) > 1
        found = named["f0"].found
        assert found is not None
        shared.append(overlap(columns[0].members(found.low, found.high), bad))
    assert np.mean(shared) >= 0.8
    assert innocent <= 1


@pytest.mark.slow
@pytest.mark.statistical
def test_a_conjunction_is_found_as_a_slice() -> None:
    shared = []
    for seed in range(10):
        data, columns, bad = planted(seed, "both")
        _, found = analysed(data, columns, seed)
        if found.slices:
            assert found.slices[0].q < 0.05
            shared.append(overlap(found.slices[0].inside, bad))
    assert len(shared) >= 7
    assert np.mean(shared) >= 0.6


def null_share(runs: int) -> float:
    """Return how often anything is named where correctness follows from nothing."""
    findings = 0
    for seed in range(runs):
        data, columns, _ = planted(seed, "none", n=1000)
        sensitive, found = analysed(data, columns, seed)
        findings += any(item.named for item in sensitive) or bool(found.slices)
    return findings / runs


@pytest.mark.slow
@pytest.mark.statistical
def test_nothing_is_named_where_nothing_is() -> None:
    # At 5 % the chance of more than 5 in 20 is below 0.001.
    assert null_share(20) <= 5 / 20


@pytest.mark.full
@pytest.mark.statistical
def test_nothing_is_named_where_nothing_is_in_two_hundred_sets() -> None:
    assert null_share(200) <= 0.08


@pytest.mark.slow
@pytest.mark.statistical
@pytest.mark.parametrize("loss", [0.15, 0.3])
def test_the_estimated_loss_covers_the_planted_one(loss: float) -> None:
    covered = 0
    for seed in range(20):
        data, columns, bad = planted(100 + seed, "range", loss)
        halves = content_folds(np.random.default_rng(seed).permutation(len(data)), 2, 0)
        wrong = (data.labels != data.predicted).astype(float)
        found = sensitivity.cross_fitted_excess(columns[0], 0, wrong, data.labels, halves, 0.05)
        covered += found.low <= loss * bad.mean() <= found.high
    assert covered >= 18


def test_a_property_that_repeats_another_is_explained_by_it() -> None:
    data, columns, _ = planted(1, "range", loss=0.4)
    noise = np.random.default_rng(0).normal(size=len(data)) * 0.15
    echo = numeric("echo", columns[0].values + noise)
    assert echo is not None
    sensitive, _ = analysed(data, [columns[0], echo])
    assert sensitive[0].named
    assert not sensitive[1].named
    assert sensitive[1].confirmed_q < 0.05
    assert sensitive[1].explained_by == "f0"


def test_the_exact_test_equals_fishers_for_one_stratum() -> None:
    rng = np.random.default_rng(0)
    wrong = (rng.random(60) < 0.4).astype(float)
    inside, everything = np.arange(60) < 20, np.ones(60, bool)
    a, b = int(wrong[inside].sum()), int(wrong[~inside].sum())
    table = [[a, 20 - a], [b, 40 - b]]
    found = subgroups.exact_p(inside, everything, wrong, np.zeros(60, np.int64))
    assert found == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue)


def test_the_exact_test_adds_up_over_strata() -> None:
    rng = np.random.default_rng(3)
    strata = rng.integers(0, 3, 90)
    wrong, inside = (rng.random(90) < 0.3).astype(float), rng.random(90) < 0.4
    observed = wrong[inside].sum()
    shuffled = wrong.copy()
    count = 0
    for _ in range(4000):
        for s in range(3):
            shuffled[strata == s] = rng.permutation(wrong[strata == s])
        count += shuffled[inside].sum() >= observed
    found = subgroups.exact_p(inside, np.ones(90, bool), wrong, strata)
    assert found == pytest.approx(count / 4000, abs=0.03)


def test_the_sensitivity_of_modelarts_is_the_population_deviation_of_the_fifths() -> None:
    f1 = np.array([[0.80, 0.5], [0.90, 0.5], [0.85, 0.5], [0.95, np.nan], [0.70, 0.5]])
    found = sensitivity.population_std(f1)
    assert found == pytest.approx([np.std([0.80, 0.90, 0.85, 0.95, 0.70]), 0.0])


@pytest.mark.parametrize(
    ("fifths", "printed"),
    [
        ([0.7929, 0.8816, 0.9363, 0.9462, 0.9751], 0.0643),
        ([0.8727, 0.7429, 0.7229, 0.7912, 0.7619], 0.0523),
        ([0.7556, 0.8489, 0.9239, 0.9492, 0.9631], 0.0771),
        ([0.8333, 0.6466, 0.6316, 0.8000, 0.5946], 0.0963),
        ([0.9355, 0.9677, 0.9677, 0.9677, 1.0000], 0.0204),
        ([0.9355, 0.9355, 0.9355, 0.7742, 0.8065], 0.0718),
    ],
)
def test_the_tables_of_modelarts_manual_are_reproduced(fifths: list[float], printed: float) -> None:
    found = sensitivity.population_std(np.array([fifths]).T)
    assert found == [pytest.approx(printed, abs=5e-5)]


def test_fifths_have_equal_size_and_ties_stay_together() -> None:
    assert np.bincount(sensitivity.rank_bins(np.arange(100.0))).tolist() == [20] * 5
    tied = sensitivity.rank_bins(np.array([1.0] * 60 + [2.0] * 40))
    assert len(set(tied[:60].tolist())) == 1
    assert len(set(tied[60:].tolist())) == 1


def test_f1_by_fifth_equals_scikit_learn() -> None:
    from sklearn.metrics import f1_score

    data, columns, _ = planted(0, "range")
    sensitive, _ = analysed(data, columns[:1])
    codes = sensitivity.rank_bins(columns[0].values)
    for place, fifth in enumerate(sensitive[0].fifths):
        inside = codes == place
        expected = f1_score(
            data.labels[inside], data.predicted[inside], average=None, labels=range(CLASSES)
        )
        assert fifth.f1 == pytest.approx(expected.tolist())


def test_constant_and_missing_values() -> None:
    columns, constant = build_columns(
        {
            "flat": np.ones(50),
            "empty": np.full(50, np.nan),
            "text": ["a"] * 50,
            "two": np.r_[np.zeros(45), np.ones(5)],
        }
    )
    assert constant == ["flat", "empty", "text"]
    assert columns[0].bins == 2
    assert np.bincount(columns[0].codes).tolist() == [45, 5]


def test_a_property_that_tells_the_label_is_a_shortcut() -> None:
    data, columns, _ = planted(2, "none")
    telling = numeric("telling", data.labels + np.random.default_rng(0).normal(size=1800) * 0.2)
    assert telling is not None
    sensitive, _ = analysed(data, [columns[0], telling])
    assert sensitive[0].label_v < 0.05
    assert sensitive[1].label_v > 0.7
    assert sensitive[1].label_q < 1e-6
