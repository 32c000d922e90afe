"""Rules about the data: properties, slices, rare classes, duplicates, broken images, drift."""

import numpy as np

from evaluation.arrays import Mask
from evaluation.findings import Findings
from evaluation.images import blank, extremes
from evaluation.intervals import Estimate, newcombe, scaled
from evaluation.suggestions.model import Claim, Cost, Gain, Suggestion
from evaluation.suggestions.model_rules import Outcome
from evaluation.suggestions.texts import REMEDIES, fill
from evaluation.suggestions.wording import (
    describe_range,
    number,
    percent,
    property_name,
    tail_p,
)

SMALLEST_GAP = 0.05
MOST_CLASSES_NAMED = 5
# Properties whose extremes are worth a look; sizes differ by design.
WATCHED = ("brightness", "contrast", "aspect_ratio")


def properties(found: Findings) -> Outcome:
    """SEN: a range of one property with more errors, confirmed on held-out halves."""
    tested = [item.confirmed_p for item in found.sensitivity]
    suggestions = []
    for item in found.sensitivity:
        gap = item.gap.value
        if not item.named or item.found is None or gap is None or gap < SMALLEST_GAP:
            continue
        inside = item.column.members(item.found.low, item.found.high)
        where = describe_range(item.column, item.found.low, item.found.high)
        corrections = found.robustness.corrections if found.robustness else []
        tried = next((c for c in corrections if c.name == item.column.name), None)
        amount, kind = (tried.gain, "estimate") if tried else (item.excess, "ceiling")
        suggestions.append(
            Suggestion(
                rule="SEN",
                target=item.column.name,
                text=fill(
                    "SEN",
                    name=property_name(item.column.name),
                    range=where,
                    gap=f"{100 * gap:.1f}",
                    remedy=REMEDIES["range" if item.column.categories is None else "category"],
                    together=_together(found, item.column.name),
                ),
                evidence={
                    "property": item.column.name,
                    "range": where,
                    "samples": int(inside.sum()),
                    "gap": item.gap,
                    "adjusted_q": item.adjusted_q,
                    "goes_together_with": _echoes(found, item.column.name),
                    "modelarts_std": _mean_std(item.std),
                    "std_without_effect": item.noise,
                },
                claim=Claim(
                    "exact stratified test of the range on the half that did not set it, both ways",
                    item.confirmed_p,
                    item.confirmed_q,
                ),
                gain=Gain("accuracy", amount, kind, _deficit(found)),
                cost=_collect(found, inside),
                indices=_wrong_first(found, inside),
            )
        )
    return suggestions, tested


def _echoes(found: Findings, name: str) -> list[str]:
    """Return the properties that mattered until this one was taken out."""
    return [item.column.name for item in found.sensitivity if item.explained_by == name]


def _together(found: Findings, name: str) -> tuple[str, str]:
    """Return a sentence about the properties that go together with one, or nothing."""
    others = [property_name(other) for other in _echoes(found, name)]
    if not others:
        return "", ""
    en, zh = (mark.join(pair[i] for pair in others) for i, mark in enumerate((", ", "、")))
    return (
        f" It goes together with {en}: the cause may be any of them.",
        f"该属性与{zh}同时变化，原因可能是其中任何一个。",
    )


def slices(found: Findings) -> Outcome:
    """SLC: a conjunction of properties with more errors than each of them explains."""
    if found.slices is None:
        return [], []
    suggestions = []
    for number_, item in enumerate(found.slices.slices, start=1):
        words = rule_words(found, number_ - 1)
        if (item.rest.value or 0.0) - (item.accuracy.value or 0.0) < SMALLEST_GAP:
            continue
        suggestions.append(
            Suggestion(
                rule="SLC",
                target=str(number_),
                text=fill(
                    "SLC",
                    rule=(words, rule_words(found, number_ - 1, chinese=True)),
                    accuracy=percent(item.accuracy.value),
                    rest=percent(item.rest.value),
                ),
                evidence={
                    "rule": words,
                    "samples": item.n,
                    "accuracy": item.accuracy,
                    "accuracy_elsewhere": item.rest,
                },
                claim=Claim("exact stratified tests on the half not searched", item.p, item.q),
                gain=Gain("accuracy", item.excess, "ceiling", _deficit(found)),
                cost=_collect(found, item.inside),
                indices=_wrong_first(found, item.inside),
            )
        )
    return suggestions, list(found.slices.tested)


def rule_words(found: Findings, place: int, chinese: bool = False) -> str:
    """Return a slice's conditions in words."""
    if found.slices is None:
        return ""
    columns = found.slices.columns
    parts = []
    for condition in found.slices.slices[place].rule:
        column = columns[condition.column]
        where = describe_range(column, condition.low, condition.high)
        parts.append(f"{property_name(column.name)[chinese]} {where}")
    return " & ".join(parts)


def rare_classes(found: Findings) -> Outcome:
    """IMB: recall that falls with the size of the class."""
    tail = found.tail
    if tail.p is None or tail.correlation is None:
        return [], []
    rising = tail.slope.low is not None and tail.slope.low > 0
    support = found.counts.sum(axis=1)
    recall = np.diag(found.counts) / np.maximum(support, 1)
    lacking = np.maximum(tail.matched - recall, 0) * (support > 0)
    if not rising or tail.correlation <= 0 or lacking.sum() == 0:
        return [], [tail.p]
    n = len(found.predictions)
    weights = support / n
    value = float((weights * lacking).sum())
    spread = weights**2 * recall * (1 - recall) / np.maximum(support, 1)
    half = 1.96 * float(spread[lacking > 0].sum()) ** 0.5
    order = np.argsort(-(weights * lacking), kind="stable")
    weak = [int(c) for c in order[:MOST_CLASSES_NAMED] if lacking[c] > 0]
    names = ", ".join(found.predictions.classes[c] for c in weak)
    missing = int(np.maximum(support.max() - support[weak], 0).sum())
    text = fill("IMB", correlation=number(tail.correlation), classes=names)
    return [
        Suggestion(
            rule="IMB",
            target="",
            text=text,
            evidence={
                "spearman": tail.correlation,
                "slope_per_log_support": tail.slope,
                "classes": [found.predictions.classes[c] for c in weak],
                "images_to_the_largest_class": missing,
            },
            claim=Claim("permutation test of recall against support", tail.p, tail.p),
            gain=Gain(
                "accuracy", Estimate(value, value - half, value + half), "ceiling", _deficit(found)
            ),
            cost=_cost(found, "collect", missing),
            indices=_wrong_first(found, np.isin(found.predictions.labels, weak)),
        )
    ], [tail.p]


def repeats(found: Findings) -> Outcome:
    """DUP: images that occur more than once, or also in the reference set."""
    duplicates = found.duplicates
    if duplicates is None or not (duplicates.groups or duplicates.leaked):
        return [], []
    right = (found.predictions.labels == found.predictions.predicted).astype(float)
    out = np.zeros(len(right), bool)
    out[duplicates.extra] = True
    out[[index for index, _ in duplicates.leaked]] = True
    kept, removed = right[~out], right[out]
    share = float(out.mean())
    # Accuracy without them less accuracy with them is share · (kept - removed), exactly.
    change = newcombe(
        (float(kept.sum()), len(kept)), (float(removed.sum()), len(removed)), found.settings.alpha
    )
    shift = scaled(change, share)
    conflicts = sum(group.conflicting for group in duplicates.groups)
    indices = [i for group in duplicates.groups for i in group.indices]
    indices += [i for i, _ in duplicates.leaked if i not in set(indices)]
    return [
        Suggestion(
            rule="DUP",
            target="",
            text=fill(
                "DUP",
                extra=str(len(duplicates.extra)),
                groups=str(len(duplicates.groups)),
                conflicts=str(conflicts),
                leaked=str(len(duplicates.leaked)),
            ),
            evidence={
                "groups": len(duplicates.groups),
                "repeats": len(duplicates.extra),
                "conflicting_groups": conflicts,
                "leaked": len(duplicates.leaked),
                "accuracy_change_without_them": shift,
            },
            claim=Claim("descriptive", None, None),
            gain=None,
            cost=_cost(found, "review", len(indices)),
            indices=tuple(indices),
        )
    ], []


def broken(found: Findings) -> Outcome:
    """BAD: images that cannot be read, show nothing, or lie far outside the others."""
    if found.images is None:
        return [], []
    unreadable = [index for index, _ in found.images.failures]
    empty = blank(found.images).tolist()
    outside = np.zeros(len(found.predictions), bool)
    for name in WATCHED:
        outside |= extremes(found.images.values[name])
    outside[empty] = False
    extreme = np.flatnonzero(outside).tolist()
    indices = [*unreadable, *empty, *extreme]
    if not indices:
        return [], []
    return [
        Suggestion(
            rule="BAD",
            target="",
            text=fill(
                "BAD",
                unreadable=str(len(unreadable)),
                blank=str(len(empty)),
                extreme=str(len(extreme)),
            ),
            evidence={
                "unreadable": len(unreadable),
                "blank": len(empty),
                "extreme": len(extreme),
            },
            claim=Claim("descriptive", None, None),
            gain=None,
            cost=_cost(found, "review", len(indices)),
            indices=tuple(indices),
        )
    ], []


def more_evaluation(found: Findings) -> Outcome:
    """NEV: classes that have too few evaluation images for a verdict."""
    support = found.counts.sum(axis=1)
    missing = np.maximum(found.tail.needed - support, 0)
    weak = [c for c in found.tail.unjudged if missing[c] > 0]
    if not weak:
        return [], []
    names = [found.predictions.classes[c] for c in weak]
    shown = ", ".join(names[:MOST_CLASSES_NAMED])
    more = len(names) - MOST_CLASSES_NAMED
    needed = int(missing[weak].sum())
    return [
        Suggestion(
            rule="NEV",
            target="",
            text=fill(
                "NEV", classes=shown + (f" (+{more})" if more > 0 else ""), needed=str(needed)
            ),
            evidence={
                "classes": names,
                "images": {n: int(missing[c]) for n, c in zip(names, weak, strict=True)},
            },
            claim=Claim("descriptive", None, None),
            gain=None,
            cost=_cost(found, "collect", needed),
        )
    ], []


def overfit(found: Findings) -> Outcome:
    """OVF: accuracy on the reference set far above the one here."""
    if found.drift is None:
        return [], []
    gap = found.drift.gap
    p = tail_p(gap, found.settings.alpha)
    if gap.value is None or gap.value < SMALLEST_GAP:
        return [], [p]
    return [
        Suggestion(
            rule="OVF",
            target="",
            text=fill("OVF", gap=f"{100 * gap.value:.1f}"),
            evidence={"gap": gap},
            claim=Claim("Newcombe interval of the gap excludes 0", p, p),
            gain=Gain("accuracy", gap, "ceiling", _deficit(found)),
            cost=_cost(found, "change", 1),
        )
    ], [p]


def attacked(found: Findings) -> Outcome:
    """ADV: an attack that does more than noise of the same size."""
    robustness = found.robustness
    if robustness is None:
        return [], []
    difference = robustness.attacked.mr - robustness.noise.mr
    if difference < SMALLEST_GAP:
        return [], [robustness.p]
    return [
        Suggestion(
            rule="ADV",
            target="",
            text=fill(
                "ADV",
                method=robustness.attack.method,
                eps=number(robustness.attack.eps),
                attacked=percent(robustness.attacked.mr),
                noise=percent(robustness.noise.mr),
            ),
            evidence={
                "misclassified": robustness.attacked_rate,
                "misclassified_under_noise": robustness.noise_rate,
            },
            claim=Claim(
                "McNemar, attack against noise of the same size", robustness.p, robustness.p
            ),
            gain=None,
            cost=_cost(found, "change", 1),
        )
    ], [robustness.p]


def _deficit(found: Findings) -> float:
    return 1 - (found.overall["accuracy"].value or 0.0)


def _mean_std(std: list[float | None]) -> float | None:
    known = [value for value in std if value is not None]
    return float(np.mean(known)) if known else None


def _wrong_first(found: Findings, inside: Mask) -> tuple[int, ...]:
    wrong = found.predictions.labels != found.predictions.predicted
    index = np.flatnonzero(inside)
    return tuple(index[np.argsort(~wrong[index], kind="stable")].tolist())


def _collect(found: Findings, inside: Mask) -> Cost:
    """Return the images that double the range: its density then is that of the rest at least."""
    return _cost(found, "collect", int(inside.sum()))


def _cost(found: Findings, unit: str, amount: int) -> Cost:
    return Cost(unit, amount, found.settings.minutes(unit, amount))
