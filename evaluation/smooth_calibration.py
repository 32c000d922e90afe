"""SmoothECE: the calibration error without bins, after a kernel that is as wide as the error.

Błasiok and Nakkiran (2023), "Smooth ECE: Principled Reliability Diagrams via Kernel Smoothing".
The residuals (right - confidence) are smoothed by a Gaussian that is reflected at 0 and 1, and the
absolute value of the result is integrated. On [0, 1] that kernel is the heat kernel, which a cosine
transform turns into a product: exp(-(π j σ)²/2) for the j-th cosine.
"""

import numpy as np
from scipy import fft, optimize

from evaluation.arrays import Floats
from evaluation.intervals import Estimate

CELLS = 2**13
DRAW_CELLS, DRAWS = 2**9, 300
NARROWEST = 1e-6


def smooth_ece(confidence: Floats, correct: Floats, alpha: float, seed: int) -> Estimate:
    """Return smECE at the width σ where the smoothed error equals σ, with its interval.

    confidence: (N,) in [0, 1]. correct: (N,) of 0 and 1. The interval rests on normal draws of each
    cell's residual. Noise only adds to an absolute value, so its lower end takes that bias off; it
    is 0 unless a calibrated model of these confidences would show less with probability
    1 - alpha/2.
    """
    n = len(confidence)
    spectrum = fft.dct(_spread(confidence, (correct - confidence) / n, CELLS))
    low, high = NARROWEST, 1.0
    if _smoothed(spectrum, low) <= low:
        value = float(_smoothed(spectrum, low))
    else:
        value = float(optimize.brentq(lambda s: _smoothed(spectrum, s) - s, low, high, xtol=1e-10))
    return _interval(confidence, correct, value, alpha, seed)


def _spread(places: Floats, weights: Floats, cells: int) -> Floats:
    """Return the weights dealt to the middles of cells, each to the two nearest in proportion."""
    at = np.clip(places * cells - 0.5, 0, cells - 1)
    left = np.minimum(at.astype(np.int64), cells - 2)
    right_share = at - left
    result = np.bincount(left, weights=weights * (1 - right_share), minlength=cells).astype(float)
    result[1:] += np.bincount(left, weights=weights * right_share, minlength=cells)[: cells - 1]
    return result


def _smoothed(spectrum: Floats, width: float) -> Floats:
    """Return ∫|residual * kernel| of residuals given by their cosine transform (last axis)."""
    cells = spectrum.shape[-1]
    damping = np.exp(-((np.pi * width * np.arange(cells)) ** 2) / 2)
    result: Floats = np.abs(fft.idct(spectrum * damping)).sum(axis=-1)
    return result


def _interval(
    confidence: Floats, correct: Floats, value: float, alpha: float, seed: int
) -> Estimate:
    """Return the value with an interval; at the fixed width, then corrected for its own motion."""
    n = len(confidence)
    residual = (correct - confidence) / n
    mean = _spread(confidence, residual, DRAW_CELLS)
    cell = np.minimum((confidence * DRAW_CELLS).astype(np.int64), DRAW_CELLS - 1)
    deviation = np.bincount(cell, weights=residual**2, minlength=DRAW_CELLS) ** 0.5
    usual = (
        np.bincount(cell, weights=confidence * (1 - confidence), minlength=DRAW_CELLS) ** 0.5 / n
    )
    noise = np.random.default_rng(seed).standard_normal((DRAWS, DRAW_CELLS))
    width = max(value, 1 / DRAW_CELLS)
    centre = float(_smoothed(fft.dct(mean), width))
    # The fixed point moves by the change at a fixed width over 1 - slope, and the slope is below 0.
    slope = (float(_smoothed(fft.dct(mean), 1.01 * width)) - centre) / (0.01 * width)
    draws = _smoothed(fft.dct(mean + noise * deviation), width)
    moved = (draws - centre) / (1 - min(slope, 0.0))
    middle, up = np.quantile(moved, [0.5, 1 - alpha / 2])
    calibrated = _smoothed(fft.dct(noise * usual), width)
    significant = centre > np.quantile(calibrated, 1 - alpha / 2)
    lowest = max(0.0, value - float(up)) if significant else 0.0
    return Estimate(value, min(lowest, value), min(1.0, value + float(up - middle)))
