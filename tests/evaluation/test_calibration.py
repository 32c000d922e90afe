import numpy as np
import pytest
from scipy import optimize
from sklearn.calibration import calibration_curve

from evaluation import analyse, calibration, ranking, samples, temperature
from evaluation.arrays import content_folds, content_order
from evaluation.inputs import Predictions, read_predictions
from tests.evaluation.samples import predictions, scores, softmax


def plain_ece(confidence: np.ndarray, correct: np.ndarray, bins: int) -> tuple[float, float]:
    """Return (ECE, MCE) bin by bin, right-closed."""
    total, worst = 0.0, 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            gap = abs(correct[inside].mean() - confidence[inside].mean())
            total += inside.mean() * gap
            worst = max(worst, gap)
    return total, worst


@pytest.mark.parametrize("bins", [10, 15])
@pytest.mark.parametrize("k", [2, 5, 20])
def test_errors_follow_their_definitions(k: int, bins: int) -> None:
    data = predictions(800, k, seed=k)
    each = samples.measure(data)
    found = calibration.calibrate(data, each, order_of(data), bins, 0.05, 0)
    ece, mce = plain_ece(each.confidence, each.correct, bins)
    assert found.ece.value == pytest.approx(ece, abs=1e-9)
    assert found.mce.value == pytest.approx(mce, abs=1e-9)
    order = np.argsort(each.confidence, kind="stable")
    ace = sum(
        len(part) / 800 * abs(each.correct[part].mean() - each.confidence[part].mean())
        for part in np.array_split(order, bins)
    )
    assert found.ace.value == pytest.approx(ace, abs=1e-9)
    p, truth = np.asarray(data.scores), np.eye(k)[data.labels]
    by_class = [plain_ece(p[:, c], truth[:, c], bins)[0] for c in range(k)]
    assert found.classwise.value == pytest.approx(np.mean(by_class), abs=1e-9)
    parts = found.brier
    whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert whole == pytest.approx(each.brier.mean(), abs=1e-9)


def test_bins_agree_with_scikit_learn() -> None:
    data = predictions(900, 4, 1)
    each = samples.measure(data)
    found = calibration.reliability_bins(each.confidence, each.correct.astype(float), 10, 0.05)
    filled = found.n > 0
    accuracy, confidence = calibration_curve(each.correct, each.confidence, n_bins=10)
    np.testing.assert_allclose(found.hits[filled] / found.n[filled], accuracy)
    np.testing.assert_allclose(found.confidence[filled], confidence)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    assert calibration.bin_index(np.array([0.0, 0.2, 0.2000001, 1.0]), 5).tolist() == [0, 0, 1, 4]


@pytest.mark.statistical
def test_the_debiased_error_of_a_calibrated_model_is_0_on_average() -> None:
    rng = np.random.default_rng(0)
    found, plain = [], []
    for _ in range(200):
        p = rng.uniform(0.5, 1, 300)
        data = read_predictions(np.column_stack([p, 1 - p]), (rng.random(300) > p).astype(int))
        item = calibration.calibrate(data, samples.measure(data), order_of(data), 15, 0.05, 0)
        found.append(item.debiased.value)
        plain.append(item.ece.value)
    assert abs(np.mean(found)) < 3 * np.std(found) / 200**0.5
    assert np.mean(plain) > 0.02


def order_of(data: Predictions) -> np.ndarray:
    return content_order(samples.content_keys(data, samples.measure(data)))


def fitted(
    logits: np.ndarray, labels: np.ndarray, dtype: type = np.float64
) -> temperature.Temperature:
    data = read_predictions(logits.astype(dtype), labels, kind="logits")
    return temperature.fit(data, order_of(data), 15, 0.05, 0)


@pytest.mark.parametrize("factor", [0.2, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_temperature_is_the_minimum_of_the_log_loss(factor: float, dtype: type) -> None:
    logits, labels = scores(2000, 6, 3)
    logits = logits * factor

    def loss(log_t: float) -> float:
        scaled = logits / np.exp(log_t)
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        total = np.log(np.exp(shifted).sum(axis=1))
        return float((total - shifted[np.arange(2000), labels]).mean())

    best = optimize.minimize_scalar(loss, bounds=(-4, 4), method="bounded", options={"xatol": 1e-9})
    found = fitted(logits, labels, dtype)
    assert found.t == pytest.approx(np.exp(best.x), rel=1e-3)
    assert found.nll_before == pytest.approx(loss(0.0), abs=1e-5)


def test_probabilities_and_their_logits_have_the_same_temperature() -> None:
    logits, labels = scores(1000, 4, 2)
    data = read_predictions(softmax(logits * 2), labels)
    found = temperature.fit(data, order_of(data), 15, 0.05, 0)
    assert found.t == pytest.approx(fitted(logits * 2, labels).t, rel=1e-6)


def test_the_one_step_temperatures_of_the_folds_equal_full_fits() -> None:
    logits, labels = scores(2000, 5, 8)
    data = read_predictions(logits * 3, labels, kind="logits")
    folds = content_folds(order_of(data), 5, 0)
    losses = np.empty(2000)
    for fold in range(5):
        rest = folds != fold
        t = fitted(logits[rest] * 3, labels[rest]).t
        scaled = logits[~rest] * 3 / t
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        own = shifted[np.arange((~rest).sum()), labels[~rest]]
        losses[~rest] = np.log(np.exp(shifted).sum(axis=1)) - own
    found = temperature.fit(data, order_of(data), 15, 0.05, 0)
    assert found.nll_after == pytest.approx(losses.mean(), abs=1e-5)


@pytest.mark.statistical
def test_the_interval_of_the_gain_covers_the_gain_on_fresh_data() -> None:
    hits = 0
    for seed in range(60):
        logits, labels = scores(2000, 4, seed)
        found = fitted(logits * 3, labels)
        fresh, truth = scores(20_000, 4, 10_000 + seed)
        before = samples.measure(read_predictions(fresh * 3, truth, kind="logits")).log_loss
        scaled = fresh * 3 / found.t
        after = samples.measure(read_predictions(scaled, truth, kind="logits")).log_loss
        gain = float((before - after).mean())
        hits += found.nll_gain.low <= gain <= found.nll_gain.high
    # 60 sets at 95 %: fewer than 51 has a chance below 0.001.
    assert hits >= 51


def test_the_rows_of_a_large_input_are_drawn_by_their_content(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(temperature, "MAX_NUMBERS", 5000)
    monkeypatch.setattr(ranking, "INFLUENCE_ROWS", 300)
    logits, labels = scores(3000, 5, 4)
    order = np.random.default_rng(1).permutation(3000)
    first, second = (
        analyse("image_classification", logits[rows] * 3, labels[rows], input_kind="logits")
        for rows in (np.arange(3000), order)
    )
    one, other = (result["calibration"]["temperature"] for result in (first, second))
    assert one["fitted_on"] == other["fitted_on"] == 1000
    assert one["T"] == pytest.approx(other["T"], rel=1e-9)
    assert first["ranking"]["fitted_on"] == second["ranking"]["fitted_on"] == 300
    for figure in ("macro_auc", "macro_average_precision", "aurc", "excess_aurc"):
        one, other = (result["overall"][figure]["ci"] for result in (first, second))
        assert one == pytest.approx(other, rel=1e-9)
    for figure in ("ece", "mce", "ace", "classwise", "debiased"):
        one, other = (result["calibration"][figure]["ci"] for result in (first, second))
        assert one == pytest.approx(other, rel=1e-6)
