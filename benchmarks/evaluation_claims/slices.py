"""Weak groups planted among properties that go together, and what is found of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation import Result, analyse
from evaluation.intervals import Estimate
from evaluation.subgroups import members
from evaluation.suggestions.model import Suggestion

Array = NDArray[Any]

CLASSES = 6
SAMPLES = 2000
PROPERTIES = 8
SEEDS, QUICK_SEEDS = 20, 3
SETS, QUICK_SETS = 200, 20
ACCURACY = 0.92
# Accuracy lost inside the planted group.
LOSSES = {"weak": 0.15, "clear": 0.3, "strong": 0.5}
# What each planted group is made of; every other property is innocent.
PLANTED: Mapping[str, frozenset[str]] = {
    "a range": frozenset({"f0"}),
    "a narrow range": frozenset({"f0"}),
    "a category": frozenset({"camera"}),
    "two ranges": frozenset({"f0", "f1"}),
    "a class in a range": frozenset({"f0", "class"}),
}
ROUNDING = 1e-9
SEARCHED = ("SEN", "SLC")


@dataclass(frozen=True, eq=False)
class Planted:
    """One data set: scores, labels, properties, the degraded samples, and the errors they cost."""

    p: Array
    labels: Array
    properties: dict[str, object]
    bad: Array
    gain: float
    guilty: frozenset[str]

    def judged(self) -> Result:
        """Return the analysis."""
        return analyse("image_classification", self.p, self.labels, metadata=self.properties)


def plant(kind: str, loss: float, seed: int) -> Planted:
    """Return a set in which a group of samples lost `loss` of its accuracy.

    gain: the share of all samples that is wrong only because of it, so what undoing it brings.
    """
    rng = np.random.default_rng([seed, sorted(PLANTED).index(kind), int(100 * loss)])
    base = rng.normal(size=(SAMPLES, 3))
    mixed = base @ rng.normal(size=(3, 5)) * 0.8 + rng.normal(size=(SAMPLES, 5)) * 0.6
    values = np.hstack([base, mixed])
    camera = rng.choice(list("abcde"), SAMPLES, p=[0.4, 0.2, 0.15, 0.15, 0.1])
    labels = rng.integers(0, CLASSES, SAMPLES)
    low = values[:, 0] < np.quantile(values[:, 0], 0.37)
    bad = {
        "a range": values[:, 0] < np.quantile(values[:, 0], 0.23),
        "a narrow range": (values[:, 0] > np.quantile(values[:, 0], 0.42))
        & (values[:, 0] < np.quantile(values[:, 0], 0.53)),
        "a category": camera == "c",
        "two ranges": low & (values[:, 1] > 0.3),
        "a class in a range": low & (labels == 2),
    }[kind]
    chance, sound = rng.random(SAMPLES), ACCURACY - 0.02 * labels / CLASSES
    right, would_be = chance < sound - loss * bad, chance < sound
    wrong_class = (labels + rng.integers(1, CLASSES, SAMPLES)) % CLASSES
    properties: dict[str, object] = {f"f{i}": values[:, i] for i in range(PROPERTIES)}
    return Planted(
        p=scores(np.where(right, labels, wrong_class), right, rng),
        labels=labels,
        properties=properties | {"camera": camera},
        bad=bad,
        gain=float((would_be & ~right).mean()),
        guilty=PLANTED[kind],
    )


def scores(predicted: Array, right: Array, rng: np.random.Generator) -> Array:
    """Return probabilities whose highest is the prediction, surer where it is right."""
    logits = rng.normal(size=(len(predicted), CLASSES))
    logits[np.arange(len(predicted)), predicted] = logits.max(axis=1) + rng.gamma(
        2.0, np.where(right, 1.5, 0.5)
    )
    return softmax(logits)


def softmax(logits: Array) -> Array:
    """Return row-wise probabilities."""
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: Array = p / p.sum(axis=1, keepdims=True)
    return result


@dataclass(frozen=True)
class Found:
    """What one analysis says of a planted group; overlap is the intersection over the union."""

    found: bool
    overlap: float
    innocent: bool
    covered: bool | None


def judge(planted: Planted) -> Found:
    """Return whether the group was found, how well, and whether its gain is covered."""
    result = planted.judged()
    named = [item for item in result.suggestions if item.rule in SEARCHED]
    overlaps = [overlap(inside(result, item), planted.bad) for item in named]
    if not named:
        return Found(False, 0.0, False, None)
    best = named[int(np.argmax(overlaps))]
    amount = None if best.gain is None else best.gain.amount
    covered = None if amount is None else covers(amount, planted.gain)
    innocent = any(columns(result, item) - planted.guilty for item in named)
    return Found(True, max(overlaps), innocent, covered)


def covers(amount: Estimate, value: float) -> bool:
    """Return whether a value lies in an interval, up to rounding."""
    assert amount.low is not None and amount.high is not None
    return amount.low - ROUNDING <= value <= amount.high + ROUNDING


def inside(result: Result, item: Suggestion) -> Array:
    """Return the samples that a suggestion is about."""
    found = result.findings
    if item.rule == "SEN":
        one = next(s for s in found.sensitivity if s.column.name == item.target)
        assert one.found is not None
        return one.column.members(one.found.low, one.found.high)
    assert found.slices is not None
    return members(found.slices.slices[int(item.target) - 1].rule, found.slices.columns)


def columns(result: Result, item: Suggestion) -> set[str]:
    """Return the properties that a suggestion names."""
    if item.rule == "SEN":
        return {item.target}
    found = result.findings.slices
    assert found is not None
    return {found.columns[c.column].name for c in found.slices[int(item.target) - 1].rule}


def overlap(first: Array, second: Array) -> float:
    """Return the intersection over the union."""
    return float((first & second).sum() / max((first | second).sum(), 1))


def report_found(quick: bool, _: Path | None) -> Iterator[str]:
    """Yield a table of what is found, per kind of group and strength."""
    seeds = QUICK_SEEDS if quick else SEEDS
    yield "planted              loss  found   IoU  innocent  gain covered"
    for kind in PLANTED:
        for loss in LOSSES.values():
            done = [judge(plant(kind, loss, seed)) for seed in range(seeds)]
            hits = [item for item in done if item.found]
            covered = [item.covered for item in hits if item.covered is not None]
            yield (
                f"{kind:<20} {loss:>5} {len(hits) / seeds:>6.0%} "
                f"{np.mean([item.overlap for item in hits]) if hits else 0:>5.2f} "
                f"{np.mean([item.innocent for item in done]):>9.0%} "
                f"{np.mean(covered) if covered else 0:>9.0%} of {len(covered)}"
            )


def report_nothing(quick: bool, _: Path | None) -> Iterator[str]:
    """Yield how often a group is named where correctness was permuted."""
    alarms, sets = 0, QUICK_SETS if quick else SETS
    for seed in range(sets):
        planted = plant("a range", 0.3, 10_000 + seed)
        order = np.random.default_rng(seed).permutation(SAMPLES)
        shuffled = {name: np.asarray(v)[order] for name, v in planted.properties.items()}
        result = analyse("image_classification", planted.p, planted.labels, metadata=shuffled)
        alarms += any(item.rule in SEARCHED for item in result.suggestions)
    yield f"permuted correctness: a finding in {alarms} of {sets} sets ({alarms / sets:.1%})"
