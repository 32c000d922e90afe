"""The first points of a search after its start: steps from the best one, else points far apart.

Then a few steps downhill.
"""

import numpy as np
from scipy.special import logsumexp

from autosearch.strategies.bayes.encoding import Array, Bools, Encoding, Features

Rng = np.random.Generator

# Distances along one axis below this count as equally near.
NEAR = 0.02
# Directions in which the points hardly differ have no slope.
RIDGE = 1e-3
# Slopes below this are rounding errors.
FLAT = 1e-6


def spread(encoding: Encoding, known: Array, pool: Array) -> Array:
    """Return the canonical rows of `pool` by how well they fill the gaps among `known`, best first.

    The criterion is MaxPro (Joseph, Gul and Ba 2015), which spreads the projections onto every
    subset of the parameters, with distances around the unit torus, which do not favour the bounds.
    """
    if not len(known):
        return pool
    apart = np.abs(pool[:, None, :] - known)
    apart = np.minimum(apart, 1.0 - apart)
    # Nothing is known about how far "inactive" is from a value: neither near nor far.
    apart = np.nan_to_num(apart, nan=0.25)
    crowding = logsumexp(-2.0 * np.log(apart + NEAR).sum(axis=2), axis=1)
    order = np.argsort(crowding, kind="stable")
    spread_out: Array = pool[order]
    return spread_out


def step(encoding: Encoding, base: Array, group: Bools, length: float, rng: Rng) -> Array:
    """Return the canonical row `base` with the parameters of `group` moved, each to either side.

    A number moves by `length`, or as far as its next value, and inwards where it would leave the
    cube; a category becomes another one. Inactive parameters, nan in `base`, are drawn uniformly.
    """
    d = len(base)
    row = np.where(np.isnan(base), rng.random(d), base)
    least = encoding.least_steps(row[None])[0]
    move = np.where(rng.random(d) < 0.5, 1.0, -1.0) * np.maximum(length, least)
    inside = (row + move >= 0.0) & (row + move <= 1.0)
    numbers = np.clip(np.where(inside, row + move, row - move), 0.0, 1.0)
    counts = np.maximum(encoding.counts, 1)
    others = (row + rng.integers(1, np.maximum(counts, 2)) / counts) % 1.0
    moved = np.where(encoding.categorical, others, numbers)
    return encoding.canonical(np.where(group, moved, row)[None])


def descent(
    encoding: Encoding, features: Features, losses: Array, best: int, length: float
) -> Array:
    """Return the canonical row `length` downhill from the row `best` of `features`, shape (1, d).

    Downhill is where a plane through the best row that fits the losses falls most; as in COBYLA
    (Powell 1994) the points need not lie close together. Categories stay, and so does what is
    inactive there.
    """
    base, slope = features.units[best], _slope(encoding, features, losses, best)
    outwards = ((base <= 0.0) & (slope > 0.0)) | ((base >= 1.0) & (slope < 0.0))
    slope[outwards | np.isnan(base)] = 0.0
    move = length * slope / max(float(np.linalg.norm(slope)), np.finfo(float).tiny)
    return encoding.canonical(np.clip(np.nan_to_num(base, nan=0.5) - move, 0.0, 1.0)[None])


def cheap_side(encoding: Encoding, features: Features, log_seconds: Array, length: float) -> Array:
    """Return the canonical row of the cheapest point with its numbers on their cheap sides, (d,).

    Such a side is `length` away from the first row of `features`, or at the bound, where a plane
    through that row which fits the logarithms of the seconds falls; also where the cheapest point
    lies farther out. Numbers that no row has moved stay.
    """
    start, row = features.units[0], features.units[log_seconds.argmin()]
    slope = _slope(encoding, features, log_seconds, 0)
    steep = (np.abs(slope) > FLAT) & ~np.isnan(start) & ~np.isnan(row)
    side = np.clip(start - length * np.sign(slope), 0.0, 1.0)
    found: Array = encoding.canonical(np.where(steep, side, np.nan_to_num(row, nan=0.5))[None])[0]
    return found


def _slope(encoding: Encoding, features: Features, values: Array, through: int) -> Array:
    """Return the slope, 0 along categories, of a plane through a row that fits `values`, (d,)."""
    away = features.columns - features.columns[through]
    ridge = RIDGE * np.eye(away.shape[1])
    slopes = np.linalg.solve(away.T @ away + ridge, away.T @ (values - values[through]))
    slope = np.zeros(features.units.shape[1])
    slope[encoding.numbers] = slopes[: len(encoding.numbers)]
    return slope


def groups(d: int, count: int) -> list[Bools]:
    """Return `count` groups of d parameters that hold each at least once, and equally many."""
    at = np.arange(max(d, count))
    return [np.bincount(at[at % count == i] % d, minlength=d) > 0 for i in range(count)]
