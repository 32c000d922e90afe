"""Adversarial images, and how close they stay to the originals.

FGSM is of Goodfellow et al. (2015), its iterated form of Kurakin et al. (2017).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.arrays import Floats, Ints
from evaluation.settings import Attack

Pixels = NDArray[np.float32]

# Random directions per step where the model offers no gradient.
DIRECTIONS = 40
PROBE = 4.0
SSIM_WINDOW = 7


@dataclass(frozen=True, slots=True)
class AttackFigures:
    """What an attack did, in DEEPSEC's figures (Ling et al. 2019).

    mr: share misclassified. acac, actc: mean confidence of the wrong, and of the true, class over
    the successful ones (None without any). ald: mean relative distance under L0, L2, Linf. psnr in
    decibels, ssim in [-1, 1], means over all; psnr is None where nothing changed.
    """

    mr: float
    successes: int
    n: int
    acac: float | None
    actc: float | None
    ald_0: float
    ald_2: float
    ald_inf: float
    psnr: float | None
    ssim: float


def attack_step(
    images: Pixels, direction: Pixels, size: float, start: Pixels, eps: float
) -> Pixels:
    """Return images moved by `size` along the signs, within eps of `start` and 0…255."""
    moved = images + np.float32(size) * np.sign(direction)
    return np.clip(np.clip(moved, start - eps, start + eps), 0, 255).astype(np.float32)


def steps_of(attack: Attack) -> list[float]:
    """Return the size of each step; they sum to eps."""
    return [attack.eps / attack.steps] * attack.steps


def figures(
    clean: list[Pixels], attacked: list[Pixels], probabilities: Floats, labels: Ints
) -> AttackFigures:
    """Return the figures of attacked images, given the model's probabilities on them."""
    predicted = probabilities.argmax(axis=1)
    fooled = predicted != labels
    rows = np.flatnonzero(fooled)
    mse = [float(((a - c).astype(float) ** 2).mean()) for a, c in zip(attacked, clean, strict=True)]
    changed = [value for value in mse if value > 0]
    distances = np.array([_distances(a, c) for a, c in zip(attacked, clean, strict=True)])
    return AttackFigures(
        mr=float(fooled.mean()),
        successes=len(rows),
        n=len(labels),
        acac=float(probabilities[rows, predicted[rows]].mean()) if len(rows) else None,
        actc=float(probabilities[rows, labels[rows]].mean()) if len(rows) else None,
        ald_0=float(distances[:, 0].mean()),
        ald_2=float(distances[:, 1].mean()),
        ald_inf=float(distances[:, 2].mean()),
        psnr=float(np.mean([10 * np.log10(255**2 / value) for value in changed]))
        if changed
        else None,
        ssim=float(np.mean([ssim(a, c) for a, c in zip(attacked, clean, strict=True)])),
    )


def _distances(attacked: Pixels, clean: Pixels) -> tuple[float, float, float]:
    """Return the change relative to the image: share of pixels, L2 and Linf ratios."""
    difference = (attacked - clean).astype(float).ravel()
    flat = clean.astype(float).ravel()
    return (
        float((difference != 0).mean()),
        float(np.linalg.norm(difference)) / max(float(np.linalg.norm(flat)), 1e-12),
        float(np.abs(difference).max()) / max(float(np.abs(flat).max()), 1e-12),
    )


def ssim(first: Pixels, second: Pixels) -> float:
    """Return the mean structural similarity of two images of 0…255, over 7 × 7 windows.

    Uniform windows and sample covariances, the channels averaged. Wang et al. (2004).
    """
    from scipy.ndimage import uniform_filter

    window = min(SSIM_WINDOW, *first.shape[:2])
    window -= 1 - window % 2
    size = (window, window, 1)
    x, y = first.astype(float), second.astype(float)
    mean_x, mean_y = uniform_filter(x, size), uniform_filter(y, size)
    scale = window**2 / max(window**2 - 1, 1)
    var_x = scale * (uniform_filter(x * x, size) - mean_x**2)
    var_y = scale * (uniform_filter(y * y, size) - mean_y**2)
    covariance = scale * (uniform_filter(x * y, size) - mean_x * mean_y)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    upper: Floats = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    lower: Floats = (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    edge = window // 2
    inner = (upper / lower)[edge : x.shape[0] - edge or None, edge : x.shape[1] - edge or None]
    return float(inner.mean())
