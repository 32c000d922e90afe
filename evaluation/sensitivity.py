"""How accuracy goes with each property of the images, in ModelArts' figure and with valid tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from evaluation.arrays import Floats, Ints, Mask
from evaluation.columns import Column
from evaluation.confusion import count
from evaluation.inputs import Predictions
from evaluation.intervals import Estimate, benjamini_hochberg, combine, newcombe, scaled, wilson
from evaluation.slices import Slice
from evaluation.subgroups import (
    Condition,
    best_range,
    exact_p,
    excess_share,
    expected_errors,
    members,
    split,
    widened,
)

FIFTHS = 5
DEALS = 50
LEVEL = 0.05
# A second property is named on stronger evidence: what is left after the first is mostly its echo.
NEXT_LEVEL = 0.01


@dataclass(frozen=True, eq=False)
class Fifth:
    """One rank bin of a property: its range, size, accuracy, and F1 per class (None: absent)."""

    low: float
    high: float
    label: str
    n: int
    accuracy: Estimate
    f1: list[float | None]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What one property says about the errors.

    std: per class, the population standard deviation of F1 over the fifths (ModelArts'
    sensitivity), and noise: its mean where correctness is shuffled within the class. p, q: of any
    difference in accuracy between fifths (chi-square); class_q: smallest q over class and fifth.
    found: the range with the most errors, named where confirmed_q < 0.05. confirmed_p: the range
    is searched on one half of the data and tested on the other, both ways. label_v, label_q: how
    much the property alone tells of the label (Cramér's V over the fifths), a possible shortcut.
    adjusted_p: the same
    given the properties named before it; explained_by: the one that made it vanish.
    """

    column: Column
    fifths: list[Fifth]
    std: list[float | None]
    noise: float
    p: float
    q: float
    class_q: float
    label_v: float
    label_q: float
    gap: Estimate
    found: Condition | None
    confirmed_p: float
    confirmed_q: float
    adjusted_p: float
    adjusted_q: float
    explained_by: str
    excess: Estimate
    named: bool


def analyse_columns(
    columns: Sequence[Column],
    data: Predictions,
    halves: Ints,
    alpha: float,
    slices: Sequence[Slice] = (),
) -> list[Sensitivity]:
    """Return the sensitivity to every column, in their order.

    slices: already confirmed; a column is named only for what they do not explain.
    """
    # Long because of one constructor call: cut up, it would hide which test gives which field.
    labels, predicted, k = data.labels, data.predicted, data.k
    wrong = (labels != predicted).astype(float)
    strata = labels.copy()
    for item in slices:
        strata = split(split(strata, item.inside), item.edge)
    binned = [_fifths(column, labels, predicted, k, alpha) for column in columns]
    p = [_chi_square(codes, wrong) for codes, _ in binned]
    shortcuts = [_label_association(codes, labels, k) for codes, _ in binned]
    label_q = benjamini_hochberg([item[1] for item in shortcuts])
    class_q = _class_tests([codes for codes, _ in binned], labels, wrong, k)
    confirmed = [_confirm(column, i, wrong, labels, halves) for i, column in enumerate(columns)]
    confirmed_q = benjamini_hochberg([item[0] for item in confirmed])
    order = _name_in_turn(columns, wrong, strata, halves, confirmed_q, bool(slices))
    result = []
    for i, column in enumerate(columns):
        codes, fifths = binned[i]
        adjusted_p, adjusted_q, explained_by, named = order[i]
        found = confirmed[i][1]
        inside = column.members(found.low, found.high) if found else np.zeros(len(labels), bool)
        f1 = np.array([[np.nan if v is None else v for v in fifth.f1] for fifth in fifths])
        result.append(
            Sensitivity(
                column=column,
                fifths=fifths,
                std=population_std(f1),
                noise=noise_floor(codes, labels, predicted, k),
                p=p[i],
                q=float(benjamini_hochberg(p)[i]),
                class_q=class_q[i],
                label_v=shortcuts[i][0],
                label_q=float(label_q[i]),
                gap=_gap(inside, column, wrong, alpha),
                found=found,
                confirmed_p=confirmed[i][0],
                confirmed_q=float(confirmed_q[i]),
                adjusted_p=adjusted_p,
                adjusted_q=adjusted_q,
                explained_by=explained_by,
                excess=cross_fitted_excess(column, i, wrong, labels, halves, alpha),
                named=named,
            )
        )
    return result


def population_std(f1: Floats) -> list[float | None]:
    """Return the standard deviation (ddof 0) over the rows of each column; NaN rows stay out."""
    known = np.isfinite(f1)
    size = np.maximum(known.sum(axis=0), 1)
    values = np.where(known, f1, 0.0)
    mean = values.sum(axis=0) / size
    std = np.sqrt((np.where(known, f1 - mean, 0.0) ** 2).sum(axis=0) / size)
    enough = known.sum(axis=0) >= 2
    return [float(s) if e else None for s, e in zip(std, enough, strict=True)]


def rank_bins(values: Floats, bins: int = FIFTHS) -> Ints:
    """Return the rank bin of each value, -1 for NaN; equal values share the bin of the first."""
    known = np.isfinite(values)
    codes = np.full(len(values), -1, np.int64)
    ordered = np.sort(values[known])
    first = np.searchsorted(ordered, values[known], side="left")
    codes[known] = first * bins // max(len(ordered), 1)
    return codes


def _fifths(
    column: Column, labels: Ints, predicted: Ints, k: int, alpha: float
) -> tuple[Ints, list[Fifth]]:
    codes = column.codes if column.categories is not None else rank_bins(column.values)
    fifths: list[Fifth] = []
    for code in np.unique(codes[codes >= 0]):
        inside = codes == code
        counts = count(labels[inside], predicted[inside], k)
        n, hits = int(inside.sum()), int(np.trace(counts))
        low, high = wilson(hits, n, alpha)
        total = counts.sum(axis=0) + counts.sum(axis=1)
        values = column.values[inside]
        fifths.append(
            Fifth(
                low=float(values.min()),
                high=float(values.max()),
                label=column.categories[int(code)] if column.categories is not None else "",
                n=n,
                accuracy=Estimate(hits / n, float(low), float(high)),
                f1=[
                    2 * int(tp) / int(size) if size else None
                    for tp, size in zip(np.diag(counts), total, strict=True)
                ],
            )
        )
    return codes, fifths


def _chi_square(codes: Ints, wrong: Floats) -> float:
    known = codes >= 0
    n = np.bincount(codes[known])
    bad = np.bincount(codes[known], weights=wrong[known])
    table = np.stack([bad, n - bad])[:, n > 0]
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return 1.0
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def _label_association(codes: Ints, labels: Ints, k: int) -> tuple[float, float]:
    """Return Cramér's V of fifth and label without chance (Bergsma 2013), and its p-value."""
    known = codes >= 0
    bins = int(codes.max()) + 1
    table = np.bincount(codes[known] * k + labels[known], minlength=bins * k).reshape(bins, k)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (rows, columns) = int(table.sum()), table.shape
    if min(rows, columns) < 2:
        return 0.0, 1.0
    test = stats.chi2_contingency(table, correction=False)
    free = (rows - 1) * (columns - 1) / (n - 1)
    strength = max(float(test.statistic) / n - free, 0.0)
    smaller = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return min((strength / max(smaller, 1e-12)) ** 0.5, 1.0), float(test.pvalue)


def _class_tests(codes: list[Ints], labels: Ints, wrong: Floats, k: int) -> list[float]:
    """Return per column the smallest q of Fisher's test of one fifth of one class against its rest.

    The q-values are over all columns, classes and fifths.
    """
    p, owner = [], []
    for i, code in enumerate(codes):
        known = code >= 0
        bins = int(code.max()) + 1
        flat = labels[known] * bins + code[known]
        n = np.bincount(flat, minlength=k * bins).reshape(k, bins)
        bad = np.bincount(flat, weights=wrong[known], minlength=k * bins).reshape(k, bins)
        total, errors = n.sum(axis=1, keepdims=True), bad.sum(axis=1, keepdims=True)
        tail = np.asarray(stats.hypergeom.sf(bad - 1, total, errors, n))
        p.append(np.minimum(2 * tail[n > 0], 1.0))
        owner.append(np.full(int((n > 0).sum()), i))
    q, owners = benjamini_hochberg(np.concatenate(p)), np.concatenate(owner)
    return [float(q[owners == i].min()) for i in range(len(codes))]


def noise_floor(codes: Ints, labels: Ints, predicted: Ints, k: int) -> float:
    """Return the mean std over classes that a property without any effect would have.

    The samples of each cell of the confusion matrix are dealt to the bins at random, by the bins'
    shares, with a fixed seed: a figure to compare with, no test.
    """
    inside = codes >= 0
    size = np.bincount(codes[inside])
    counts = count(labels[inside], predicted[inside], k)
    rows, columns = np.nonzero(counts)
    rng = np.random.default_rng(0)
    means = []
    for _ in range(DEALS):
        dealt = rng.multinomial(counts[rows, columns], size / size.sum())
        hits, total = np.zeros((k, len(size))), np.zeros((k, len(size)))
        right = rows == columns
        hits[rows[right]] = dealt[right]
        np.add.at(total, rows, dealt)
        np.add.at(total, columns, dealt)
        f1 = np.divide(2 * hits, total, out=np.full(hits.shape, np.nan), where=total > 0)
        known = [value for value in population_std(f1.T) if value is not None]
        means.append(float(np.mean(known)) if known else 0.0)
    return float(np.mean(means))


def _gap(inside: Mask, column: Column, wrong: Floats, alpha: float) -> Estimate:
    """Return accuracy outside less accuracy inside the found range."""
    known = column.codes >= 0
    rest, part = known & ~inside, known & inside
    return newcombe(
        (float((1 - wrong[rest]).sum()), int(rest.sum())),
        (float((1 - wrong[part]).sum()), int(part.sum())),
        alpha,
    )


def _scan(column: Column, place: int, part: Mask, wrong: Floats, strata: Ints) -> Condition | None:
    expected = expected_errors(wrong, strata, part)
    found = best_range(column, place, part, wrong, expected)
    return found[1] if found else None


def _confirm(
    column: Column, place: int, wrong: Floats, strata: Ints, halves: Ints
) -> tuple[float, Condition | None]:
    """Return the cross-fitted p-value of a column, and its range on all data."""
    known = column.codes >= 0
    p = []
    for half in (0, 1):
        found = _scan(column, place, known & (halves == half), wrong, strata)
        if found is None:
            return 1.0, None
        other = known & (halves != half)
        p.append(exact_p(column.members(found.low, found.high), other, wrong, strata))
    return combine(p), _scan(column, place, known, wrong, strata)


def cross_fitted_excess(
    column: Column, place: int, wrong: Floats, strata: Ints, halves: Ints, alpha: float
) -> Estimate:
    """Return the share of samples lost in the range, each half judged with the other's range.

    Half the data cut the range less well than all of them, so this errs on the low side; the same
    figure of the final range, which was chosen for it, errs on the high side. The interval spans
    both: it reaches from the lower end of the first to the upper end of whichever is higher, the
    range with the bins beside it included.
    """
    known = column.codes >= 0
    whole = _scan(column, place, known, wrong, strata)
    if whole is None:
        return Estimate(None, reason="too few samples to cut a range")
    edge = 0 if column.categories is not None else 1
    highest = max(
        excess_share(
            column.members(whole.low - e, whole.high + e), known, wrong, strata, alpha
        ).high
        or 0.0
        for e in (0, edge)
    )
    parts = []
    for half in (0, 1):
        found = _scan(column, place, known & (halves == half), wrong, strata)
        if found is None:
            return Estimate(None, reason="too few samples to cut a range")
        inside = column.members(found.low, found.high)
        parts.append(excess_share(inside, known & (halves != half), wrong, strata, alpha))
    value = sum(part.value or 0.0 for part in parts) / 2
    half_widths = [((part.high or 0.0) - (part.low or 0.0)) / 2 for part in parts]
    half_width = float(np.hypot(half_widths[0], half_widths[1])) / 2
    high = max(value + half_width, highest)
    return scaled(Estimate(value, value - half_width, high), float(known.mean()))


def _name_in_turn(
    columns: Sequence[Column],
    wrong: Floats,
    strata: Ints,
    halves: Ints,
    first_q: Floats,
    after_slices: bool,
) -> list[tuple[float, float, str, bool]]:
    """Return (adjusted p, adjusted q, explained by, named) of each column.

    The strongest column is named, its range joins the strata, and the others are tested anew: what
    was significant before and is not any more is explained by it. A joint regression would let
    columns that go together hide each other.
    """
    left = list(range(len(columns)))
    result = [(1.0, 1.0, "", False)] * len(columns)
    significant = set(np.flatnonzero(first_q < LEVEL).tolist())
    level, cause = (NEXT_LEVEL if after_slices else LEVEL), "slice"
    while left:
        scans = {i: _confirm(columns[i], i, wrong, strata, halves) for i in left}
        q = dict(zip(left, benjamini_hochberg([scans[i][0] for i in left]), strict=True))
        for i in left:
            explained = cause if i in significant and scans[i][0] >= level else result[i][2]
            result[i] = (scans[i][0], float(q[i]), explained, False)
        alive = [(i, found) for i in left if (found := scans[i][1]) and q[i] < level]
        if not alive:
            break
        best, found = max(
            alive, key=lambda item: (_strength(columns[item[0]], item[0], wrong, strata), -item[0])
        )
        result[best] = (scans[best][0], float(q[best]), "", True)
        left.remove(best)
        rule = (replace(found, column=best),)
        strata = split(split(strata, members(rule, columns)), widened(rule, columns))
        level, cause = NEXT_LEVEL, columns[best].name
    return result


def _strength(column: Column, place: int, wrong: Floats, strata: Ints) -> float:
    known = column.codes >= 0
    expected = expected_errors(wrong, strata, known)
    found = best_range(column, place, known, wrong, expected)
    return found[0] if found else -np.inf
