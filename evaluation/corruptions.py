"""Everyday damage to images at five strengths, after Hendrycks and Dietterich (2019)."""

import io
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
SEVERITIES = (1, 2, 3, 4, 5)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def darker(image: Pixels, severity: int, _: np.random.Generator) -> Pixels:
    """Return the image with its brightness lowered by 10 % per step of severity."""
    result: Pixels = image * np.float32(1 - 0.12 * severity)
    return result


def brighter(image: Pixels, severity: int, _: np.random.Generator) -> Pixels:
    """Return the image with light added."""
    lit: Pixels = image + np.float32(20 * severity)
    return np.clip(lit, 0, 255)


def flatter(image: Pixels, severity: int, _: np.random.Generator) -> Pixels:
    """Return the image with less contrast around its mean."""
    mean = np.float32(image.mean())
    result: Pixels = mean + (image - mean) * np.float32(1 - 0.15 * severity)
    return result


def blurred(image: Pixels, severity: int, _: np.random.Generator) -> Pixels:
    """Return the image under a Gaussian of 0.4 to 2 % of its shorter side, at least 0.3 pixels."""
    from scipy.ndimage import gaussian_filter

    sigma = max(0.3, 0.004 * min(image.shape[:2])) * severity
    return gaussian_filter(image, (sigma, sigma, 0))


def noisy(image: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Return the image with Gaussian noise of 8 grey levels per step."""
    noise = rng.standard_normal(image.shape, np.float32) * np.float32(8 * severity)
    return np.clip(image + noise, 0, 255)


def compressed(image: Pixels, severity: int, _: np.random.Generator) -> Pixels:
    """Return the image after JPEG at qualities from 50 down to 10."""
    from PIL import Image

    stream = io.BytesIO()
    quality = 60 - 10 * severity
    Image.fromarray(image.astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream).convert("RGB"), np.float32)


CORRUPTIONS: Mapping[str, Callable[[Pixels, int, np.random.Generator], Pixels]] = {
    "darker": darker,
    "brighter": brighter,
    "low_contrast": flatter,
    "blur": blurred,
    "noise": noisy,
    "jpeg": compressed,
}


def corrected(image: Pixels, name: str, target: float) -> Pixels | None:
    """Return the image with one property brought to `target`; None where that is not offered."""
    luma = image @ LUMA
    mean = float(luma.mean())
    if name == "brightness":
        if not 0 < mean < 255 or not 0 < target < 1:
            return None
        # A gamma keeps black and white and moves the mean as near to the target as one step can.
        gamma = np.log(target) / np.log(mean / 255)
        return (255 * (image / 255) ** np.float32(gamma)).astype(np.float32)
    if name == "contrast":
        spread = float(luma.std())
        if spread <= 0:
            return None
        stretched: Pixels = mean + (image - mean) * np.float32(target * 255 / spread)
        return np.clip(stretched, 0, 255)
    if name == "saturation":
        high, low = image.max(axis=2), image.min(axis=2)
        now = float(np.divide(high - low, high, out=np.zeros_like(high), where=high > 0).mean())
        if now <= 0:
            return None
        grey = luma[:, :, None]
        return np.clip(grey + (image - grey) * np.float32(target / now), 0, 255)
    return None
