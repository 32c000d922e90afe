"""Groups of samples with more errors than their classes explain: searched here, tested there.

The measure is the excess: errors less those expected from the error rate of each sample's stratum
(its class, and whatever was found before). A group is a conjunction of ranges, one per property.
"""

from collections.abc import Iterator, Sequence
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
# What the best of a thousand ranges adds to the deviance where there is nothing: about 2 ln 1000.
LENGTH_PENALTY = 14.0
REFINEMENTS = 3


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


def widened(rule: Rule, columns: Sequence[Column]) -> Mask:
    """Return which samples satisfy all conditions when each range is a bin wider on both sides.

    Where a range ends is known only to a bin; what lies there must not be blamed on another.
    """
    return members(
        tuple(
            condition
            if columns[condition.column].categories is not None
            else Condition(condition.column, condition.low - 1, condition.high + 1)
            for condition in rule
        ),
        columns,
    )


def smallest(n: int) -> int:
    """Return the fewest samples that a group may have."""
    return max(20, int(np.ceil(0.01 * n)))


def expected_errors(wrong: Floats, strata: Ints, part: Mask) -> Floats:
    """Return each sample's expected error, from the error rate of its stratum within `part`."""
    size = np.bincount(strata[part], minlength=int(strata.max()) + 1)
    errors = np.bincount(strata[part], weights=wrong[part], minlength=len(size))
    return (errors / np.maximum(size, 1))[strata]


def surprise(errors: Floats, expected: Floats, n: Floats, whole: Floats | float) -> Floats:
    """Return the signed root of the deviance of `errors` among n samples where `expected` fall.

    Kulldorff's scan statistic (1997) with binomial counts; of few samples a normal score would make
    too much. whole: the samples that n are a part of, for most of a group cannot differ from it.
    """
    rest = np.maximum(n - errors, 0.0)
    expected = np.clip(expected, 1e-9, np.maximum(n - 1e-9, 1e-9))
    deviance = special.xlogy(errors, errors / expected)
    deviance += special.xlogy(rest, rest / np.maximum(n - expected, 1e-9))
    free = np.maximum(1 - n / np.maximum(whole, 1.0), 1e-9)
    result: Floats = np.sign(errors - expected) * np.sqrt(2 * np.maximum(deviance, 0.0) / free)
    return result


def best_range(
    column: Column, place: int, chosen: Mask, wrong: Floats, expected: Floats
) -> tuple[float, Condition] | None:
    """Return the range of a column with the most surprising errors, and how surprising they are.

    chosen: the samples to search. expected: of every sample, its chance of an error.
    """
    inside = chosen & (column.codes >= 0)
    codes = column.codes[inside]
    size = np.bincount(codes, minlength=column.bins)
    errors = np.bincount(codes, weights=wrong[inside], minlength=column.bins)
    usual = np.bincount(codes, weights=expected[inside], minlength=column.bins)
    if column.categories is not None:
        low = high = np.arange(column.bins)
    else:
        low, high = _ranges(column.bins)
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (size, errors, usual)]
    n, bad, mean = (part[high + 1] - part[low] for part in sums)
    whole = max(float(inside.sum()), 1.0)
    allowed = (n >= smallest(len(chosen)) / 2) & (n <= LARGEST_SHARE * whole) & (mean > 0)
    if not allowed.any():
        return None
    score = np.where(allowed, surprise(bad, mean, n, whole), -np.inf)
    best = int(score.argmax())
    return float(score[best]), Condition(place, int(low[best]), int(high[best]))


@cache
def _ranges(bins: int) -> tuple[Ints, Ints]:
    """Return the first and last bin of every range."""
    low, high = np.triu_indices(bins)
    return low, high


@dataclass(frozen=True, eq=False)
class Search:
    """A search for the most surprising conjunction among `chosen` samples."""

    columns: Sequence[Column]
    chosen: Mask
    wrong: Floats
    strata: Ints

    def run(self, depth: int) -> tuple[float, Rule] | None:
        """Return the best rule of two or more conditions, and its score, by beam search.

        A longer rule must be better by more than its larger choice of ranges brings by chance.
        """
        expected = expected_errors(self.wrong, self.strata, self.chosen)
        beam: list[tuple[float, Rule]] = [(0.0, ())]
        best: tuple[float, Rule] | None = None
        for length in range(1, depth + 1):
            grown: dict[Rule, float] = {}
            for _, rule in beam:
                for longer in self._longer(rule, expected):
                    grown[longer] = self._score(longer, expected)
            beam = sorted(((s, r) for r, s in grown.items()), key=lambda item: -item[0])[:BEAM]
            if length == 1 or not beam:
                continue
            found = self._refine(beam[0][1], expected)
            if best is None or found[0] ** 2 > best[0] ** 2 + LENGTH_PENALTY:
                best = found
        return best

    def _longer(self, rule: Rule, expected: Floats) -> Iterator[Rule]:
        inside = self.chosen & members(rule, self.columns) if rule else self.chosen
        used = {condition.column for condition in rule}
        for place, column in enumerate(self.columns):
            if place not in used:
                found = best_range(column, place, inside, self.wrong, expected)
                if found is not None:
                    yield tuple(sorted((*rule, found[1]), key=lambda c: c.column))

    def _refine(self, rule: Rule, expected: Floats) -> tuple[float, Rule]:
        """Set each condition anew given the others, as long as that helps."""
        score = self._score(rule, expected)
        for _ in range(REFINEMENTS):
            before = rule
            for place in range(len(rule)):
                others = rule[:place] + rule[place + 1 :]
                inside = self.chosen & members(others, self.columns)
                column = rule[place].column
                found = best_range(self.columns[column], column, inside, self.wrong, expected)
                if found is None:
                    continue
                changed = (*rule[:place], found[1], *rule[place + 1 :])
                better = self._score(changed, expected)
                if better > score:
                    rule, score = changed, better
            if rule == before:
                break
        return score, rule

    def _score(self, rule: Rule, expected: Floats) -> float:
        inside = self.chosen & members(rule, self.columns)
        n = int(inside.sum())
        if n < smallest(len(self.chosen)) / 2:
            return -np.inf
        own = np.bincount(self.strata[inside])
        whole = np.bincount(self.strata[self.chosen], minlength=len(own))[: len(own)]
        # The mean stratum of the group: a group inside one class is compared with that class.
        mean_whole = n / max(float((own**2 / np.maximum(whole, 1)).sum()) / n, 1e-9)
        errors, usual = float(self.wrong[inside].sum()), float(expected[inside].sum())
        return float(surprise(np.array(errors), np.array(usual), np.array(float(n)), mean_whole))


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
