"""What a history tells the model: modelled points with their losses, failures, running trials."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from autosearch.space import Space
from autosearch.strategies.bayes.cost import log_seconds
from autosearch.strategies.bayes.encoding import (
    Array,
    Bools,
    Encoding,
    Features,
    additive_amplitudes,
)
from autosearch.strategies.bayes.likelihood import Likelihood, prior_of, squared_distances
from autosearch.strategies.bayes.outcomes import Outcomes, margin, transform
from autosearch.strategies.bayes.recipe import Recipe
from autosearch.strategies.evidence import is_faulty
from autosearch.trial import History, Trial


@dataclass(frozen=True)
class Knowledge:
    """A history as seen by the model; its size is bounded by `recipe.modelled`.

    failed_elsewhere: trials of other searches that failed, where these are believed.
    """

    encoding: Encoding
    history: History
    recipe: Recipe
    failed_elsewhere: tuple[Trial, ...] = ()

    @cached_property
    def losses(self) -> Array:
        """All losses, in the order of the trials."""
        return np.array([t.losses[0] for t in self.history.valued])

    @cached_property
    def modelled(self) -> tuple[Trial, ...]:
        """The trials in the model: the best half, feasible ones first, and some of the others."""
        valued, limit = self.history.valued, self.recipe.modelled
        n = len(valued)
        if n <= limit:
            return valued
        broken = np.array([not t.feasible for t in valued])
        order = np.lexsort((self.losses, broken))
        best, others = order[: limit // 2], order[limit // 2 :]
        # By the number of trials alone: asks in between see the same points.
        rng = np.random.default_rng(n // self.recipe.redraw_every)
        drawn = rng.choice(others, size=limit - len(best), replace=False)
        return tuple(valued[i] for i in sorted(map(int, [*best, *drawn])))

    @cached_property
    def features(self) -> Features:
        """The features of the modelled trials."""
        return self._features(self.modelled)

    @cached_property
    def outcomes(self) -> Outcomes:
        """The transformed losses of the modelled trials, by the likelier of two knees."""
        c = self.recipe
        losses = np.array([t.losses[0] for t in self.modelled])
        usual = transform(losses, c.knee, c.lid, c.low_quantile, self.typical)
        if len(losses) < c.steep_least or c.steep_knee == c.knee:
            return usual
        steep = transform(losses, c.steep_knee, c.lid, c.low_quantile, self.typical)
        odds = self._log_evidence(steep) - self._log_evidence(usual)
        return steep if odds > c.steep_odds else usual

    @cached_property
    def typical(self) -> Bools:
        """Which modelled trials show how the losses are spread: those not close to a better one.

        All in early days, and where too few would be left.
        """
        c, columns = self.recipe, self.features.columns
        losses = np.array([t.losses[0] for t in self.modelled])
        if len(losses) < c.typical_from:
            return np.ones(len(losses), dtype=bool)
        near = squared_distances(columns, columns) < self.encoding.free * c.close**2
        typical = np.zeros(len(losses), dtype=bool)
        # Constraints count: beside the best allowed one, broken trials may have less loss.
        for i in np.lexsort((losses, ~self.good)):
            typical[i] = not (near[i] & typical).any()
        enough = np.count_nonzero(typical) >= c.typical_least
        return typical if enough else np.ones_like(typical)

    def _log_evidence(self, outcomes: Outcomes) -> float:
        """Return how likely the losses are under the model as it was last fitted."""
        likelihood = self.loss_likelihood(self.features, outcomes.values)
        theta = np.array(self.memory.get("theta", ()))
        if len(theta) != len(likelihood.prior.mean):
            theta = likelihood.prior.mean
        return outcomes.log_slope - likelihood.value(theta)

    @cached_property
    def good(self) -> Bools:
        """Which modelled trials meet their outcome constraints; all where none does."""
        good = np.array([not is_faulty(t) for t in self.modelled])
        return good if good.any() else np.ones_like(good)

    @cached_property
    def margins(self) -> tuple[Array, ...]:
        """How far the modelled trials keep each outcome constraint, compressed; below 0: broken.

        None where the trials do not all have the same constraints.
        """
        sizes = {len(t.constraints) for t in self.modelled}
        if len(sizes) != 1:
            return ()
        columns = np.array([t.constraints for t in self.modelled]).T
        return tuple(margin(column) for column in columns)

    @cached_property
    def timed(self) -> tuple[Features, Array]:
        """The modelled trials whose seconds are known: features, and logarithms of the seconds."""
        logs = log_seconds(self.modelled)
        known = np.isfinite(logs)
        return self.features.of(known), logs[known]

    @cached_property
    def failures(self) -> tuple[Trial, ...]:
        """The latest trials that show that their params do not work, and not by their margins."""
        found = [t for t in self.history.finished if is_faulty(t)]
        if self.margins:
            found = [t for t in found if not t.losses]
        return tuple(found[-self.recipe.modelled // 2 :])

    @cached_property
    def warnings(self) -> tuple[Trial, ...]:
        """The latest trials that failed elsewhere, with none near them that went well here."""
        if not self.failed_elsewhere:
            return ()
        failed = self.failed_elsewhere[-self.recipe.modelled // 2 :]
        there, here = self._features(failed).columns, self._features(self._well).columns
        near = self.encoding.free * self.recipe.warned_apart**2
        refuted: Bools = np.any(squared_distances(there, here) < near, axis=1)
        return tuple(t for t, wrong in zip(failed, refuted, strict=True) if not wrong)

    @cached_property
    def labelled(self) -> tuple[Features, Array]:
        """Points and labels: 1 where a modelled trial went well, -1 where one failed."""
        well, failed = self._well, [*self.failures, *self.warnings]
        labels = np.array([1.0] * len(well) + [-1.0] * len(failed))
        return self._features([*well, *failed]), labels

    @cached_property
    def _well(self) -> list[Trial]:
        return [t for t in self.modelled if self.margins or not is_faulty(t)]

    @cached_property
    def pending(self) -> Features:
        """The features of the running trials."""
        return self._features(self.history.pending)

    @cached_property
    def stalled(self) -> int:
        """Trials since the running best first came as near to the best as makes no difference."""
        # Halved: the distance of two huge losses would not be finite.
        half = max(float(np.median(self.losses / 2.0)) - self.best / 2.0, 0.0)
        same = 2.0 * self.recipe.stall_same * half
        return len(self.losses) - 1 - int(np.argmax(self.sound <= self.best + same))

    @cached_property
    def sound(self) -> Array:
        """All losses; infinite where a constraint is broken, unless it always is."""
        sound = np.array([math.inf if is_faulty(t) else t.losses[0] for t in self.history.valued])
        return sound if np.isfinite(sound).any() else self.losses

    @property
    def best(self) -> float:
        """The least loss of a trial that met its constraints; of any where none did."""
        return float(self.sound.min())

    @cached_property
    def memory(self) -> Mapping[str, Any]:
        """The notes of the latest trial that was asked with a model."""
        for trial in reversed(self.history.trials):
            if "asks" in trial.notes:
                return trial.notes
        return {}

    def loss_likelihood(self, features: Features, values: Array) -> Likelihood:
        """Return the likelihood of hyperparameters given transformed losses at points."""
        # Trade-offs are often best at bounds.
        bowl = self.recipe.bowl if self.history.objectives == 1 else 0.0
        return replace(self._likelihood(features, values, self.recipe, loss=True), bowl=bowl)

    def likelihood(
        self, features: Features, values: Array, recipe: Recipe | None = None
    ) -> Likelihood:
        """Return the likelihood of hyperparameters given values at points; recipe: other priors."""
        return self._likelihood(features, values, recipe or self.recipe, loss=False)

    def _likelihood(
        self, features: Features, values: Array, recipe: Recipe, *, loss: bool
    ) -> Likelihood:
        known, numbers = self.encoding, self.encoding.number_groups
        additive = loss and known.additive
        prior = prior_of(numbers, known.free - numbers, recipe, additive=additive)
        return Likelihood(features, values, known.groups, prior, recipe.jitter)

    def _features(self, trials: Sequence[Trial]) -> Features:
        return self.encoding.features(self.encoding.rows([t.params for t in trials]))


def encoding_of(space: Space, history: History, recipe: Recipe) -> Encoding:
    """Return the encoding for the next ask: with an additive part where it helps."""
    plain = Encoding(space)
    only_numbers = plain.number_groups == plain.free and not space.conditional
    fits = recipe.small < plain.free <= recipe.additive_most
    if not only_numbers or not fits or len(history.valued) < recipe.additive_least:
        return plain
    amplitudes = additive_amplitudes(recipe.cosines, recipe.additive_scale)
    return Encoding(space, amplitudes)


def stacked(a: Features, b: Features) -> Features:
    """Return the features of the points of `a` and then those of `b`."""
    return Features(*(np.concatenate(pair) for pair in zip(a, b, strict=True)))
