"""How good a front of trade-offs is: the volume that it dominates.

Losses, smaller is better; a front is an array of shape (points, objectives).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autosearch.trial import History

Array = NDArray[np.float64]

# The default reference lies so far beyond the worst losses, as a part of their range, so that the
# ends of the front count too.
BEYOND = 0.1
# Up to so many objectives the volume is exact; its time grows with a power of their number.
EXACT = 3
# Points of a Sobol sequence that measure the volume of more objectives, to about a hundredth.
POINTS = 2**14


def dominance(losses: Array) -> NDArray[np.bool_]:
    """Return whether each point dominates each other, shape (points, points).

    One that dominates another has no larger loss than it, and a smaller one.

    >>> dominance(np.array([[1.0, 3.0], [2.0, 3.0]])).tolist()
    [[False, True], [False, False]]
    """
    at_most = np.all(losses[:, None, :] <= losses[None, :, :], axis=2)
    dominates: NDArray[np.bool_] = at_most & ~at_most.T
    return dominates


def hypervolume(front: Array, reference: Array) -> float:
    """Return the volume between a front and a reference, shape (objectives,).

    Points that are not better than the reference in every objective count for nothing, nor do
    dominated ones (Zitzler and Thiele 1998). Exact for up to three objectives; of more the share of
    16384 points of a fixed Sobol sequence that the front dominates, in the box that spans from its
    best losses to the reference.

    >>> hypervolume(np.array([[1.0, 3.0], [2.0, 1.0]]), np.array([4.0, 4.0]))
    7.0
    """
    inside = front[(front < reference).all(axis=1)]
    if not len(inside):
        return 0.0
    if len(reference) > EXACT:
        return _measured(inside, reference)
    return _exact(inside, reference)


def _exact(front: Array, reference: Array) -> float:
    """Return the sum of slices along the last objective, each of one dimension less."""
    if front.shape[1] == 1:
        return float(reference[0] - front[:, 0].min())
    order = np.argsort(front[:, -1], kind="stable")
    front = front[order]
    ends = np.append(front[1:, -1], reference[-1])
    volume = 0.0
    for i, depth in enumerate(ends - front[:, -1]):
        if depth > 0.0:
            volume += depth * _exact(front[: i + 1, :-1], reference[:-1])
    return float(volume)


def _measured(front: Array, reference: Array) -> float:
    from scipy.stats import qmc

    best = front.min(axis=0)
    # Moved off the box's own corner, at which an unscrambled sequence begins.
    unit = qmc.Sobol(front.shape[1], scramble=False).random(POINTS) + 0.5 / POINTS
    points = best + unit * (reference - best)
    dominated = np.zeros(POINTS, dtype=bool)
    for corner in front:
        dominated |= (corner <= points).all(axis=1)
    return float(dominated.mean() * np.prod(reference - best))


def reference_of(history: History, given: Sequence[float | None]) -> Array:
    """Return the reference: what is given of it, the rest from the feasible trials.

    given: the losses, one an objective; None is a tenth of the range beyond the worst loss of a
    feasible trial, of which there must be one.
    """
    losses = np.array([t.losses for t in history.feasible])
    worst, best = losses.max(axis=0), losses.min(axis=0)
    default = worst + BEYOND * (worst - best)
    known = np.array([np.nan if r is None else r for r in given], dtype=np.float64)
    found: Array = np.where(np.isnan(known), default, known)
    return found


def hypervolume_of(history: History, given: Sequence[float | None]) -> float:
    """Return the volume that the front of a history dominates, 0 where it is empty.

    given: see `reference_of`.
    """
    if not history.front:
        return 0.0
    front = np.array([t.losses for t in history.front])
    # Huge losses span a volume that is not finite.
    with np.errstate(over="ignore", invalid="ignore"):
        return hypervolume(front, reference_of(history, given))
