"""Groups of samples with more errors than their classes explain: searched here, tested there.

The measure is the excess: errors less those expected from the error rate of each sample's stratum
(its class, and whatever was found before). A group is a conjunction of ranges, one per property.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special, stats

from evaluation.arrays import Floats, Ints, Mask
from evaluation.columns import Column
from evaluation.intervals import Estimate, quantile

# The largest share of the data that still counts as a part of it.
LARGEST_SHARE = 0.6
BEAM = 5


@dataclass(frozen=True, slots=True)
class Condition:
    """Bins low…high (both included) of a column, given by its place in the list of columns."""

    column: int
    low: int
    high: int


Rule = tuple[Condition, ...]


def members(rule: Rule, columns: Sequence[Column]) -> Mask:
    """Return which samples satisfy all conditions."""
    result = np.ones(len(columns[0].codes), bool)
    for condition in rule:
        result &= columns[condition.column].members(condition.low, condition.high)
    return result


def split(strata: Ints, inside: Mask) -> Ints:
    """Return strata numbered from 0, each cut into what is inside and what is not."""
    return np.unique(strata * 2 + inside, return_inverse=True)[1].astype(np.int64)


def smallest(n: int) -> int:
    """Return the fewest samples that a group may have."""
    return max(20, int(np.ceil(0.01 * n)))


def expected_errors(wrong: Floats, strata: Ints, part: Mask) -> Floats:
    """Return each sample's expected error, from the error rate of its stratum within `part`."""
    size = np.bincount(strata[part], minlength=int(strata.max()) + 1)
    errors = np.bincount(strata[part], weights=wrong[part], minlength=len(size))
    return (errors / np.maximum(size, 1))[strata]


def best_range(
    column: Column, place: int, chosen: Mask, excess: Floats, spread: Floats
) -> tuple[float, Condition] | None:
    """Return the range of a column with the most surprising excess, and its z-score.

    chosen: the samples to search. excess, spread: of every sample, the variance in `spread`.
    """
    inside = chosen & (column.codes >= 0)
    codes = column.codes[inside]
    size = np.bincount(codes, minlength=column.bins)
    gain = np.bincount(codes, weights=excess[inside], minlength=column.bins)
    variance = np.bincount(codes, weights=spread[inside], minlength=column.bins)
    if column.categories is not None:
        low = high = np.arange(column.bins)
    else:
        low, high = _ranges(column.bins)
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (size, gain, variance)]
    n, total, noise = (part[high + 1] - part[low] for part in sums)
    whole = max(float(inside.sum()), 1.0)
    allowed = (n >= smallest(len(chosen)) / 2) & (n <= LARGEST_SHARE * whole) & (noise > 0)
    if not allowed.any():
        return None
    # Hypergeometric: a group that is most of its stratum cannot differ much from it.
    noise = np.maximum(noise * (1 - n / whole), 1e-12)
    score = np.where(allowed, total / np.sqrt(noise), -np.inf)
    best = int(score.argmax())
    return float(score[best]), Condition(place, int(low[best]), int(high[best]))


@cache
def _ranges(bins: int) -> tuple[Ints, Ints]:
    """Return the first and last bin of every range."""
    low, high = np.triu_indices(bins)
    return low, high


def search(
    columns: Sequence[Column], chosen: Mask, wrong: Floats, strata: Ints, depth: int
) -> tuple[float, Rule] | None:
    """Return the conjunction of two or more conditions with the highest z-score, by beam search."""
    expected = expected_errors(wrong, strata, chosen)
    excess, spread = wrong - expected, expected * (1 - expected)
    beam: list[tuple[float, Rule]] = [(0.0, ())]
    best: tuple[float, Rule] | None = None
    for length in range(1, depth + 1):
        grown: dict[Rule, float] = {}
        for _, rule in beam:
            inside = chosen & members(rule, columns) if rule else chosen
            used = {condition.column for condition in rule}
            for place, column in enumerate(columns):
                found = None if place in used else best_range(column, place, inside, excess, spread)
                if found is not None:
                    longer = tuple(sorted((*rule, found[1]), key=lambda c: c.column))
                    grown[longer] = _score(longer, columns, chosen, excess, spread)
        beam = sorted(((s, r) for r, s in grown.items()), key=lambda item: -item[0])[:BEAM]
        if length > 1 and beam and (best is None or beam[0][0] > best[0]):
            best = beam[0]
    return best


def _score(
    rule: Rule, columns: Sequence[Column], chosen: Mask, excess: Floats, spread: Floats
) -> float:
    inside = chosen & members(rule, columns)
    n = int(inside.sum())
    noise = float(spread[inside].sum()) * (1 - n / max(int(chosen.sum()), 1))
    if n < smallest(len(chosen)) / 2 or noise <= 0:
        return -np.inf
    return float(excess[inside].sum() / np.sqrt(noise))


def exact_p(inside: Mask, part: Mask, wrong: Floats, strata: Ints) -> float:
    """Return the chance of at least as many errors inside, had errors fallen at random.

    Errors of each stratum are dealt to its samples in `part` at random: the sum of independent
    hypergeometric counts, convolved exactly (the exact form of the Cochran-Mantel-Haenszel test).
    """
    k = int(strata.max()) + 1
    total = np.bincount(strata[part], minlength=k)
    errors = np.bincount(strata[part], weights=wrong[part], minlength=k).astype(np.int64)
    size = np.bincount(strata[part & inside], minlength=k)
    observed = int(wrong[part & inside].sum())
    distribution, fixed = np.ones(1), 0
    for n, bad, drawn in zip(total, errors, size, strict=True):
        low, high = max(0, bad + drawn - n), min(bad, drawn)
        fixed += low
        if high > low:
            distribution = np.convolve(distribution, _hypergeometric(low, high, n, bad, drawn))
    start = observed - fixed
    if start <= 0:
        return 1.0
    return float(min(distribution[start:].sum(), 1.0))


def _hypergeometric(low: int, high: int, n: int, bad: int, drawn: int) -> Floats:
    """Return the chances of low…high errors among `drawn` of n samples of which `bad` are wrong."""
    x = np.arange(low, high + 1)
    ways = special.gammaln(np.array([bad, n - bad, n], float) + 1)
    inside = special.gammaln(x + 1) + special.gammaln(bad - x + 1)
    outside = special.gammaln(drawn - x + 1) + special.gammaln(n - bad - drawn + x + 1)
    all_ways = ways[2] - special.gammaln(drawn + 1) - special.gammaln(n - drawn + 1)
    chances: Floats = np.exp(ways[0] + ways[1] - inside - outside - all_ways)
    return chances


def contrast_p(inside: Mask, part: Mask, wrong: Floats, strata: Ints) -> float:
    """Return the chance that the mean excess inside is this far above the one outside.

    Where the group is a whole class the exact test has nothing left to compare with.
    """
    expected = expected_errors(wrong, strata, np.ones(len(wrong), bool))
    groups = [(wrong - expected)[part & inside], (wrong - expected)[part & ~inside]]
    if min(map(len, groups)) < 2:
        return 1.0
    error = sum(float(group.var(ddof=1)) / len(group) for group in groups) ** 0.5
    difference = float(groups[0].mean() - groups[1].mean())
    return float(stats.norm.sf(difference / error)) if error > 0 else 1.0


def excess_share(inside: Mask, part: Mask, wrong: Floats, strata: Ints, alpha: float) -> Estimate:
    """Return the share of `part` that are errors inside beyond the rates of the strata outside."""
    k = int(strata.max()) + 1
    within, outside = part & inside, part & ~inside

    def rates(mask: Mask) -> tuple[Floats, Floats]:
        n = np.bincount(strata[mask], minlength=k)
        e = np.bincount(strata[mask], weights=wrong[mask], minlength=k)
        return n.astype(float), e.astype(float)

    n_in, e_in = rates(within)
    n_out, e_out = rates(outside)
    common = float(e_out.sum() / max(n_out.sum(), 1.0))
    # A stratum that lies wholly inside is compared with the rate of everything outside.
    p_out = np.where(n_out > 0, e_out / np.maximum(n_out, 1), common)
    p_in = e_in / np.maximum(n_in, 1)
    value = float((e_in - n_in * p_out).sum())
    smooth_in, smooth_out = (e_in + 0.5) / (n_in + 1), (e_out + 0.5) / (n_out + 1)
    variance = n_in * np.maximum(p_in * (1 - p_in), smooth_in * (1 - smooth_in) * (n_in > 0))
    variance += n_in**2 * smooth_out * (1 - smooth_out) / np.maximum(n_out, 1)
    whole = max(int(part.sum()), 1)
    half = quantile(alpha) * float(variance.sum()) ** 0.5 / whole
    return Estimate(value / whole, value / whole - half, value / whole + half)
