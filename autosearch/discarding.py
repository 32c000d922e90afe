"""When a configuration need not be cross-validated to the last fold."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

# So many configurations besides the best are finished first: their spread is the yardstick.
MIN_FINISHED = 2
MIN_FOLDS = 2
RISK = 0.01


def is_hopeless(
    scores: Sequence[float], best: Sequence[float], others: ArrayLike, risk: float = RISK
) -> bool:
    """Return whether the folds to come will hardly carry a configuration's mean past the best's.

    scores: of the first k folds, greater is better. best: of all n folds, of the best configuration
    so far. others: of the other finished ones, shape (m, n).

    Differences are paired by fold and taken as exchangeable and normal: the mean of n folds passes
    the best's only if the n - k to come make up for the lag of the first k, which, by Student's
    predictive distribution, happens with a probability of at most `risk`. The spread of the
    differences is the greater of the configuration's own, which may be zero by chance, and that of
    the others. False where m < MIN_FINISHED, k < MIN_FOLDS or k = n.

    >>> others = [[0.90, 0.93, 0.88], [0.89, 0.94, 0.87]]
    >>> is_hopeless([0.50, 0.55], [0.91, 0.95, 0.90], others)
    True
    >>> is_hopeless([0.91, 0.94], [0.91, 0.95, 0.90], others)
    False
    """
    done, folds = len(scores), len(best)
    finished = np.asarray(others, dtype=np.float64)
    if not MIN_FOLDS <= done < folds or len(finished) < MIN_FINISHED:
        return False
    from scipy.special import stdtrit

    lags = np.asarray(best, dtype=np.float64)[:done] - np.asarray(scores, dtype=np.float64)
    lag = float(np.mean(lags))
    variances = np.var(finished - np.asarray(best), axis=1, ddof=1)
    spread = math.sqrt(max(float(np.var(lags, ddof=1)), float(np.mean(variances))))
    freedom = len(finished) * (folds - 1)
    limit = float(stdtrit(freedom, 1.0 - risk)) * math.sqrt((folds - done) / (folds * done))
    return lag > limit * spread
