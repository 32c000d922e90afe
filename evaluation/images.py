"""Properties of image files: one decode, nine numbers, two hashes and a tiny copy of each."""

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import pi
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.arrays import Floats, Ints, Mask

if TYPE_CHECKING:
    from PIL import Image

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
ORIENTATION = 0x0112
TINY = 16
# Pictures are averaged down to about this size before the small copies are cut from them.
REDUCED = 36
# Pillow's bilinear filter, which widens when it shrinks; a number, for Pillow is imported late.
BILINEAR = 2
# More far values than this share are a part of the data, not exceptions to it.
MOST_EXTREME = 0.02
# Fewer grey levels' spread than this is a blank picture.
BLANK_CONTRAST = 1 / 255

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ImageFacts:
    """What one file holds. tiny: grey, 16 × 16. dhash: 64 bits. digest: of the pixels.

    notes: conversions that were made.
    """

    properties: tuple[float, ...]
    dhash: int
    digest: bytes
    tiny: Pixels
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ImageTable:
    """The facts of all images; rows of unreadable ones are NaN (values) or 0 (hashes).

    failures: (index, reason). notes: conversion -> how many images. paths: None where unmapped.
    """

    paths: Sequence[Path | None]
    values: dict[str, Floats]
    readable: Mask
    dhash: NDArray[np.uint64]
    digests: list[bytes]
    tiny: Pixels
    failures: list[tuple[int, str]]
    notes: dict[str, int]


def open_image(path: Path) -> tuple["Image.Image", list[str]]:
    """Return the first frame, upright, 8 bits, as RGB or grey, and what had to be converted.

    Raises OSError where the file cannot be read as an image, or is too large to be safe.
    """
    return decode(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """Return the content of a file. Raises OSError also for names that no file can have."""
    try:
        return path.read_bytes()
    except ValueError as fault:
        raise OSError(f"impossible file name ({fault})") from fault


def decode(content: bytes) -> tuple["Image.Image", list[str]]:
    """Return what `open_image` returns, for the bytes of a file."""
    from PIL import Image, ImageOps

    notes: list[str] = []
    try:
        image: Any = Image.open(io.BytesIO(content))
        # Pillow only warns of such a picture; a warning filter would be shared by all threads.
        if image.width * image.height > (Image.MAX_IMAGE_PIXELS or np.inf):
            raise OSError("too many pixels to be decoded safely")
        if getattr(image, "n_frames", 1) > 1:
            notes.append("first frame of several")
        image.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as fault:
        raise OSError("too many pixels to be decoded safely") from fault
    except (SyntaxError, ValueError, EOFError, MemoryError) as fault:
        raise OSError(f"damaged image ({fault})") from fault
    if image.mode[0] in "IF":
        notes.append("scaled from more than 8 bits")
        values = np.asarray(image, np.float64)
        top = 65535.0 if image.mode.startswith("I") else max(float(values.max()), 1.0)
        image = Image.fromarray(np.clip(values * (255 / top), 0, 255).astype(np.uint8))
    # Reading the orientation costs as much as a third of the decoding: only where there is one.
    if not {"exif", "xmp"}.isdisjoint(image.info) or image.format in ("TIFF", "MPO"):
        turned = ImageOps.exif_transpose(image)
        if image.getexif().get(ORIENTATION, 1) != 1:
            notes.append("turned upright by EXIF")
        image = turned
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        notes.append("transparency laid on white")
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground.convert("RGB")
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    return image, notes


def read_facts(path: Path) -> ImageFacts:
    """Return the facts of one image file. Raises OSError where it cannot be read."""
    image, notes = decode(read_bytes(path))
    grey = image if image.mode == "L" else image.convert("L")
    luma = np.asarray(grey)
    planes = [] if image.mode == "L" else [np.asarray(plane) for plane in image.split()]
    properties = measure(luma, planes, grey.histogram())
    reduced = grey.reduce(max(1, min(grey.size) // REDUCED))
    tiny = np.asarray(reduced.resize((TINY, TINY), BILINEAR))
    small = np.asarray(reduced.resize((9, 8), BILINEAR))
    # Nine exact sums over the pixels and a small copy tell pictures apart as surely as a hash of
    # all pixels would, at a tenth of its price.
    marks = np.array(properties).tobytes() + tiny.tobytes()
    return ImageFacts(
        properties=properties,
        dhash=difference_hash(small),
        digest=hashlib.sha256(marks).digest(),
        tiny=tiny,
        notes=tuple(notes),
    )


def measure(luma: Pixels, planes: Sequence[Pixels], histogram: Sequence[int]) -> tuple[float, ...]:
    """Return the numbers of PROPERTIES, in their order; definitions in docs/evaluation.md.

    planes: red, green and blue, or none for a grey picture.
    """
    height, width = luma.shape
    counts = np.asarray(histogram, float)
    levels = np.arange(256.0)
    share = counts / counts.sum()
    mean = float(share @ levels)
    std = max(float(share @ (levels - mean) ** 2), 0.0) ** 0.5
    filled = share[share > 0]
    saturation, colour = _colour(planes) if planes else (0.0, 0.0)
    sharpness, noise = _structure(luma)
    return (
        mean / 255,
        std / 255,
        saturation,
        colour,
        sharpness,
        noise,
        max(float(-(filled * np.log2(filled)).sum()), 0.0),
        height / width,
        float(height * width),
    )


def _colour(planes: Sequence[Pixels]) -> tuple[float, float]:
    """Return the mean HSV saturation, and colourfulness (Hasler and Süsstrunk 2003)."""
    red, green, blue = planes
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    share = np.divide(low, np.maximum(high, 1), dtype=np.float32)
    # Black has no saturation: there `share` is 0, and so is what it must be taken from.
    saturation = (np.count_nonzero(high) - float(share.sum())) / high.size
    wide = [plane.astype(np.int16) for plane in planes]
    total = wide[0] + wide[1]
    # Twice the yellow-blue axis, (R + G)/2 - B, so that everything stays whole until the end.
    mean_1, var_1 = _moments(wide[0] - wide[1])
    mean_2, var_2 = _moments(total - 2 * wide[2])
    spread = (var_1 + var_2 / 4) ** 0.5
    return max(saturation, 0.0), spread + 0.3 * (mean_1**2 + mean_2**2 / 4) ** 0.5


def _moments(values: NDArray[np.int16]) -> tuple[float, float]:
    """Return mean and variance; pairwise float32 sums are good to seven digits."""
    flat = values.astype(np.float32).ravel()
    mean = float(flat.sum()) / flat.size
    flat -= np.float32(mean)
    return mean, float(np.dot(flat, flat)) / flat.size


def _structure(luma: Pixels) -> tuple[float, float]:
    """Return the variance of the Laplacian, and the noise level (Immerkær 1996); 0 below 3 × 3."""
    height, width = luma.shape
    if min(height, width) < 3:
        return 0.0, 0.0
    wide = luma.astype(np.int16)
    across = wide[:, :-2] + wide[:, 2:]
    middle = 2 * wide[:, 1:-1]
    laplacian = wide[:-2, 1:-1] + wide[2:, 1:-1]
    laplacian += across[1:-1]
    laplacian -= 2 * middle[1:-1]
    _, variance = _moments(laplacian)
    across -= middle
    noise = across[:-2] + across[2:]
    noise -= 2 * across[1:-1]
    total = float(np.abs(noise, out=noise).astype(np.float32).sum())
    return variance, (pi / 2) ** 0.5 * total / (6 * (width - 2) * (height - 2))


def difference_hash(small: Pixels) -> int:
    """Return 64 bits: whether each pixel of a 9 × 8 copy is darker than the one to its right."""
    bits = (small[:, :-1] < small[:, 1:]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def read_images(paths: Sequence[Path | None], indices: Ints, n_jobs: int) -> ImageTable:
    """Return the facts of the images at `indices`; all others count as not looked at."""
    n = len(paths)

    def facts(index: int) -> ImageFacts | str:
        path = paths[index]
        if path is None:
            return "its address maps to no local file"
        try:
            return read_facts(path)
        except FileNotFoundError:
            return "file not found"
        except OSError as fault:
            return str(fault) or type(fault).__name__

    with ThreadPoolExecutor(max_workers=max(1, n_jobs)) as pool:
        found = list(pool.map(facts, indices.tolist()))
    values = {name: np.full(n, np.nan) for name in PROPERTIES}
    table = ImageTable(
        paths=paths,
        values=values,
        readable=np.zeros(n, bool),
        dhash=np.zeros(n, np.uint64),
        digests=[b""] * n,
        tiny=np.zeros((n, TINY, TINY), np.uint8),
        failures=[],
        notes={},
    )
    for index, item in zip(indices.tolist(), found, strict=True):
        if isinstance(item, str):
            table.failures.append((index, item))
            continue
        table.readable[index] = True
        table.dhash[index] = item.dhash
        table.digests[index] = item.digest
        table.tiny[index] = item.tiny
        for name, value in zip(PROPERTIES, item.properties, strict=True):
            values[name][index] = value
        for note in item.notes:
            table.notes[note] = table.notes.get(note, 0) + 1
    return table


def blank(table: ImageTable) -> Ints:
    """Return the indices of images that show a single tone."""
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(table.values["contrast"] < BLANK_CONTRAST)


def extremes(values: Floats) -> Mask:
    """Return the few values outside the far fences: the quartiles ± 3 interquartile ranges."""
    known = values[np.isfinite(values)]
    if len(known) < 8:
        return np.zeros(len(values), bool)
    low, high = np.quantile(known, [0.25, 0.75])
    reach = 3 * (high - low)
    with np.errstate(invalid="ignore"):
        outside = (values < low - reach) | (values > high + reach)
    few = outside.sum() <= max(1, MOST_EXTREME * len(known))
    return outside if reach > 0 and few else np.zeros(len(values), bool)
