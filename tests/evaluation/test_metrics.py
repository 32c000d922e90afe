"""Every figure against scikit-learn or a plain formula."""

import doctest
import warnings
from types import ModuleType

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

import evaluation.adapters
import evaluation.result
from evaluation import confusion, ranking, samples
from evaluation.arrays import content_folds, content_order
from evaluation.inputs import Predictions, read_predictions
from tests.evaluation.samples import predictions, scores, softmax

CASES = [(600, 5, 0), (300, 2, 1), (400, 30, 2), (1000, 3, 3)]


def ranked(data: Predictions) -> ranking.Ranking:
    each = samples.measure(data)
    order = content_order(samples.content_keys(data, each))
    halves = content_folds(order, 2, 0)
    return ranking.rank(data, ranking.class_ranks(data, each.p_true, halves), order, 0.05, 0)


@pytest.mark.parametrize(("n", "k", "seed"), CASES)
def test_summary_equals_scikit_learn(n: int, k: int, seed: int) -> None:
    data = predictions(n, k, seed)
    y, p = data.labels, data.predicted
    found = confusion.summary(confusion.count(y, p, k), 0.05)
    expected = {
        "accuracy": metrics.accuracy_score(y, p),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, p),
        "macro_precision": metrics.precision_score(y, p, average="macro", zero_division=0),
        "macro_f1": metrics.f1_score(y, p, average="macro", zero_division=0),
        "macro_recall": metrics.recall_score(y, p, average="macro", zero_division=0),
        "weighted_precision": metrics.precision_score(y, p, average="weighted", zero_division=0),
        "weighted_f1": metrics.f1_score(y, p, average="weighted", zero_division=0),
        "kappa": metrics.cohen_kappa_score(y, p),
        "mcc": metrics.matthews_corrcoef(y, p),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected, abs=1e-9)


def test_a_class_that_is_only_predicted_counts_in_macro_f1_as_in_scikit_learn() -> None:
    y, p = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    found = confusion.summary(confusion.count(y, p, 4), 0.05)["macro_f1"].value
    assert found == pytest.approx(metrics.f1_score(y, p, average="macro", zero_division=0))


@pytest.mark.parametrize(("n", "k", "seed"), CASES)
def test_class_scores_equal_scikit_learn(n: int, k: int, seed: int) -> None:
    data = predictions(n, k, seed)
    found = confusion.class_scores(confusion.count(data.labels, data.predicted, k), 0.05)
    expected = metrics.precision_recall_fscore_support(
        data.labels, data.predicted, labels=range(k), zero_division=0
    )
    for place, name in enumerate(("precision", "recall", "f1")):
        values = [getattr(item, name).value for item in found]
        np.testing.assert_allclose(values, expected[place], atol=1e-12)
    assert [item.support for item in found] == expected[3].tolist()


def test_scores_that_divide_by_nothing_are_0_and_flagged() -> None:
    found = confusion.class_scores(np.array([[3, 0, 0], [1, 2, 0], [0, 0, 0]]), 0.05)[2]
    assert found.precision.value == found.recall.value == found.f1.value == 0
    assert set(found.undefined) == {"precision", "recall", "f1"}


@pytest.mark.parametrize(("n", "k", "seed"), CASES)
@pytest.mark.parametrize("kind", ["probability", "logits"])
def test_losses_equal_scikit_learn(n: int, k: int, seed: int, kind: str) -> None:
    logits, labels = scores(n, k, seed)
    p = softmax(logits)
    data = read_predictions(p if kind == "probability" else logits, labels, kind=kind)
    each = samples.measure(data)
    assert each.log_loss.mean() == pytest.approx(
        metrics.log_loss(labels, p, labels=range(k)), abs=1e-9
    )
    brier = ((p - np.eye(k)[labels]) ** 2).sum(axis=1)
    np.testing.assert_allclose(each.brier, brier, atol=1e-9)


@pytest.mark.parametrize("top", [1, 2, 3, 5])
def test_top_k_equals_scikit_learn(top: int) -> None:
    data = predictions(500, 8, 4)
    each = samples.measure(data)
    expected = metrics.top_k_accuracy_score(data.labels, data.scores, k=top, labels=range(8))
    assert (each.above < top).mean() == pytest.approx(expected)


def test_a_probability_of_0_for_the_label_is_clipped_and_counted() -> None:
    each = samples.measure(read_predictions([[1.0, 0.0], [0.5, 0.5]], [1, 0]))
    assert each.clipped == 1
    assert np.isfinite(each.log_loss).all()


@pytest.mark.parametrize(("n", "k", "seed"), CASES)
@pytest.mark.parametrize("decimals", [16, 1])
def test_auc_and_average_precision_equal_scikit_learn(
    n: int, k: int, seed: int, decimals: int
) -> None:
    logits, labels = scores(n, k, seed)
    data = read_predictions(np.round(logits, decimals), labels, kind="logits")
    p = np.concatenate([block for _, block in data.blocks()])
    found = ranked(data)
    truth = np.eye(k)[labels]
    expected = [metrics.roc_auc_score(truth[:, c], p[:, c]) for c in range(k)]
    assert [item.value for item in found.auc] == pytest.approx(expected, abs=1e-9)
    precision = [metrics.average_precision_score(truth[:, c], p[:, c]) for c in range(k)]
    assert found.average_precision == pytest.approx(precision, abs=1e-9)
    assert found.macro_auc.value == pytest.approx(np.mean(expected), abs=1e-9)
    assert found.macro_average_precision.value == pytest.approx(np.mean(precision), abs=1e-9)


def test_classes_without_samples_have_no_auc_and_stay_out_of_the_mean() -> None:
    logits, labels = scores(200, 4, 0)
    kept = labels != 3
    found = ranked(read_predictions(softmax(logits[kept]), labels[kept]))
    assert found.auc[3].value is None
    assert found.auc[3].reason
    assert found.macro_auc.value == pytest.approx(np.mean([a.value for a in found.auc[:3]]))


def delong(positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the standard error by its definition, over all pairs."""
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    spread = wins.mean(axis=1).var(ddof=1) / len(positive)
    return float(np.sqrt(spread + wins.mean(axis=0).var(ddof=1) / len(negative)))


@pytest.mark.parametrize("decimals", [16, 1])
def test_auc_intervals_have_delongs_width(decimals: int) -> None:
    logits, labels = scores(300, 2, 5, strength=1.0)
    p = np.round(softmax(logits)[:, 1], decimals)
    data = read_predictions(np.column_stack([1 - p, p]), labels)
    found = ranked(data).auc[1]
    error = delong(p[labels == 1], p[labels == 0])
    value = found.value or 0.0
    logit = np.log(value / (1 - value))
    half = stats.norm.ppf(0.975) * error / (value * (1 - value))
    assert found.low == pytest.approx(1 / (1 + np.exp(-(logit - half))), abs=1e-9)
    assert found.high == pytest.approx(1 / (1 + np.exp(-(logit + half))), abs=1e-9)


@pytest.mark.statistical
@pytest.mark.parametrize("figure", ["accuracy", "macro_f1", "balanced_accuracy", "mcc", "kappa"])
def test_intervals_cover_the_truth(figure: str) -> None:
    shares = np.array([[0.3, 0.05, 0.0], [0.04, 0.2, 0.06], [0.05, 0.0, 0.3]])
    truth = confusion.summary((shares * 10**7).astype(int), 0.05)[figure].value
    rng = np.random.default_rng(1)
    hits = 0
    for draw in rng.multinomial(300, shares.ravel(), size=400):
        found = confusion.summary(draw.reshape(3, 3), 0.05)[figure]
        hits += found.low <= truth <= found.high
    # 400 draws at 95 %: fewer than 366 has a chance below 0.001.
    assert hits >= 366


@pytest.mark.statistical
def test_the_interval_of_the_macro_auc_covers_the_truth() -> None:
    logits, labels = scores(200_000, 3, 9, strength=1.0)
    truth = metrics.roc_auc_score(labels, softmax(logits), multi_class="ovr")
    hits = 0
    for part in np.split(np.arange(60_000), 200):
        found = ranked(read_predictions(softmax(logits[part]), labels[part])).macro_auc
        hits += found.low <= truth <= found.high
    assert hits >= 180


SMOOTH = ("balanced_accuracy", "macro_precision", "macro_recall", "macro_f1")
SMOOTH += ("weighted_precision", "weighted_f1", "kappa", "mcc")


@pytest.mark.parametrize("figure", SMOOTH)
def test_the_slope_of_every_figure_is_its_derivative(figure: str) -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(16)).reshape(4, 4)
    step = rng.normal(size=(4, 4))
    step -= step.mean()
    measure = getattr(confusion, f"_{figure}")
    ahead, behind = (measure(shares + sign * 1e-6 * step)[0] for sign in (1, -1))
    assert (measure(shares)[1] * step).sum() == pytest.approx((ahead - behind) / 2e-6, rel=1e-5)


def test_the_influence_interval_of_macro_f1_agrees_with_the_bootstrap() -> None:
    data = predictions(3000, 10, 7)
    counts = confusion.count(data.labels, data.predicted, 10)
    found = confusion.summary(counts, 0.05)["macro_f1"]
    rng = np.random.default_rng(0)
    draws = rng.multinomial(3000, counts.ravel() / 3000, size=2000).reshape(-1, 10, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hits = np.einsum("bii->bi", draws)
        f1 = (2 * hits / (draws.sum(axis=1) + draws.sum(axis=2))).mean(axis=1)
    low, high = np.quantile(f1, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.002)
    assert found.high == pytest.approx(high, abs=0.002)


def test_the_order_of_classes_puts_confused_ones_side_by_side() -> None:
    counts = np.full((8, 8), 1) + np.diag([50] * 8)
    for first, second in ((0, 5), (2, 7), (1, 6)):
        counts[first, second] = counts[second, first] = 30
    order = confusion.cluster_order(counts)
    assert sorted(order) == list(range(8))
    for first, second in ((0, 5), (2, 7), (1, 6)):
        assert abs(order.index(first) - order.index(second)) == 1


@pytest.mark.parametrize("module", [evaluation, evaluation.result, evaluation.adapters])
def test_the_examples_in_the_docstrings_run(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
