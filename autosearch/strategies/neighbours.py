"""What the nearest trials say of a point: a guess that needs no fit."""

import numpy as np
from numpy.typing import NDArray

from autosearch.strategies.cube import Cube, Matrix
from autosearch.strategies.evidence import Evidence

# A trial speaks for a point with weight distance ** -POWER: nearly the nearest alone is heard.
POWER = 6.0
# Squared distance of two categories, and of a parameter that exists to one that does not.
CATEGORIES_APART = 0.5
ACTIVE_APART = 0.25
# Below any distance that matters; keeps the weight of a known point finite.
NEGLIGIBLE = 1e-9


def squared_distances(cube: Cube, rows: Matrix, others: Matrix) -> Matrix:
    """Return the squared distances in the unit cube, shape (n, m); nan is an inactive parameter."""
    total = np.zeros((len(rows), len(others)))
    for j in range(rows.shape[1]):
        gaps = np.abs(rows[:, j, None] - others[:, j])
        apart = CATEGORIES_APART * (gaps > NEGLIGIBLE) if cube.categorical[j] else gaps**2
        missing = np.isnan(gaps)
        if missing.any():
            unlike = np.isnan(rows[:, j, None]) != np.isnan(others[:, j])
            apart = np.where(missing, ACTIVE_APART * unlike, apart)
        total += apart
    return total


def remoteness(cube: Cube, rows: Matrix, known: Matrix, width: float) -> NDArray[np.float64]:
    """Return each row's distance to the nearest known one, shape (n,).

    Its unit is a distance of `width` in every parameter; inf where nothing is known.
    """
    nearest = squared_distances(cube, rows, known).min(axis=1, initial=np.inf)
    return np.asarray(np.sqrt(nearest / rows.shape[1]) / width)


def standing(cube: Cube, evidence: Evidence, rows: Matrix, width: float) -> NDArray[np.float64]:
    """Return how good each row seems, smaller is better, shape (n,).

    It is the mean rank of the trials, 0 the best and 1 the worst, weighted by inverse distance
    (Shepard, 1968), less the row's remoteness from all trials, running ones included: as much is
    hoped for where nothing is known. Without the second term a search stays at its best point.
    """
    count = len(evidence.trials)
    ranks = np.empty(count)
    ranks[evidence.order] = np.arange(count) / max(count - 1, 1)
    distances = squared_distances(cube, rows, evidence.rows)
    weights = (distances + NEGLIGIBLE) ** (-0.5 * POWER)
    expected = (weights * ranks).sum(axis=1) / weights.sum(axis=1)
    return np.asarray(expected - remoteness(cube, rows, evidence.known, width))
