"""Acquisition functions: how much a candidate promises, larger is better.

mean, std: the posterior of the loss (smaller is better), shape (n,); best: the loss to beat.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import erfcx, log_ndtr

from autosearch.strategies.bayes.encoding import Array

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
# Below this z the tail of expected improvement is taken from its asymptote: erfcx's rounding errors
# would be larger than what the asymptote leaves out.
_ASYMPTOTE = -1e4


def ucb(mean: Array, std: Array, kappa: float) -> Array:
    """Return how far the confidence bound `mean - kappa * std` lies below zero.

    Srinivas et al. (2010), for minimisation.
    """
    return kappa * std - mean


def log_ei(mean: Array, std: Array, best: float, xi: float = 0.0) -> Array:
    """Return the logarithm of the expected improvement over `best - xi`; -inf where it is zero.

    Where std is 0 the improvement is max(best - xi - mean, 0). Jones, Schonlau and Welch (1998),
    eq. 15; in the form of Ament et al. (2023), which keeps its order where the improvement itself
    would underflow.
    """
    gain = best - xi - mean
    sure = std <= 0.0
    scale = np.where(sure, 1.0, std)
    z = gain / scale
    with np.errstate(divide="ignore"):
        certain = np.log(np.maximum(gain, 0.0))
    return np.where(sure, certain, np.log(scale) + _log_h(z))


def _log_h(z: Array) -> Array:
    """Return log(pdf(z) + z * cdf(z)) of the standard normal."""
    middle = np.maximum(z, _ASYMPTOTE)
    # pdf + z cdf = pdf * (1 + z * cdf / pdf), and cdf / pdf = sqrt(pi / 2) * erfcx(-z / sqrt(2)).
    low = np.minimum(middle, 0.0)
    ratio = 1.0 + low * math.sqrt(math.pi / 2.0) * erfcx(-low / math.sqrt(2.0))
    below = -0.5 * low**2 - _LOG_SQRT_2PI + np.log(np.maximum(ratio, np.finfo(float).tiny))
    high = np.maximum(middle, 0.0)
    above = np.log(np.exp(-0.5 * high**2 - _LOG_SQRT_2PI) + high * np.exp(log_ndtr(high)))
    tail = np.minimum(z, _ASYMPTOTE)
    asymptote = -0.5 * tail**2 - _LOG_SQRT_2PI - 2.0 * np.log(-tail)
    return np.where(z <= _ASYMPTOTE, asymptote, np.where(z < 0.0, below, above))


def log_poi(mean: Array, std: Array, best: float, xi: float = 0.0) -> Array:
    """Return the logarithm of the probability of a loss below `best - xi`; -inf where it is zero.

    Where std is 0 the probability is 1 or 0. Kushner (1964).
    """
    gain = best - xi - mean
    sure = std <= 0.0
    z = gain / np.where(sure, 1.0, std)
    return np.where(sure, np.where(gain > 0.0, 0.0, -math.inf), log_ndtr(z))


LOGARITHMIC: Mapping[str, Callable[[Array, Array, float, float], Array]] = {
    "ei": log_ei,
    "poi": log_poi,
}
