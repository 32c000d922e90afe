"""Predictions to test with: a noisy but informative classifier, and planted faults."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.inputs import Predictions, read_predictions

Array = NDArray[np.float64]


def scores(
    n: int = 600, k: int = 5, seed: int = 0, strength: float = 2.5, dtype: type = np.float64
) -> tuple[Array, NDArray[np.int64]]:
    """Return (logits, labels) of a classifier that is right in about four of five cases."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), labels] += strength
    return logits.astype(dtype), labels


def softmax(logits: Array) -> Array:
    """Return row-wise probabilities."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def predictions(n: int = 600, k: int = 5, seed: int = 0, strength: float = 2.5) -> Predictions:
    """Return checked predictions given as probabilities."""
    logits, labels = scores(n, k, seed, strength)
    return read_predictions(softmax(logits), labels)


def decided(labels: Sequence[int], predicted: Sequence[int], k: int) -> Predictions:
    """Return predictions given as class ids."""
    return read_predictions(
        np.array(predicted), np.array(labels), label_map={i: f"c{i}" for i in range(k)}
    )
