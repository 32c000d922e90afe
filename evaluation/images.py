"""Properties of image files: one decode, nine numbers, two hashes and a tiny copy of each."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.arrays import Floats, Ints, Mask
from evaluation.pixels import PROPERTIES, Meter, Pixels, difference_hash

if TYPE_CHECKING:
    from PIL import Image

ORIENTATION = 0x0112
# Pixels of a band: what is computed from them fits a second-level cache.
BAND = 2**16
# Bytes; Pillow's copy of a picture of 1,000 × 1,000, its file and its bands are below twice that.
KEPT = 2**23
# Files below which starting processes costs more than it saves, and files handed over at once.
FEW = 1000
PART = 64
TINY = 16
# Pictures are averaged down to about this size before the small copies are cut from them.
REDUCED = 36
# Pillow's bilinear filter, which widens when it shrinks; a number, for Pillow is imported late.
BILINEAR = 2
# More far values than this share are a part of the data, not exceptions to it.
MOST_EXTREME = 0.02
# Fewer grey levels' spread than this is a blank picture.
BLANK_CONTRAST = 1 / 255


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
    from PIL import Image

    image, notes = decode(read_bytes(path))
    factor = max(1, min(image.size) // REDUCED)
    meter = Meter()
    reduced = Image.new("L", (-(-image.width // factor), -(-image.height // factor)))
    for top, band in _bands(image, factor):
        grey = band if band.mode == "L" else band.convert("L")
        planes = [] if band.mode == "L" else [_plane(band, name) for name in "RGB"]
        meter.add(_plane(grey, "L"), planes, grey.histogram())
        reduced.paste(grey.reduce(factor), (0, top // factor))
    properties = meter.properties()
    tiny = _plane(reduced.resize((TINY, TINY), BILINEAR), "L")
    small = _plane(reduced.resize((9, 8), BILINEAR), "L")
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


def _bands(image: "Image.Image", factor: int) -> Iterator[tuple[int, "Image.Image"]]:
    """Yield (first row, band of rows); all bands but the last hold a multiple of `factor` rows."""
    width, height = image.size
    step = max(1, BAND // (width * factor)) * factor
    if step >= height:
        yield 0, image
        return
    for top in range(0, height, step):
        yield top, image.crop((0, top, width, min(top + step, height)))


def _plane(image: "Image.Image", name: str) -> Pixels:
    """Return one plane of a picture; a view of the bytes, at half the price of `split`."""
    flat = np.frombuffer(image.tobytes("raw", name), np.uint8)
    return flat.reshape(image.height, image.width)


def read_images(paths: Sequence[Path | None], indices: Ints, n_jobs: int) -> ImageTable:
    """Return the facts of the images at `indices`; all others count as not looked at."""
    n = len(paths)
    found = _read_all([paths[i] for i in indices.tolist()], n_jobs)
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


def _read_all(paths: Sequence[Path | None], n_jobs: int) -> list[ImageFacts | str]:
    """Return the facts, or why there are none, of all files.

    By processes: much of Pillow holds Python's lock, so that threads would wait for each other.
    """
    if n_jobs < 2 or len(paths) < FEW:
        return _read_some(paths)
    from joblib import Parallel, delayed

    parts = [paths[start : start + PART] for start in range(0, len(paths), PART)]
    found = Parallel(n_jobs=n_jobs)(delayed(_read_some)(part) for part in parts)
    return [item for part in found for item in part]


def _read_some(paths: Sequence[Path | None]) -> list[ImageFacts | str]:
    _keep_memory()
    return [_facts_or_reason(path) for path in paths]


def _facts_or_reason(path: Path | None) -> ImageFacts | str:
    if path is None:
        return "its address maps to no local file"
    try:
        return read_facts(path)
    except FileNotFoundError:
        return "file not found"
    except OSError as fault:
        return str(fault) or type(fault).__name__


def _keep_memory() -> None:
    """Make the allocator keep the memory of one picture for the next.

    glibc hands it back to the system after every picture, and faults it in anew, until a block at
    least half as large as what it is to keep was freed once. Nothing touches this block.
    """
    np.empty(KEPT, np.uint8)


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
