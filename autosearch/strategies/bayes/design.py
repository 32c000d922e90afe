"""The first points of a search: the declared defaults or the centre, then points far from all."""

import numpy as np
from scipy.special import logsumexp

from autosearch.strategies.bayes.encoding import Array, Encoding

# Distances along one axis below this count as equally near.
NEAR = 0.02


def first_point(encoding: Encoding) -> Array:
    """Return the canonical row of the declared defaults, else of the centre with first categories.

    It may be forbidden by the space's constraints.
    """
    defaults = encoding.space.defaults()
    if defaults is not None:
        row: Array = encoding.rows([defaults])[0]
        return row
    centre: Array = encoding.canonical(np.where(encoding.categorical, 0.0, 0.5)[None, :])[0]
    return centre


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
