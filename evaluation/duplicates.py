"""The same image more than once: byte for byte, pixel for pixel, or nearly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.arrays import Floats, Ints
from evaluation.images import ImageTable

MAX_BITS = 3
# Grey levels (root mean square) by which the 16 × 16 copies of near duplicates differ at most.
MAX_DIFFERENCE = 3.0
# Copies with less spread than this look alike without being alike.
LEAST_SPREAD = 2.0
LARGEST_BUCKET = 3000


@dataclass(frozen=True, slots=True)
class Group:
    """Images that are the same. kind: "exact" or "near". conflicting: their labels differ."""

    indices: tuple[int, ...]
    kind: str
    conflicting: bool


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Groups of equal images within the data, and pairs shared with a reference set.

    leaked: (index here, index in the reference). accuracy_without: of one image per group only,
    and its difference to all images is `bias`.
    """

    groups: list[Group]
    leaked: list[tuple[int, int]]
    extra: Ints


def find(table: ImageTable, labels: Ints, reference: ImageTable | None) -> Duplicates:
    """Return groups of equal images, the largest first."""
    parent = np.arange(len(labels))
    exact = _link_equal(table.digests, parent)
    near = np.zeros(len(labels), bool)
    for first, second in near_pairs(table):
        if _root(parent, first) != _root(parent, second):
            near[[first, second]] = True
            _join(parent, first, second)
    roots = np.array([_root(parent, i) for i in range(len(labels))])
    members: dict[int, list[int]] = {}
    for index in np.flatnonzero(exact | near).tolist():
        members.setdefault(int(roots[index]), []).append(index)
    groups = [
        Group(
            indices=tuple(group),
            kind="near" if near[group].any() else "exact",
            conflicting=len(set(labels[group].tolist())) > 1,
        )
        for group in members.values()
        if len(group) > 1
    ]
    groups.sort(key=lambda group: (not group.conflicting, -len(group.indices), group.indices))
    extra = sorted(index for group in groups for index in group.indices[1:])
    leaked = _shared(table, reference) if reference is not None else []
    return Duplicates(groups, leaked, np.array(extra, np.int64))


def _root(parent: Ints, index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = int(parent[index])
    return index


def _join(parent: Ints, first: int, second: int) -> None:
    low, high = sorted((_root(parent, first), _root(parent, second)))
    parent[high] = low


def _link_equal(digests: Sequence[bytes], parent: Ints) -> NDArray[np.bool_]:
    seen: dict[bytes, int] = {}
    linked = np.zeros(len(digests), bool)
    for index, digest in enumerate(digests):
        if not digest:
            continue
        first = seen.setdefault(digest, index)
        if first != index:
            linked[[first, index]] = True
            _join(parent, first, index)
    return linked


def near_pairs(table: ImageTable) -> list[tuple[int, int]]:
    """Return pairs whose hashes differ in at most three bits and whose small copies agree.

    Of four bands of 16 bits one is equal in any such pair, so only images that share a band are
    compared. The hash alone would pair any two similar silhouettes.
    """
    spread = table.tiny.reshape(len(table.tiny), -1).std(axis=1)
    usable = np.flatnonzero(table.readable & (spread >= LEAST_SPREAD))
    pairs: set[tuple[int, int]] = set()
    for band in range(4):
        key = (table.dhash[usable] >> np.uint64(16 * band)) & np.uint64(0xFFFF)
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.append(True, np.diff(key[order]) > 0))
        for bucket in np.split(usable[order], starts[1:]):
            if 1 < len(bucket) <= LARGEST_BUCKET:
                pairs.update(_close(table.dhash, table.tiny, bucket))
    return sorted(pairs)


def _close(
    hashes: NDArray[np.uint64], tiny: NDArray[np.uint8], bucket: Ints
) -> list[tuple[int, int]]:
    own = hashes[bucket]
    bits = np.bitwise_count(own[:, None] ^ own[None, :])
    first, second = np.nonzero(np.triu(bits <= MAX_BITS, 1))
    left, right = bucket[first], bucket[second]
    result: list[tuple[int, int]] = []
    for start in range(0, len(left), 10_000):
        a, b = left[start : start + 10_000], right[start : start + 10_000]
        difference = tiny[a].astype(np.float32) - tiny[b]
        rms = np.sqrt((difference * difference).mean(axis=(1, 2)))
        kept = rms <= MAX_DIFFERENCE
        result.extend(
            zip(np.minimum(a, b)[kept].tolist(), np.maximum(a, b)[kept].tolist(), strict=True)
        )
    return result


def _shared(table: ImageTable, reference: ImageTable) -> list[tuple[int, int]]:
    known = {digest: i for i, digest in reversed(list(enumerate(reference.digests))) if digest}
    return [(index, known[digest]) for index, digest in enumerate(table.digests) if digest in known]


def accuracy_shift(correct: Floats, extra: Ints) -> tuple[float, float]:
    """Return the accuracy of all images, and without the repeated ones."""
    kept = np.ones(len(correct), bool)
    kept[extra] = False
    return float(correct.mean()), float(correct[kept].mean())
