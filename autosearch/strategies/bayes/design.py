"""The first points of a search after its start: points far from all others."""

import numpy as np
from scipy.special import logsumexp

from autosearch.strategies.bayes.encoding import Array, Encoding

# Distances along one axis below this count as equally near.
NEAR = 0.02


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
