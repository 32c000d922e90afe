"""A picture of the model's features in two dimensions, and the samples that lie apart."""

from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats, Ints
from evaluation.errors import InputError
from evaluation.intervals import benjamini_hochberg

NEIGHBOURS = 10
# Beyond this many samples, distances are taken to a random part of them.
MAX_REFERENCE = 5000
MAX_COMPONENTS = 50


@dataclass(frozen=True, eq=False)
class Embedding:
    """points: the first two principal components, shape (N, 2), with the variance they explain.

    distance: the mean distance to the ten nearest others, in as many components as carry most of
    the variance. outliers: samples whose distance is beyond chance (q < 0.05 under a log-normal
    law fitted to the middle half), the farthest first.
    """

    points: Floats
    explained: tuple[float, float]
    distance: Floats
    outliers: Ints


def embed(features: object, n: int, seed: int) -> Embedding:
    """Return the picture of features of shape (N, D). Raises InputError if they do not fit."""
    values = np.asarray(features)
    if values.ndim != 2 or len(values) != n or values.dtype.kind not in "iuf":
        raise InputError(
            f"features has shape {values.shape} and dtype {values.dtype}; expected numbers of "
            f"shape ({n}, dimensions)"
        )
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        index = int((~np.isfinite(values).all(axis=1)).argmax())
        raise InputError(f"features[{index}] holds NaN or infinity")
    centred = values - values.mean(axis=0)
    spread, directions = np.linalg.eigh(centred.T @ centred / max(n - 1, 1))
    order = np.argsort(-spread)[: min(MAX_COMPONENTS, values.shape[1], n)]
    directions, spread = directions[:, order], np.maximum(spread[order], 0.0)
    # The sign of a direction is arbitrary: fix it, so that the same input gives the same picture.
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(directions.shape[1])])
    scores = centred @ directions
    total = max(float(((centred**2).sum()) / max(n - 1, 1)), 1e-300)
    points = np.zeros((n, 2))
    points[:, : min(2, scores.shape[1])] = scores[:, :2]
    share = [float(s) / total for s in spread[:2]] + [0.0, 0.0]
    distance = _distances(scores, seed)
    return Embedding(points, (share[0], share[1]), distance, _outliers(distance))


def _distances(scores: Floats, seed: int) -> Floats:
    from sklearn.neighbors import NearestNeighbors

    n = len(scores)
    reference = np.arange(n)
    if n > MAX_REFERENCE:
        reference = np.sort(np.random.default_rng(seed).choice(n, MAX_REFERENCE, replace=False))
    k = min(NEIGHBOURS, len(reference) - 1)
    if k < 1:
        return np.zeros(n)
    model = NearestNeighbors(n_neighbors=k + 1).fit(scores[reference])
    found, _ = model.kneighbors(scores)
    member = np.zeros(n, bool)
    member[reference] = True
    # A sample of the reference set finds itself first.
    distance: Floats = np.where(member, found[:, 1:].mean(axis=1), found[:, :-1].mean(axis=1))
    return distance


def _outliers(distance: Floats) -> Ints:
    from scipy import stats

    if len(distance) < 20:
        return np.empty(0, np.int64)
    logs = np.log(np.maximum(distance, 1e-12))
    low, middle, high = np.quantile(logs, [0.25, 0.5, 0.75])
    scale = (high - low) / (stats.norm.ppf(0.75) * 2)
    if scale <= 0:
        return np.empty(0, np.int64)
    q = benjamini_hochberg(stats.norm.sf((logs - middle) / scale))
    found = np.flatnonzero(q < 0.05)
    return found[np.argsort(-distance[found], kind="stable")]
