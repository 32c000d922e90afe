import numpy as np
import pytest

from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.strategies.bayes.encoding import Array, Encoding, additive_amplitudes
from autosearch.strategies.bayes.gaussian import condition, fit
from autosearch.strategies.bayes.likelihood import Likelihood, prior_of
from autosearch.strategies.bayes.recipe import RECIPE

MIXED = Space(
    {
        "lr": Float(1e-5, 1e-1, scale="log"),
        "units": Int(1, 512, scale="log"),
        "opt": Choice(["adam", "sgd", "rmsprop"]),
        "nesterov": Bool(when={"opt": "sgd"}),
        "dropout": Float(0, 0.9),
        "fixed": Choice(["only"]),
    }
)


def likelihood_of(space: Space, points: int, seed: int, *, additive: bool = False) -> Likelihood:
    rng = np.random.default_rng(seed)
    encoding = Encoding(space, additive_amplitudes(9, 0.2) if additive else ())
    features = encoding.features(encoding.canonical(rng.random((points, len(space)))))
    losses = np.sin(3.0 * features.columns).sum(axis=1) + 0.1 * rng.standard_normal(points)
    numbers = encoding.number_groups
    prior = prior_of(numbers, encoding.free - numbers, RECIPE, additive=additive)
    return Likelihood(features, losses, encoding.groups, prior, RECIPE.jitter)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("additive", [False, True])
def test_the_gradient_is_that_of_the_value(seed: int, additive: bool) -> None:
    likelihood = likelihood_of(MIXED, 25, seed, additive=additive)
    rng = np.random.default_rng(seed)
    theta = likelihood.prior.mean + 0.7 * rng.standard_normal(len(likelihood.prior.mean))
    _, gradient = likelihood(theta)
    h = 1e-5
    numeric = [
        (likelihood(theta + h * e)[0] - likelihood(theta - h * e)[0]) / (2.0 * h)
        for e in np.eye(len(theta))
    ]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("additive", [False, True])
def test_the_value_is_the_normal_density_with_mean_and_variance_profiled(additive: bool) -> None:
    likelihood = likelihood_of(MIXED, 20, 0, additive=additive)
    theta = likelihood.prior.mean + 0.3
    solution = likelihood.solve(theta)
    assert solution is not None
    k = covariance_of(likelihood, theta)
    inverse = np.linalg.inv(k)
    ones = np.ones(20)
    mean = ones @ inverse @ likelihood.losses / (ones @ inverse @ ones)
    residual = likelihood.losses - mean
    variance = (residual @ inverse @ residual + 1.0) / 21.0
    prior = likelihood.prior
    covariance = prior.root @ prior.root.T
    away = theta - prior.mean
    unlikely = away @ np.linalg.solve(covariance, away)
    expected = 0.5 * (21.0 * np.log(variance) + np.linalg.slogdet(k)[1] + unlikely)
    assert likelihood(theta)[0] == pytest.approx(expected, rel=1e-9)
    assert solution[0].mean == pytest.approx(mean)
    assert solution[0].variance == pytest.approx(variance)


def covariance_of(likelihood: Likelihood, theta: Array) -> Array:
    """Return the covariance written out by its definition."""
    x, phi = likelihood.features.columns, likelihood.features.trend
    scales = np.exp(theta[: likelihood.prior.scales])[likelihood.groups]
    r = np.sqrt((((x[:, None] - x) / scales) ** 2).sum(axis=2))
    matern = (1 + np.sqrt(5) * r + 5 / 3 * r**2) * np.exp(-np.sqrt(5) * r)
    linear = np.exp(theta[-1]) * phi @ phi.T / likelihood.prior.scales
    if likelihood.prior.additive:
        psi = likelihood.features.cosines
        linear += np.exp(theta[-3]) * psi @ psi.T
    return matern + linear + (np.exp(theta[-2]) + RECIPE.jitter) * np.eye(len(x))


def test_fitting_finds_a_likelier_point_than_every_start() -> None:
    likelihood = likelihood_of(MIXED, 30, 1)
    starts = [likelihood.prior.mean, likelihood.prior.mean + 1.0]
    found = fit(likelihood, starts, 30)
    assert likelihood(found)[0] < min(likelihood(s)[0] for s in starts)
    assert (found >= likelihood.prior.low).all()
    assert (found <= likelihood.prior.high).all()


def test_a_parameter_without_influence_gets_the_longer_scale() -> None:
    space = Space({"x": Float(0, 1), "idle": Float(0, 1)})
    encoding = Encoding(space)
    features = encoding.features(np.random.default_rng(0).random((40, 2)))
    losses = np.sin(9.0 * features.columns[:, 0])
    likelihood = Likelihood(features, losses, encoding.groups, prior_of(2, 0, RECIPE), 1e-6)
    theta = fit(likelihood, [likelihood.prior.mean], 50)
    assert theta[1] > theta[0] + 1.0


def test_repeated_points_are_no_obstacle() -> None:
    encoding = Encoding(Space({"x": Float(0, 1)}))
    features = encoding.features(np.full((50, 1), 0.3))
    prior = prior_of(1, 0, RECIPE)
    likelihood = Likelihood(features, np.zeros(50), encoding.groups, prior, RECIPE.jitter)
    mean, std = condition(likelihood, prior.low).predict(features)
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()


def test_length_scales_of_numbers_vary_more_together_than_apart() -> None:
    prior = prior_of(3, 1, RECIPE)
    rng = np.random.default_rng(0)
    drawn = np.array([prior.drawn(rng) for _ in range(20_000)])
    common, own = RECIPE.common_scale, RECIPE.number_scale[1]
    assert np.diff(drawn[:, :2], axis=1).std() == pytest.approx(own * np.sqrt(2.0), rel=0.05)
    assert drawn[:, 0].std() == pytest.approx(np.hypot(common, own), rel=0.05)
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 3])[0, 1]) < 0.05
    np.testing.assert_allclose(prior.precision @ prior.root @ prior.root.T, np.eye(6), atol=1e-9)
