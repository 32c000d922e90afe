import numpy as np
import pytest

from autosearch.space import Float, Space
from autosearch.strategies.bayes.averaging import Mixture, plausible
from autosearch.strategies.bayes.encoding import Encoding
from autosearch.strategies.bayes.gaussian import condition
from autosearch.strategies.bayes.likelihood import Likelihood, prior_of
from autosearch.strategies.bayes.recipe import RECIPE, Recipe

ENCODING = Encoding(Space({"x": Float(0, 1), "y": Float(0, 1)}))


def _likelihood(n: int) -> Likelihood:
    units = np.random.default_rng(0).random((n, 2))
    losses = np.sin(9.0 * units[:, 0])
    prior = prior_of(2, 0, RECIPE)
    return Likelihood(ENCODING.features(units), losses, ENCODING.groups, prior, RECIPE.jitter)


def test_a_mixture_has_the_moments_of_draws_from_its_members() -> None:
    likelihood = _likelihood(6)
    members = [condition(likelihood, likelihood.prior.mean + shift) for shift in (0.0, -1.0, 0.7)]
    at = ENCODING.features(np.array([[0.9, 0.1], [0.4, 0.6]]))
    rng = np.random.default_rng(1)
    draws = np.vstack([rng.normal(*m.predict(at), (200_000, 2)) for m in members])
    mean, deviation = Mixture(members).predict(at)
    assert mean == pytest.approx(draws.mean(axis=0), abs=0.01)
    assert deviation == pytest.approx(draws.std(axis=0), rel=0.01)
    assert Mixture(members).mean(at) == pytest.approx(mean)


def test_the_walk_draws_from_the_posterior() -> None:
    # One point says nothing of length scales: their posterior is their prior.
    likelihood = _likelihood(1)
    recipe = Recipe(averaged=4000, walk_thinned=5, walk_step=1.0)
    prior = likelihood.prior
    deviation = np.linalg.norm(prior.root, axis=1)
    drawn = np.array(plausible(likelihood, prior.mean, recipe, np.random.default_rng(2)))
    assert drawn.shape == (4000, 4)
    assert drawn[:, :2].mean(axis=0) == pytest.approx(prior.mean[:2], abs=0.15)
    assert drawn[:, :2].std(axis=0) == pytest.approx(deviation[:2], rel=0.15)


def test_many_points_leave_less_choice_where_the_loss_varies() -> None:
    likelihood = _likelihood(40)
    recipe = Recipe(averaged=1000, walk_thinned=5)
    start = likelihood.prior.mean
    drawn = np.array(plausible(likelihood, start, recipe, np.random.default_rng(3)))[200:]
    x, y = drawn[:, :2].T
    assert x.std() < 0.6
    assert x.mean() < y.mean() - 1.0
