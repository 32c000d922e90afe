"""What a history says about the loss itself, whoever chose its trials: for estimates, not for asks.

An ask may be bold; an estimate may not. So the hyperparameters are averaged over instead of
fitted: with few trials the most probable ones alone take noise for signal, or signal for noise.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from autosearch.space import Space
from autosearch.strategies.bayes.encoding import Array, Encoding, Features
from autosearch.strategies.bayes.gaussian import GaussianProcess, condition, fit
from autosearch.strategies.bayes.knowledge import Knowledge
from autosearch.strategies.bayes.likelihood import Likelihood
from autosearch.strategies.bayes.recipe import RECIPE
from autosearch.strategies.threads import one_thread
from autosearch.trial import History, Trial

# Hyperparameters drawn, after how many steps, and how many steps lie between two that are kept.
MEMBERS = 16
WARM_UP = 16
THINNING = 3
# Noise is likelier here than in `RECIPE`, whose prior is for choosing the next trial: an estimate
# that takes noise for signal recommends the luckiest trial. With (-7, 2), intervals of 95 % held
# 67 % of the true losses after 20 noisy trials, with this 97 % (tuned on the training tasks).
NOISE = (-4.0, 2.0)
STEPS = 30
# One knee, so that an estimate does not depend on what was asked in between; and a scale by all
# trials, since an estimate has to tell the best ones apart.
PLAIN = replace(RECIPE, noise=NOISE, steep_knee=RECIPE.knee, close=0.0)
LARGEST = sys.float_info.max


@dataclass(frozen=True)
class Posterior:
    """Equally probable Gaussian processes of the standardised loss.

    members: of value = (loss - offset) / scale; at the bad end, where losses are compressed, that
    is less than the loss.
    """

    knowledge: Knowledge
    members: tuple[GaussianProcess, ...]
    offset: float
    scale: float

    def features(self, trials: Sequence[Trial]) -> Features:
        """Return the features of the trials' points."""
        encoding = self.knowledge.encoding
        return encoding.features(encoding.rows([t.params for t in trials]))

    def moments(self, features: Features) -> tuple[Array, Array]:
        """Return each member's (mean, deviation) of the noiseless standardised loss.

        Both of shape (members, n).
        """
        found = [member.predict(features) for member in self.members]
        means, deviations = (np.array(part) for part in zip(*found, strict=True))
        return means, deviations

    def losses(self, values: Array) -> Array:
        """Return standardised losses in the metric's unit, any shape; all are finite."""
        # Halved: the distance of two huge losses would not be finite.
        with np.errstate(over="ignore"):
            doubled = 2.0 * (self.offset / 2.0 + self.scale / 2.0 * values)
        found: Array = np.clip(doubled, -LARGEST, LARGEST)
        return found

    def difference(self, value: float) -> float:
        """Return the difference of two standardised losses in the metric's unit; it is finite."""
        return max(-LARGEST, min(self.scale * float(value), LARGEST))

    @cached_property
    def noise(self) -> float:
        """The deviation of two runs of the same params, divided by the root of 2."""
        variances = [m.noise * m.solved.variance for m in self.members]
        return self.difference(math.sqrt(float(np.mean(variances))))


def posterior_of(space: Space, history: History) -> Posterior:
    """Return the posterior given the trials of `history` that have a loss; two or more are needed.

    Deterministic, and of bounded cost: of long histories `Knowledge` models a part.
    """
    with one_thread():
        return _posterior(knowledge_of(space, history))


def knowledge_of(space: Space, history: History) -> Knowledge:
    """Return what the posterior is given."""
    return Knowledge(Encoding(space), history, PLAIN)


def _posterior(knowledge: Knowledge) -> Posterior:
    values = knowledge.outcomes.values
    likelihood = knowledge.likelihood(knowledge.features, values)
    members = tuple(condition(likelihood, theta) for theta in _drawn(likelihood))
    losses = np.array([t.losses[0] for t in knowledge.modelled])
    scale, best = knowledge.outcomes.scale, int(values.argmin())
    # The best loss is never compressed. Halved: see `Posterior.losses`.
    offset = 2.0 * float(losses[best] / 2.0 - scale / 2.0 * values[best])
    return Posterior(knowledge, members, offset, scale)


def _drawn(likelihood: Likelihood) -> list[Array]:
    """Return draws from the posterior of the hyperparameters.

    Elliptical slice sampling, from the mode (Murray, Adams and MacKay, 2010).
    """
    prior = likelihood.prior
    rng = np.random.default_rng(len(likelihood.losses))
    theta = fit(likelihood, [prior.mean], STEPS)
    height = _log_likelihood(likelihood, theta)
    kept = []
    for step in range(WARM_UP + MEMBERS * THINNING):
        theta, height = _slice(likelihood, theta, height, rng)
        if step >= WARM_UP and (step - WARM_UP) % THINNING == THINNING - 1:
            kept.append(theta)
    return kept


def _slice(
    likelihood: Likelihood, theta: Array, height: float, rng: np.random.Generator
) -> tuple[Array, float]:
    prior = likelihood.prior
    level = height + math.log(rng.random())
    across = prior.drawn(rng)
    angle = float(rng.uniform(0.0, 2.0 * math.pi))
    low, high = angle - 2.0 * math.pi, angle
    while True:
        there = prior.mean + (theta - prior.mean) * math.cos(angle) + across * math.sin(angle)
        found = _log_likelihood(likelihood, there)
        if found > level or high - low < 1e-9:
            return (there, found) if found > level else (theta, height)
        low, high = (angle, high) if angle < 0.0 else (low, angle)
        angle = float(rng.uniform(low, high))


def _log_likelihood(likelihood: Likelihood, theta: Array) -> float:
    """Return the logarithm of the likelihood, without the prior; -inf outside the bounds."""
    prior = likelihood.prior
    if (theta < prior.low).any() or (theta > prior.high).any():
        return -math.inf
    solution = likelihood.solve(theta)
    if solution is None:
        return -math.inf
    solved, n = solution[0], len(likelihood.losses)
    return -0.5 * ((n + 1.0) * math.log(solved.variance) + solved.log_determinant)
