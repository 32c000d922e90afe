"""Shifting the decision between classes: a bias per class, chosen and judged on different data."""

from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats, Ints, row_blocks, row_sums
from evaluation.confusion import count
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, quantile

STRENGTHS = (0.5, 1.0)
MATCHING_STEPS = 3


@dataclass(frozen=True, eq=False)
class BiasGain:
    """What adding `bias` to the logarithms of the scores does to macro-F1.

    The gain is cross-fitted: each half is decided with the bias that is best on the other one.
    bias: fitted on all samples. rule: how it is made ("matched" equalises predicted and true
    shares; "prior^s" adds -s·log of the class share).
    """

    rule: str
    bias: Floats
    before: float
    after: float
    gain: Estimate


def bias_gain(predictions: Predictions, halves: Ints, alpha: float) -> BiasGain | None:
    """Return the cross-fitted gain in macro-F1 of a class bias; None where none is chosen."""
    k, labels = predictions.k, predictions.labels
    index = [np.flatnonzero(halves == half) for half in (0, 1)]
    if min(map(len, index)) < 2 or len(np.unique(labels)) < 2:
        return None
    fitted = [_candidates(predictions, rows) for rows in index]
    predicted = predictions.predicted.copy()
    chosen = []
    for half in (0, 1):
        rule = _best(predictions, fitted[half], index[half])
        chosen.append(rule)
        bias = fitted[half].get(rule)
        if bias is not None:
            predicted[index[1 - half]] = _decide(predictions, bias, index[1 - half])
    everything = np.arange(len(labels))
    fitted_on_all = _candidates(predictions, everything)
    rule = _best(predictions, fitted_on_all, everything)
    if rule == "none" or chosen == ["none", "none"]:
        return None
    before, after, error = paired_macro_f1(labels, predictions.predicted, predicted, k)
    half_width = quantile(alpha) * error
    gain = Estimate(after - before, after - before - half_width, after - before + half_width)
    return BiasGain(rule, fitted_on_all[rule], before, after, gain)


def paired_macro_f1(labels: Ints, first: Ints, second: Ints, k: int) -> tuple[float, float, float]:
    """Return macro-F1 of two sets of predictions and the standard error of their difference."""
    parts = [_influence(labels, predicted, k) for predicted in (first, second)]
    error = float((parts[1][1] - parts[0][1]).std()) / len(labels) ** 0.5
    return parts[0][0], parts[1][0], error


def _influence(labels: Ints, predicted: Ints, k: int) -> tuple[float, Floats]:
    counts = count(labels, predicted, k)
    shares = counts / counts.sum()
    total = shares.sum(axis=0) + shares.sum(axis=1)
    inverse = np.divide(1.0, total, out=np.zeros(k), where=total > 0)
    f1 = 2 * np.diag(shares) * inverse
    present = int((total > 0).sum())
    pull = f1 * inverse
    hit = np.where(labels == predicted, 2 * inverse[labels], 0.0)
    return float(f1.sum() / present), (hit - pull[labels] - pull[predicted]) / present


def _candidates(predictions: Predictions, rows: Ints) -> dict[str, Floats]:
    """Return biases learned from some rows."""
    k = predictions.k
    share = (np.bincount(predictions.labels[rows], minlength=k) + 0.5) / (len(rows) + 0.5 * k)
    result = {f"prior^{s:g}": -s * np.log(share) for s in STRENGTHS}
    matched = np.zeros(k)
    for _ in range(MATCHING_STEPS):
        matched += np.log(share) - np.log(_mean_probability(predictions, matched, rows))
    result["matched"] = matched
    return result


def _mean_probability(predictions: Predictions, bias: Floats, rows: Ints) -> Floats:
    total = np.zeros(predictions.k)
    factor = np.exp(bias - bias.max())
    for part in row_blocks(len(rows), predictions.k):
        block = predictions.rows(rows[part]) * factor.astype(np.float32)
        total += (block / row_sums(block)[:, None]).sum(axis=0, dtype=np.float64)
    return np.maximum(total / len(rows), 1e-12)


def _decide(predictions: Predictions, bias: Floats, rows: Ints) -> Ints:
    factor = np.exp(bias - bias.max())
    result = np.empty(len(rows), np.int64)
    for part in row_blocks(len(rows), predictions.k):
        block = predictions.rows(rows[part])
        result[part] = (block * factor.astype(block.dtype)).argmax(axis=1)
    return result


def _best(predictions: Predictions, candidates: dict[str, Floats], rows: Ints) -> str:
    """Return the name of the bias with the best macro-F1 on some rows, "none" for no bias."""
    labels = predictions.labels[rows]

    def score(predicted: Ints) -> float:
        return _influence(labels, predicted, predictions.k)[0]

    scores = {"none": score(predictions.predicted[rows])}
    for name, bias in candidates.items():
        scores[name] = score(_decide(predictions, bias, rows))
    return max(scores, key=lambda name: scores[name])
