"""Types of arrays, row blocks that fit a processor's cache, and folds that follow content."""

import zlib
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Scores: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

# A block of 2**17 float32 numbers is half a megabyte: it stays in a second-level cache.
BLOCK_NUMBERS = 2**17


def row_blocks(rows: int, columns: int, numbers: int = BLOCK_NUMBERS) -> Iterator[slice]:
    """Yield slices that cut `rows` rows of `columns` numbers into blocks of about `numbers`."""
    step = max(1, numbers // max(1, columns))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def row_max(block: Scores) -> Scores:
    """Return the largest number of each row; finding its place is three times faster than it."""
    result: Scores = np.take_along_axis(block, block.argmax(axis=1)[:, None], axis=1)[:, 0]
    return result


def row_sums(block: Scores) -> Scores:
    """Return the sum of each row, as a dot product, which is three times faster."""
    result: Scores = np.vecdot(block, np.ones(block.shape[1], block.dtype))
    return result


def softmax(logits: Scores) -> Scores:
    """Return the row-wise softmax in the dtype of `logits`; rows may hold any finite numbers."""
    shifted = logits - row_max(logits)[:, None]
    np.exp(shifted, out=shifted)
    shifted /= row_sums(shifted)[:, None]
    result: Scores = shifted
    return result


def name_codes(names: Sequence[str]) -> Ints:
    """Return a number per name that depends on its text alone."""
    codes = (zlib.crc32(name.encode("utf-8", "surrogatepass")) for name in names)
    return np.fromiter(codes, dtype=np.int64, count=len(names))


def content_order(keys: Sequence[NDArray[np.generic]]) -> Ints:
    """Return the rows in the order of `keys`, of which the first one leads."""
    return np.lexsort(tuple(reversed(keys)))


def content_folds(order: Ints, folds: int, seed: int) -> Ints:
    """Return a fold number per row, balanced along `order` (see content_order).

    Every run of `folds` neighbours is dealt out at random, so the fold of a row follows its content
    and not its place in the list.
    """
    rows = len(order)
    deals = np.random.default_rng(seed).random((rows // folds + 1, folds)).argsort(axis=1)
    result = np.empty(rows, dtype=np.int64)
    result[order] = deals.ravel()[:rows]
    return result


def content_sample(order: Ints, most: int, seed: int) -> Ints:
    """Return the rows of a random part of at most `most`, in order; all of them where they fit.

    It is a fold of `content_folds`: which rows are drawn follows their content, not their place.
    """
    rows = len(order)
    if rows <= most:
        return np.arange(rows)
    # The first of f folds may hold one row more than rows / f.
    return np.flatnonzero(content_folds(order, -(-rows // most), seed) == 0)[:most]
