"""What other searches found, as a trend of the model, for as long as it holds here."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from autosearch.space import Space
from autosearch.strategies.bayes.encoding import Array, Encoding, Features
from autosearch.strategies.bayes.gaussian import GaussianProcess, condition, fit
from autosearch.strategies.bayes.knowledge import Knowledge, encoding_of
from autosearch.strategies.bayes.likelihood import Likelihood, prior_of
from autosearch.strategies.bayes.outcomes import transform
from autosearch.strategies.bayes.recipe import RECIPE
from autosearch.trial import History, Trial


@dataclass(frozen=True)
class Informed(Encoding):
    """An encoding whose trend also holds what models of other searches expect.

    models: of the searches that are believed, one column of the trend each.
    """

    models: tuple[GaussianProcess, ...] = ()

    def features(self, units: Array) -> Features:
        """Return what the models read at canonical rows."""
        plain = super().features(units)
        # The trend's weight is shared out among the parameters; a search counts as all of them.
        scale = RECIPE.earlier_weight * math.sqrt(max(self.free, 1))
        means = [scale * model.mean(plain)[:, None] for model in self.models]
        return plain._replace(trend=np.hstack([plain.trend, *means]))


def knowledge_of(space: Space, history: History) -> Knowledge:
    """Return what the model knows: a history, and what earlier searches found that holds here.

    That is judged anew at every ask, see `holding`, of n >= `earlier_least` trials;
    `earlier_until` say enough by themselves. Where a search is believed, what failed there warns.
    """
    alone = Knowledge(encoding_of(space, history, RECIPE), history, RECIPE)
    valued = len(history.valued)
    if not history.earlier or not RECIPE.earlier_least <= valued < RECIPE.earlier_until:
        return alone
    found = learned(space, history.earlier).items()
    believed = {s: model for s, model in found if _odds(model, alone) >= RECIPE.earlier_odds}
    if not believed:
        return alone
    failed = tuple(t for t in history.earlier if t.origin in believed and not t.losses)
    encoding = Informed(space, alone.encoding.amplitudes, tuple(believed.values()))
    return replace(alone, encoding=encoding, failed_elsewhere=failed)


def holding(space: Space, earlier: tuple[Trial, ...], trials: Sequence[Trial]) -> set[str]:
    """Return the names of the searches that foresee the losses of `trials`; none of too few.

    One does where the losses, less a share of what its model expects, are likelier than they are by
    themselves, both under this search's model before it is fitted. To agree is not enough: what the
    model expects anyway, with one objective that the bounds are worse, is no proof of a search that
    expects it too. Where the first losses are much alike, it takes some more of them.
    trials: each with as many losses as the searches have; of several the mean log odds count.
    """
    if len(trials) < RECIPE.earlier_least:
        return set()
    found: dict[str, list[float]] = {}
    parts, own = by_objective(earlier), by_objective(tuple(trials))
    for part, losses in zip(parts, own, strict=True):
        alone = Knowledge(Encoding(space), History(losses, objectives=len(parts)), RECIPE)
        for source, model in learned(space, part).items():
            found.setdefault(source, []).append(_odds(model, alone))
    return {source for source, each in found.items() if np.mean(each) >= RECIPE.earlier_odds}


def _odds(model: GaussianProcess, alone: Knowledge) -> float:
    """Return by how much likelier the losses are for what a model expects, as a logarithm."""
    losses, expected = alone.outcomes.values, model.mean(alone.features)
    if not losses.any():
        # Equal ones, of which there is nothing to foresee.
        return 0.0
    plain = alone.loss_likelihood(alone.features, losses)
    informed = replace(plain, losses=losses - RECIPE.earlier_share * expected)
    return plain.value(plain.prior.mean) - informed.value(plain.prior.mean)


def _transformed(losses: Array) -> Array:
    return transform(losses, RECIPE.knee, RECIPE.lid, RECIPE.low_quantile).values


def _correlation(expected: Array, losses: Array) -> float:
    spread = float(expected.std() * losses.std())
    return float(np.mean((expected - expected.mean()) * losses)) / spread if spread > 0.0 else 0.0


@dataclass(frozen=True, eq=False)
class _Identical:
    """Results that are equal to none but themselves: to compare them would take too long."""

    trials: tuple[Trial, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identical) and other.trials is self.trials

    def __hash__(self) -> int:
        return id(self.trials)


def by_objective(earlier: tuple[Trial, ...]) -> list[tuple[Trial, ...]]:
    """Return the results once for each objective, with its loss alone."""
    count = max((len(t.losses) for t in earlier), default=1)
    if count == 1:
        return [earlier]
    return [tuple(replace(t, losses=t.losses[i : i + 1]) for t in earlier) for i in range(count)]


def learned(space: Space, earlier: tuple[Trial, ...]) -> Mapping[str, GaussianProcess]:
    """Return a model of each search that has learned something, by the search's name.

    One that does not foresee its own results, each from all others, foresees nothing here: it is of
    noise, and what it expects agrees with a few losses only by chance.
    """
    return _learned(space, _Identical(earlier))


@lru_cache(maxsize=4)
def _learned(space: Space, earlier: _Identical) -> Mapping[str, GaussianProcess]:
    """Made once: they stay as they are."""
    plain = Encoding(space)
    valued = [t for t in earlier.trials if t.losses]
    sources = dict.fromkeys(t.origin for t in valued)
    models = {s: _model(plain, [t for t in valued if t.origin == s]) for s in sources}
    return {source: model for source, model in models.items() if _has_learned(model)}


def _has_learned(model: GaussianProcess) -> bool:
    likelihood, losses = model.likelihood, model.likelihood.losses
    if len(losses) < 2:
        return False
    # Not with the fitted hyperparameters: they have seen every result, and make sense of noise.
    expected = condition(likelihood, likelihood.prior.mean).left_out()
    return _correlation(expected, losses) >= RECIPE.earlier_learned / math.sqrt(len(losses))


def _model(encoding: Encoding, trials: Sequence[Trial]) -> GaussianProcess:
    ranked = sorted(trials, key=lambda t: t.losses[0])
    half, limit = RECIPE.modelled // 2, RECIPE.modelled
    if len(ranked) > limit:
        # The best, and others spread over the rest.
        rest = ranked[half:]
        ranked = [*ranked[:half], *(rest[i * len(rest) // half] for i in range(half))]
    features = encoding.features(encoding.rows([t.params for t in ranked]))
    values = _transformed(np.array([t.losses[0] for t in ranked]))
    numbers = encoding.number_groups
    prior = prior_of(numbers, encoding.free - numbers, RECIPE)
    likelihood = Likelihood(features, values, encoding.groups, prior, RECIPE.jitter)
    return condition(likelihood, fit(likelihood, [prior.mean], RECIPE.steps_small))
