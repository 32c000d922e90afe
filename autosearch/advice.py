"""Whether a search is worth going on with: what its next trials will gain, and how sure that is.

The gain is that of the recommended trial's true value, luck left out; noise can make it negative.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg.lapack import dpotrf

from autosearch.formats import number, span
from autosearch.recommendation import Ranking, ranked_by_model, too_little
from autosearch.space import Space
from autosearch.strategies.bayes.candidates import Jump, perturb
from autosearch.strategies.bayes.encoding import Array
from autosearch.strategies.bayes.feasibility import feasible_odds
from autosearch.strategies.bayes.posterior import LARGEST, Posterior, posterior_of
from autosearch.strategies.threads import one_thread
from autosearch.trial import History, Trial

AHEAD = 10
# With `stop_when: negligible` the advice is asked for after so many trials, again and again.
JUDGED_EVERY = 5
# Before so many trials have a value there is nothing to go by, and no reason to stop.
LEAST_TRIALS = 15

# The range holds the gain in 90 % of cases. It is calibrated on searches of the training tasks of
# `benchmarks/search` (see `benchmarks/claims`): the model alone is too sure, above all where it
# takes a rough function for noise. Its upper quantile is therefore added to what the last trials
# gained and to a small part of what the whole search did.
LOW, HIGH = 0.025, 0.9
FLOOR = 0.0075
# Of what the last trials gained, this much is expected of the next ones besides the model's mean.
MOMENTUM = 0.1

# Negligible: the range ends below this part of what the search has gained (tuned: see
# `benchmarks/claims/RESULTS.md`).
NEGLIGIBLE = 0.045
UNMEASURED = "nothing has been gained yet, so there is no measure of what is negligible"

# Points at which the loss is simulated: at random, and around the best trials; draws a member.
_UNIFORM = 100
_ELITES = 5
_EACH = 8
_SCALES = (0.25, 0.07, 0.02)
_DRAWS = 16
_JITTER = 1e-10


@dataclass(frozen=True, slots=True)
class Advice:
    """What the next `ahead` trials of a search will gain, in the metric's unit.

    expected: the mean. low, high: where the gain lies in 90 % of cases; low may be negative, where
    noise may yet mislead. gained: what the search has gained over its first trials. noise: the
    deviation of a single run. negligible: whether to stop here. reason: why nothing is forecast,
    and then the numbers are None, or why the forecast cannot be judged; else "".
    """

    ahead: int = AHEAD
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    gained: float | None = None
    noise: float | None = None
    negligible: bool = False
    reason: str = ""

    def told(self, metric: str) -> str:
        """Return it in words."""
        gain = f"the next {self.ahead} trials gain {number(self.expected, 3)} {metric}"
        past = f"beside {number(self.gained, 3)} so far"
        forecast = f"{gain} (90 %: {span(self.low, self.high, 3)}), {past}"
        parts = ["" if self.expected is None else forecast, self.reason]
        return f"{'stop here' if self.negligible else 'go on'}: {'; '.join(filter(None, parts))}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "ahead": self.ahead,
            "expected": self.expected,
            "low": self.low,
            "high": self.high,
            "gained": self.gained,
            "noise": self.noise,
            "negligible": self.negligible,
            "reason": self.reason,
        }


def advise(space: Space, history: History, ranking: Ranking | None = None) -> Advice:
    """Return what the next trials will gain, given all so far. Pure.

    ranking: of this history by `ranked_by_model`, where it is known already.

    Simulated: each draw of the loss from the posterior is searched at points that other draws are
    best at (Thompson sampling), with noise and the chance to break a constraint, and the trial that
    would then be recommended is compared with the present one. Forecasts err, and over many looks
    the one that errs most would end a search: to stop is advised only where it also was
    `JUDGED_EVERY` trials earlier, or no point of the space is left.
    """
    if _all_tried(space, history):
        return Advice(negligible=True, reason="all points of the space were tried")
    advice = _judged(space, history, ranking)
    if not advice.negligible:
        return advice
    return replace(advice, negligible=_judged(space, _before(history)).negligible)


def _all_tried(space: Space, history: History) -> bool:
    if not space.listable:
        return False
    tried = {space.key(t.params) for t in history.trials if t.ended}
    return all(space.key(point) in tried for point in space.points())


def _before(history: History) -> History:
    """Return the history as it stood `JUDGED_EVERY` trials earlier."""
    cut = _searched(history)[-JUDGED_EVERY].number
    return replace(history, trials=tuple(t for t in history.trials if t.number < cut))


def _judged(space: Space, history: History, ranking: Ranking | None = None) -> Advice:
    if any(len(t.losses) > 1 for t in history.valued):
        return Advice(reason="there are several objectives, and no weights")
    if len(_searched(history)) < LEAST_TRIALS:
        return Advice(reason=f"fewer than {LEAST_TRIALS} trials have a value that counts")
    reason = too_little(space, history)
    ranking = ranking or ranked_by_model(space, history)
    if reason or ranking is None:
        return Advice(reason=reason)
    posterior = ranking.posterior or posterior_of(space, history)
    with one_thread():
        gains = _simulated(posterior, ranking)
    past = _recent(posterior)
    gained = _gained(history)
    low, model_high = (float(x) for x in np.quantile(gains, [LOW, HIGH]))
    expected = posterior.difference(max(float(gains.mean()), 0.0) + MOMENTUM * past)
    high = posterior.difference(max(model_high, 0.0) + past) + FLOOR * gained
    return Advice(
        expected=expected,
        # No search is bound to find what the model sees.
        low=posterior.difference(min(low, 0.0)),
        high=min(high, LARGEST),
        gained=gained,
        noise=posterior.noise,
        negligible=high < NEGLIGIBLE * gained,
        reason="" if gained else UNMEASURED,
    )


def _searched(history: History) -> list[Trial]:
    return [t for t in history.feasible if not t.confirms]


def _gained(history: History) -> float:
    """Return how far the best loss lies below the median of the first trials."""
    # Halved: the distance of two huge losses would not be finite.
    halves = [t.losses[0] / 2.0 for t in _searched(history)]
    return min(2.0 * (float(np.median(halves[:AHEAD])) - min(halves)), LARGEST)


def _recent(posterior: Posterior) -> float:
    """Return what the last trials have gained, standardised.

    By the model's mean, which leaves out their luck.
    """
    trials = [t for t in posterior.knowledge.modelled if t.feasible and not t.confirms]
    best = np.minimum.accumulate(posterior.moments(posterior.features(trials))[0].mean(axis=0))
    return float(best[-min(len(best), AHEAD + 1)] - best[-1])


def _simulated(posterior: Posterior, ranking: Ranking) -> Array:
    """Return simulated gains, standardised."""
    rng = np.random.default_rng(len(posterior.knowledge.losses))
    rows = _points(posterior, ranking, rng)
    features = posterior.knowledge.encoding.features(rows)
    odds = feasible_odds(posterior.knowledge, features)
    gains = [
        _gains(*member.joint(features), member.noise * member.solved.variance, odds, rng)
        for member in posterior.members
    ]
    return np.concatenate(gains)


def _points(posterior: Posterior, ranking: Ranking, rng: np.random.Generator) -> Array:
    """Return canonical rows, the recommended trial's first."""
    encoding = posterior.knowledge.encoding
    d = len(encoding.space)
    elites = encoding.rows([t.params for t in ranking.trials[:_ELITES]])
    around = np.repeat(elites, _EACH, axis=0)
    moved = max(0.3, min(1.0, 3.0 / d))
    near = [perturb(encoding, around, Jump(scale, moved, 0.25), rng) for scale in _SCALES]
    return np.vstack([elites[:1], encoding.canonical(rng.random((_UNIFORM, d))), *near])


def _gains(
    mean: Array, covariance: Array, noise: float, odds: Array, rng: np.random.Generator
) -> Array:
    """Return what trials chosen by Thompson sampling gain over the first point, for each draw.

    odds: of each point, how probable it is that a trial there counts.
    """
    shape = (len(mean), 2 * _DRAWS)
    draws = mean[:, None] + _root(covariance) @ rng.standard_normal(shape)
    counts = rng.random(shape) < odds[:, None]
    counts[0] = True
    tried = np.where(counts, draws, np.inf)[:, _DRAWS:].argmin(axis=0)
    # How far one value moves the estimate of its point.
    prior = np.maximum(np.diagonal(covariance), 0.0)
    weight = prior / np.maximum(prior + noise, np.finfo(float).tiny)
    gains = np.empty(_DRAWS)
    for i in range(_DRAWS):
        loss, points = draws[:, i], rng.choice(tried, AHEAD)
        seen = loss[points] + np.sqrt(noise) * rng.standard_normal(AHEAD)
        estimates = mean[points] + weight[points] * (seen - mean[points])
        estimates[~counts[points, i]] = np.inf
        best = int(estimates.argmin())
        chosen = points[best] if estimates[best] < mean[0] else 0
        gains[i] = loss[0] - loss[chosen]
    return gains


def _root(covariance: Array) -> Array:
    """Return a lower root of a covariance that rounding may have left singular.

    Raises FloatingPointError where it is not finite, or no addition makes it a covariance.
    """
    if not np.isfinite(covariance).all():
        raise FloatingPointError("the covariance of points to come is not finite")
    jitter = _JITTER * max(float(np.diagonal(covariance).max()), np.finfo(float).tiny)
    while np.isfinite(jitter):
        root, failed = dpotrf(covariance + jitter * np.eye(len(covariance)), lower=1, clean=1)
        if not failed:
            return np.asarray(root)
        jitter *= 10.0
    raise FloatingPointError("the covariance of points to come has no root")
