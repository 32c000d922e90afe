"""Weak slices: conjunctions found on one half of the data and confirmed on the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.arrays import Floats, Ints, Mask
from evaluation.columns import Column
from evaluation.intervals import Estimate, benjamini_hochberg, proportion
from evaluation.subgroups import (
    Rule,
    Search,
    contrast_p,
    exact_p,
    excess_share,
    members,
    smallest,
    widened,
)

DEPTH = 3
PER_HALF = 4
LEVEL = 0.05
# A rule that is not even this surprising on its own half is not worth a test.
LEAST_SCORE = 2.0
# Two rules that share this much of their samples tell the same story.
SAME = 0.3


@dataclass(frozen=True, eq=False)
class Slice:
    """A conjunction of at least two conditions, each of them needed.

    p: exact, on the half where it was not searched: the largest of the slice against the rest, and
    of the slice against what each condition keeps out; q over all tested rules. accuracy, rest: on
    that half too. edge: with the bins next to it. excess: errors there beyond the rates outside, as
    a share of all samples.
    """

    rule: Rule
    inside: Mask
    edge: Mask
    n: int
    accuracy: Estimate
    rest: Estimate
    excess: Estimate
    p: float
    q: float


@dataclass(frozen=True, eq=False)
class SliceSearch:
    """The slices that were confirmed, the columns that rules refer to, and all p-values tested."""

    slices: list[Slice]
    columns: list[Column]
    tested: list[float]


def find_slices(
    columns: Sequence[Column], wrong: Floats, classes: Column, halves: Ints, alpha: float
) -> SliceSearch:
    """Return confirmed slices, the most certain first; the class may be one of their conditions."""
    columns, strata = [*columns, classes], classes.codes
    tested: list[Slice] = []
    for half in (0, 1):
        here, there = halves == half, halves != half
        left = here.copy()
        for _ in range(PER_HALF):
            found = Search(columns, left, wrong, strata).run(DEPTH)
            if found is None or found[0] < LEAST_SCORE:
                break
            inside = members(found[1], columns)
            left &= ~inside
            if inside.sum() >= smallest(len(wrong)):
                tested.append(_judge(found[1], columns, there, wrong, strata, alpha))
    if not tested:
        return SliceSearch([], list(columns), [])
    q = benjamini_hochberg([item.p for item in tested])
    kept: list[Slice] = []
    for i in np.argsort([item.p for item in tested], kind="stable"):
        item = tested[int(i)]
        if q[i] >= LEVEL or any(_overlap(item.inside, other.inside) > SAME for other in kept):
            continue
        kept.append(replace(item, q=float(q[i])))
    return SliceSearch(kept, list(columns), [item.p for item in tested])


def _judge(
    rule: Rule,
    columns: Sequence[Column],
    part: Mask,
    wrong: Floats,
    strata: Ints,
    alpha: float,
) -> Slice:
    inside, edge = members(rule, columns), widened(rule, columns)
    within, outside = part & inside, part & ~inside
    p = [exact_p(inside, part, wrong, strata)]
    for condition in rule:
        wider = part & members(tuple(c for c in rule if c is not condition), columns)
        of_class = condition.column == len(columns) - 1
        test = contrast_p if of_class else exact_p
        p.append(test(inside, wider, wrong, strata))
    return Slice(
        rule=rule,
        inside=inside,
        edge=edge,
        n=int(inside.sum()),
        accuracy=proportion(float((1 - wrong[within]).sum()), int(within.sum()), alpha),
        rest=proportion(float((1 - wrong[outside]).sum()), int(outside.sum()), alpha),
        excess=_excess((inside, edge), part, wrong, strata, alpha),
        p=max(p),
        q=1.0,
    )


def _excess(
    masks: tuple[Mask, Mask], part: Mask, wrong: Floats, strata: Ints, alpha: float
) -> Estimate:
    """Return the excess on the held-out half, its interval reaching up to that of all samples.

    masks: inside, and with the edge. What the rule leaves out of a slice lies in the rest and hides
    a part of the excess; the half that the rule was chosen on exaggerates it.
    """
    held = excess_share(masks[0], part, wrong, strata, alpha)
    everything = (excess_share(m, np.ones(len(part), bool), wrong, strata, alpha) for m in masks)
    return replace(held, high=max(held.high or 0.0, *(item.high or 0.0 for item in everything)))


def _overlap(first: Mask, second: Mask) -> float:
    return float((first & second).sum()) / max(int((first | second).sum()), 1)
