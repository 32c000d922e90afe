"""From all values of a metric in a log to the one that counts for the trial."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import regex

from autosearch.errors import InputError
from autosearch.spelling import did_you_mean

Mode = Literal["max", "min"]

_WORDS: Final = ("last", "best", "min", "max")
_MEAN = regex.compile(r"mean_last_([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Reduction:
    """Which value counts: one of last, best, min, max, or the mean of the last `count`."""

    kind: Literal["last", "best", "min", "max", "mean"]
    count: int = 1


def parse_reduce(how: str) -> Reduction:
    """Return what a word means: `last`, `best`, `min`, `max`, or `mean_last_K`, K at least 1.

    Raises InputError for any other word.
    """
    match how:
        case "last" | "best" | "min" | "max":
            return Reduction(how)
    found = _MEAN.fullmatch(how)
    if found and int(found[1]):
        return Reduction("mean", int(found[1]))
    hint = did_you_mean(how, [*_WORDS, "mean_last_5"])
    raise InputError(
        f"reduce: found {how!r}, expected one of {', '.join(_WORDS)}, "
        f"or mean_last_K such as mean_last_5{hint}"
    )


def reduce_values(values: Sequence[float], how: str, mode: Mode) -> float | None:
    """Return the value that counts, None where there are no values.

    best is the largest or the smallest by `mode`. best, min and max pass over nan unless there is
    nothing else; last and mean_last_K do not, so a run that ends in nan has the value nan.
    mean_last_K takes what there is where there are fewer than K.

    >>> reduce_values([0.5, 0.9, float("nan")], "best", "max")
    0.9
    """
    reduction = parse_reduce(how)
    if not values:
        return None
    if reduction.kind in ("last", "mean"):
        last = values[-reduction.count :]
        # Divided first: the sum of large values may not be finite where their mean is.
        return last[0] if len(last) == 1 else sum(value / len(last) for value in last)
    known = [value for value in values if not math.isnan(value)] or [math.nan]
    largest = reduction.kind == "max" or (reduction.kind == "best" and mode == "max")
    return max(known) if largest else min(known)
