"""The trial to build on: the one that a model of all trials expects most of, not the luckiest.

Where a program's values vary from run to run, the best value printed is mostly a good trial's lucky
run, and promises more than a re-run will keep.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from autosearch.analysis import user_value
from autosearch.formats import number, span
from autosearch.space import Space
from autosearch.strategies.bayes.posterior import Posterior, knowledge_of, posterior_of
from autosearch.trial import History, Trial

# Fewer points say nothing about what lies between them.
LEAST_POINTS = 5
LEVEL = 0.95
# How probable it must be that another trial is better than the best observed one. With 0.5 programs
# without noise lost more by the model's errors than with 0.7, and noisy ones gained no more (chosen
# on the training tasks of `benchmarks/search`).
SURE = 0.7
# Draws from each member of the posterior, for the quantiles of their mixture.
_DRAWS = 256
# In place of the variance of a difference that is none.
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A trial, with what a re-run of it may be expected to come to, in the user's direction.

    value: the expected mean of its re-runs. low, high: where that mean lies with a probability of
    95 %, given the model; None without one. best: the trial with the best value observed. reason:
    why there is no model, and so `trial` is `best`; "" where there is one.
    """

    trial: Trial
    value: float
    low: float | None
    high: float | None
    best: Trial
    reason: str = ""

    @property
    def differs(self) -> bool:
        """Whether the model expects more of another trial than of the best observed one."""
        return self.trial.number != self.best.number

    def told(self, metric: str, observed: float | None) -> str:
        """Return it in words. observed: what `best` printed, in the user's direction."""
        if self.reason:
            return f"trial {self.trial.number}, the best observed ({self.reason})"
        ends = span(self.low, self.high)
        expected = f"{metric} {number(self.value)} expected of a re-run (95 %: {ends})"
        text = f"trial {self.trial.number}, {expected}"
        if not self.differs:
            return text
        return f"{text}; trial {self.best.number} printed {number(observed)}, by luck as it seems"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values, the trials by number."""
        return {
            "trial": self.trial.number,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "best": self.best.number,
            "differs": self.differs,
            "reason": self.reason,
        }


def recommend(space: Space, history: History, mode: str = "min") -> Recommendation | None:
    """Return the recommended trial of a history; None where no trial is feasible.

    The trial with the best posterior mean of a Gaussian process of all trials, among those that
    meet their outcome constraints; the best observed one unless the
    model is `SURE` that the other is better. Pure: equal arguments, equal result. mode: "max" turns
    the losses into the user's values.

    >>> from autosearch.space import Float
    >>> losses = [(i - 4) ** 2 for i in range(9)]
    >>> ended = {"state": "completed"}
    >>> trials = [Trial(i, {"x": i / 9}, losses=(y,), **ended) for i, y in enumerate(losses)]
    >>> found = recommend(Space({"x": Float(0, 1)}), History(tuple(trials)))
    >>> found.trial.number, found.differs
    (4, False)
    """
    ranking = ranked_by_model(space, history)
    return ranking.recommended(mode) if ranking else None


@dataclass(frozen=True)
class Ranking:
    """Trials, the best expectation first, with that expectation, as losses.

    best: the best observed. posterior: None where there is no model, for the `reason`.
    """

    trials: tuple[Trial, ...]
    means: tuple[float, ...]
    best: Trial
    posterior: Posterior | None = None
    reason: str = ""

    def recommended(self, mode: str) -> Recommendation:
        """Return the first trial's recommendation, see `recommend`."""
        low, high = self.interval(0) if self.posterior else (None, None)
        ends = sorted(v for loss in (low, high) if (v := user_value(loss, mode)) is not None)
        low, high = ends if ends else (None, None)
        value = user_value(self.means[0], mode)
        assert value is not None
        return Recommendation(self.trials[0], value, low, high, self.best, self.reason)

    def interval(self, rank: int) -> tuple[float, float]:
        """Return where the noiseless loss of a trial lies with probability `LEVEL`."""
        assert self.posterior is not None
        means, deviations = self.posterior.moments(self.posterior.features([self.trials[rank]]))
        steps = np.random.default_rng(0).standard_normal((len(means), _DRAWS))
        tail = (1.0 - LEVEL) / 2.0
        ends = np.quantile(means + deviations * steps, [tail, 1.0 - tail])
        low, high = map(float, self.posterior.losses(ends))
        return low, high


def most_promising(space: Space, history: History, numbers: Sequence[int]) -> int:
    """Return the one of these trials that a model of all expects most of.

    For trials that came to the same value: a plateau's middle holds on other data what its edge may
    not. The first of them where there is no model, or it sees no difference.
    """
    expected: dict[int, float] = {}
    if len(numbers) > 1 and (ranking := ranked_by_model(space, history)):
        expected = {t.number: m for t, m in zip(ranking.trials, ranking.means, strict=True)}
    return min(numbers, key=lambda n: (expected.get(n, math.inf), n))


def ranked_by_model(space: Space, history: History) -> Ranking | None:
    """Return the trials that have a loss, each configuration once, by what the model expects.

    Only those that meet their outcome constraints; None where there are none. A configuration that
    was run several times is represented by its first trial. The best observed trial comes first
    unless the model is `SURE`.
    """
    sound = history.feasible
    if not sound:
        return None
    observed = sorted(_firsts(space, sound), key=lambda t: (t.losses[0], t.number))
    reason = _hindrance(space, history)
    if reason:
        seen = tuple(t.losses[0] for t in observed)
        return Ranking(tuple(observed), seen, observed[0], None, reason)
    posterior = posterior_of(space, history)
    modelled = {space.key(t.params) for t in posterior.knowledge.modelled}
    trials = [t for t in observed if space.key(t.params) in modelled]
    means = posterior.moments(posterior.features(trials))[0].mean(axis=0)
    # Stable: of equals the better observed comes first.
    order = [int(i) for i in np.argsort(means, kind="stable")]
    if order[0] != 0 and _odds(posterior, trials[order[0]], trials[0]) < SURE:
        order = [0, *(i for i in order if i != 0)]
    ordered = tuple(trials[i] for i in order)
    losses = tuple(map(float, posterior.losses(means[order])))
    return Ranking(ordered, losses, observed[0], posterior)


def _firsts(space: Space, trials: Sequence[Trial]) -> list[Trial]:
    return list({space.key(t.params): t for t in reversed(trials)}.values())


def _odds(posterior: Posterior, one: Trial, other: Trial) -> float:
    """Return how probable it is that the noiseless loss of `one` is less than that of `other`."""
    features = posterior.features([one, other])
    odds = []
    for member in posterior.members:
        mean, covariance = member.joint(features)
        variance = covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1]
        odds.append(ndtr((mean[1] - mean[0]) / math.sqrt(max(variance, TINY))))
    return float(np.mean(odds))


def too_little(space: Space, history: History) -> str:
    """Return why a model of the history would say nothing, or ""."""
    if len({space.key(t.params) for t in history.valued}) < LEAST_POINTS:
        return f"a model needs at least {LEAST_POINTS} configurations with a value"
    if len({t.losses[0] for t in history.valued}) == 1:
        return "all values are equal"
    flat = not knowledge_of(space, history).outcomes.values.any()
    return "all values are equal but for rounding" if flat else ""


def _hindrance(space: Space, history: History) -> str:
    """Return why the model should have no say, or ""."""
    by_point: dict[object, list[float]] = {}
    for trial in history.valued:
        by_point.setdefault(space.key(trial.params), []).append(trial.losses[0])
    repeated = [losses for losses in by_point.values() if len(losses) > 1]
    if repeated and all(len(set(losses)) == 1 for losses in repeated):
        return too_little(space, history) or "repeated runs came to the same value"
    return too_little(space, history)
