"""Numbers of one picture, from its pixels; definitions in docs/evaluation.md.

A picture is read in bands of rows, each small enough for a processor's cache. Differences of pixels
are whole numbers, and so are their sums over a row of a usual picture, which float32 holds exactly:
nothing is lost where a large mean meets a small spread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi

import numpy as np
from numpy.typing import NDArray

from evaluation.arrays import Floats

PROPERTIES = (
    "brightness",
    "contrast",
    "saturation",
    "colourfulness",
    "sharpness",
    "noise",
    "entropy",
    "aspect_ratio",
    "resolution",
)
LEVELS = np.arange(256.0)

Pixels = NDArray[np.uint8]
Differences = NDArray[np.int16]
Wide = NDArray[np.float32]


@dataclass
class Moments:
    """Means of several quantities and, of all but the first, variances, gathered over bands.

    Chan, Golub and LeVeque (1983).
    """

    n: int = 0
    mean: Floats = field(default_factory=lambda: np.zeros(1))
    squares: Floats = field(default_factory=lambda: np.zeros(1))

    def add(self, values: Wide) -> None:
        """Take in one band, shape (quantities, rows, columns); `values` is overwritten."""
        n = values[0].size
        # Dot products by rows are several times faster than sums.
        ones = np.ones(values.shape[2], np.float32)
        mean = np.add.reduce(np.vecdot(values, ones), axis=1, dtype=np.float64) / n
        # Around a whole number near the mean everything stays whole.
        middle = np.rint(mean[1:])
        spread = values[1:]
        spread -= middle.astype(np.float32)[:, None, None]
        squares = np.add.reduce(np.vecdot(spread, spread), axis=1, dtype=np.float64)
        squares -= n * (mean[1:] - middle) ** 2
        gap, share = mean - self.mean, n / (self.n + n)
        self.squares = self.squares + squares + gap[1:] ** 2 * self.n * share
        self.mean = self.mean + gap * share
        self.n += n

    @property
    def variance(self) -> Floats:
        """Return the population variances of all but the first quantity; 0 of nothing."""
        return np.maximum(self.squares, 0.0) / max(self.n, 1)


class Meter:
    """Gathers the numbers of one picture from bands of its rows, handed over from the top down."""

    def __init__(self) -> None:
        self.counts = np.zeros(256)
        self.height = self.width = 0
        self.colours, self.structures = Moments(), Moments()
        self.last: Pixels | None = None

    def add(self, luma: Pixels, planes: Sequence[Pixels], histogram: Sequence[int]) -> None:
        """Take in a band of shape (rows, columns).

        planes: red, green and blue, or none for a grey picture. histogram: how often luma has each
        of the levels 0…255.
        """
        rows, self.width = luma.shape
        self.height += rows
        self.counts += histogram
        if planes:
            self.colours.add(_colours(*planes))
        # The neighbours above a band's first row are in the band before it.
        joined = luma if self.last is None else np.concatenate([self.last, luma])
        if min(joined.shape) > 2:
            self.structures.add(_structures(joined))
        self.last = joined[-2:]

    def properties(self) -> tuple[float, ...]:
        """Return the numbers of PROPERTIES, in their order."""
        pixels = self.height * self.width
        share = self.counts / pixels
        mean = float(share @ LEVELS)
        variance = float(share @ (LEVELS - mean) ** 2)
        filled = share[share > 0]
        saturation, colour = _colour(self.colours) if self.colours.n else (0.0, 0.0)
        return (
            mean / 255,
            max(variance, 0.0) ** 0.5 / 255,
            saturation,
            colour,
            float(self.structures.variance[0]),
            float((pi / 2) ** 0.5 * self.structures.mean[0] / 6),
            max(float(-(filled @ np.log2(filled))), 0.0),
            self.height / self.width,
            float(pixels),
        )


def difference_hash(small: Pixels) -> int:
    """Return 64 bits: whether each pixel of a 9 × 8 copy is darker than the one to its right."""
    bits = (small[:, :-1] < small[:, 1:]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _colours(red: Pixels, green: Pixels, blue: Pixels) -> Wide:
    """Return HSV saturation, R - G, and R + G - 2B of every pixel."""
    result = np.empty((3, *red.shape), np.float32)
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    np.subtract(high, low, out=low)
    # Black has no saturation: its range is 0, whatever that is divided by.
    high += high == 0
    np.divide(low, high, out=result[0], dtype=np.float32)
    first, second, third = (plane.astype(np.int16) for plane in (red, green, blue))
    result[1] = first - second
    first += second
    third += third
    first -= third
    result[2] = first
    return result


def _colour(found: Moments) -> tuple[float, float]:
    """Return the mean saturation, and colourfulness (Hasler and Süsstrunk 2003)."""
    # The yellow-blue axis is (R + G)/2 - B; twice that was gathered, so that it stayed whole.
    saturation, red_green, twice = found.mean.tolist()
    spread, twice_spread = found.variance.tolist()
    mean = (red_green**2 + twice**2 / 4) ** 0.5
    return saturation, (spread + twice_spread / 4) ** 0.5 + 0.3 * mean


def _structures(luma: Pixels) -> Wide:
    """Return the size of Immerkær's (1996) mask, and the Laplacian, of all inner pixels."""
    height, width = luma.shape
    # Rows are laid end to end: neighbours are then fixed distances apart, and what reaches over the
    # end of a row falls on the two last columns, which are left out.
    flat = luma.ravel().astype(np.int16)
    across = _bend(flat, 1)
    down = _bend(flat, width)
    down[1:-1] += across[width:-width]
    rough = _bend(across, width)
    np.abs(rough, out=rough)
    result = np.empty((2, height - 2, width - 2), np.float32)
    for values, target in zip((rough, down[1:-1]), result, strict=True):
        # The last two numbers of the last row are missing, and not needed.
        target[:] = np.ndarray(target.shape, np.int16, values, strides=(2 * width, 2))
    return result


def _bend(flat: Differences, distance: int) -> Differences:
    """Return the second differences a - 2b + c of numbers that are `distance` apart."""
    middle = flat[distance:-distance]
    result = flat[: -2 * distance] + flat[2 * distance :]
    result -= middle
    result -= middle
    return result
