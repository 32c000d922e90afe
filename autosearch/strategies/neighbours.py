"""What the nearest trials say of a point: a guess that needs no fit."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from autosearch.strategies.cube import Cube, Mask, Matrix
from autosearch.strategies.evidence import Evidence

# Squared distance of two categories, and of a parameter that exists to one that does not.
CATEGORIES_APART = 0.5
ACTIVE_APART = 0.25
# Below any distance that matters; keeps the weight of a known point finite.
NEGLIGIBLE = 1e-9


def squared_distances(cube: Cube, rows: Matrix, others: Matrix) -> Matrix:
    """Return the squared distances in the unit cube, shape (n, m); nan is an inactive parameter."""
    partly: Mask = np.isnan(np.concatenate([rows, others])).any(axis=0)
    plain = ~(cube.categorical | partly)
    total: Matrix = cdist(rows[:, plain], others[:, plain], "sqeuclidean")
    for j in np.flatnonzero(~plain):
        gaps = np.abs(rows[:, j, None] - others[:, j])
        apart = CATEGORIES_APART * (gaps > NEGLIGIBLE) if cube.categorical[j] else gaps**2
        if partly[j]:
            unlike = np.isnan(rows[:, j, None]) != np.isnan(others[:, j])
            apart = np.where(np.isnan(gaps), ACTIVE_APART * unlike, apart)
        total += apart
    return total


def remoteness(cube: Cube, rows: Matrix, known: Matrix, width: float) -> NDArray[np.float64]:
    """Return each row's distance to the nearest known one, shape (n,).

    Its unit is a distance of `width` in every parameter; inf where nothing is known.
    """
    return _remoteness(squared_distances(cube, rows, known), rows.shape[1], width)


def _remoteness(squared: Matrix, size: int, width: float) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(squared.min(axis=1, initial=np.inf) / size) / width)


def standing(cube: Cube, evidence: Evidence, rows: Matrix, width: float) -> NDArray[np.float64]:
    """Return how good each row seems, smaller is better, shape (n,).

    It is the mean rank of the trials, 0 the best and 1 the worst, weighted by distance ** -6
    (Shepard, 1968), so that nearly the nearest alone is heard, less the row's remoteness from all
    trials, running ones included: as much is hoped for where nothing is known. Without the second
    term a search stays at its best point.
    """
    count = len(evidence.trials)
    ranks = np.empty(count)
    ranks[evidence.order] = np.arange(count) / max(count - 1, 1)
    distances = squared_distances(cube, rows, evidence.known)
    near = distances[:, :count] + NEGLIGIBLE
    # Products: a power of thousands of numbers takes several times as long.
    weights = 1.0 / (near * near * near)
    expected = (weights @ ranks) / weights.sum(axis=1)
    return np.asarray(expected - _remoteness(distances, rows.shape[1], width))
