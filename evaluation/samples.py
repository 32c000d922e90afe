"""Figures of every single sample, from one pass over the scores."""

from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats, Ints, Mask, name_codes, row_max
from evaluation.inputs import Predictions


@dataclass(frozen=True, eq=False)
class Samples:
    """What the scores say about each sample; all arrays have shape (N,).

    confidence: the highest probability. p_true: the probability of the label.
    above, tied: how many other classes have a higher, or the same, probability as the label.
    """

    correct: Mask
    confidence: Floats
    p_true: Floats
    log_loss: Floats
    brier: Floats
    above: Ints
    tied: Ints
    clipped: int


def measure(predictions: Predictions) -> Samples:
    """Return the per-sample figures of probabilities or logits.

    The log-loss clips at the smallest step of the scores' dtype; `clipped` counts how often.
    """
    n = len(predictions)
    labels = predictions.labels
    confidence, p_true, squares = np.empty(n), np.empty(n), np.empty(n)
    above, tied = np.empty(n, np.int64), np.empty(n, np.int64)
    eps = 0.0
    for rows, block in predictions.blocks():
        eps = float(np.finfo(block.dtype).eps)
        true = np.take_along_axis(block, labels[rows, None], axis=1)
        confidence[rows] = row_max(block)
        p_true[rows] = true[:, 0]
        squares[rows] = np.einsum("ij,ij->i", block, block, dtype=np.float64)
        above[rows] = np.count_nonzero(block > true, axis=1)
        tied[rows] = np.count_nonzero(block == true, axis=1) - 1
    return Samples(
        correct=predictions.predicted == labels,
        confidence=confidence,
        p_true=p_true,
        log_loss=-np.log(np.maximum(p_true, eps)),
        brier=squares - 2 * p_true + 1,
        above=above,
        tied=tied,
        clipped=int(np.count_nonzero(p_true < eps)),
    )


def content_keys(predictions: Predictions, samples: Samples | None) -> tuple[Floats | Ints, ...]:
    """Return sort keys that follow what a sample is, not where it stands in the list."""
    codes = (name_codes(predictions.names),) if predictions.names else ()
    if samples is None:
        return (*codes, predictions.labels, predictions.predicted)
    return (samples.p_true, samples.confidence, *codes)
