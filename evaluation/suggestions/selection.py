"""Which candidates become suggestions, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from evaluation.intervals import benjamini_hochberg
from evaluation.suggestions.model import Claim, Suggestion

LEVEL = 0.05


def select(
    candidates: Sequence[Suggestion], tested: Mapping[str, Sequence[float]]
) -> list[Suggestion]:
    """Return the candidates whose claims survive all tests that were made, with their q-values.

    tested: all p-values of each rule, also of what is no candidate. Rules are selected first, by
    the Simes p-value of each, then their claims at a level lowered by the share of rules selected:
    the false discovery rate holds over everything. Benjamini and Bogomolov (2014).
    """
    rules = [rule for rule, p in tested.items() if len(p)]
    if not rules:
        return [item for item in candidates if item.claim.p is None]
    within = {rule: benjamini_hochberg(tested[rule]) for rule in rules}
    across = benjamini_hochberg([float(within[rule].min()) for rule in rules])
    selected = {rule for rule, q in zip(rules, across, strict=True) if q < LEVEL}
    if not selected:
        return [item for item in candidates if item.claim.p is None]
    penalty = len(rules) / len(selected)
    kept = []
    for item in candidates:
        if item.claim.p is None:
            kept.append(item)
            continue
        if item.rule not in selected:
            continue
        place = int(np.argmin(np.abs(np.asarray(tested[item.rule]) - item.claim.p)))
        q = min(1.0, float(within[item.rule][place]) * penalty)
        if q < LEVEL:
            kept.append(replace(item, claim=Claim(item.claim.test, item.claim.p, q)))
    return kept


def order(suggestions: Sequence[Suggestion], n: int) -> list[Suggestion]:
    """Return the suggestions by certain gain per hour, then gain, then id, numbered from 1.

    Where samples of an action are also those of one ranked higher, its marginal gain is the share
    that falls on samples not yet spoken for.
    """
    ranked = sorted(suggestions, key=lambda item: (-item.rate, -_value(item), item.id))
    taken = np.zeros(n, bool)
    result = []
    for place, item in enumerate(ranked, start=1):
        marginal = None
        if item.gain is not None and item.gain.amount.value is not None:
            fresh = 1.0
            if item.indices:
                index = np.array(item.indices)
                fresh = float((~taken[index]).mean())
                taken[index] = True
            marginal = item.gain.amount.value * fresh
        result.append(replace(item, priority=place, marginal=marginal))
    return result


def _value(item: Suggestion) -> float:
    return 0.0 if item.gain is None or item.gain.amount.value is None else item.gain.amount.value
