import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from autosearch.space import Float, Space
from autosearch.strategies.bayes.encoding import Encoding, additive_amplitudes
from autosearch.strategies.bayes.gaussian import GaussianProcess, condition, fit
from autosearch.strategies.bayes.likelihood import Likelihood, prior_of
from autosearch.strategies.bayes.recipe import RECIPE


def test_the_posterior_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    encoding = Encoding(Space({name: Float(0, 1) for name in "abc"}))
    x, at = rng.random((20, 3)), rng.random((50, 3))
    y = np.cos(4.0 * x).sum(axis=1)
    theta = np.array([-0.5, 0.2, 1.0, -5.0, -100.0])
    features = encoding.features(x)
    likelihood = Likelihood(features, y, encoding.groups, prior_of(3, 0, RECIPE), jitter=0.0)
    process = condition(likelihood, theta)
    mean, std = process.predict(encoding.features(at))

    variance = process.solved.variance
    kernel = ConstantKernel(variance) * Matern(np.exp(theta[:3]), nu=2.5)
    reference = GaussianProcessRegressor(
        kernel + WhiteKernel(variance * np.exp(-5.0)), alpha=0.0, optimizer=None
    )
    reference.fit(x, y - process.solved.mean)
    expected_mean, expected_std = reference.predict(at, return_std=True)
    noiseless = np.sqrt(np.maximum(expected_std**2 - variance * np.exp(-5.0), 0.0))
    np.testing.assert_allclose(mean, expected_mean + process.solved.mean, rtol=1e-6)
    np.testing.assert_allclose(std, noiseless, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(process.mean(encoding.features(at)), mean, rtol=1e-12)


@pytest.mark.parametrize("weight", [-3.0, 0.0])
def test_with_little_noise_the_posterior_passes_through_the_losses(weight: float) -> None:
    encoding = Encoding(Space({"a": Float(0, 1), "b": Float(0, 1)}))
    features = encoding.features(np.random.default_rng(1).random((12, 2)))
    losses = features.columns[:, 0] ** 2 + features.columns[:, 1]
    likelihood = Likelihood(features, losses, encoding.groups, prior_of(2, 0, RECIPE), 1e-10)
    process = condition(likelihood, np.array([0.0, 0.0, -20.0, weight]))
    mean, std = process.predict(features)
    np.testing.assert_allclose(mean, losses, atol=1e-5)
    assert std.max() < 1e-3


def test_what_is_expected_without_a_point_is_what_a_model_without_it_expects() -> None:
    rng = np.random.default_rng(2)
    encoding = Encoding(Space({"a": Float(0, 1), "b": Float(0, 1)}))
    units, theta = rng.random((9, 2)), np.array([-0.5, 0.2, -3.0, -1.0])
    losses, prior = np.cos(4.0 * units).sum(axis=1) + 3.0, prior_of(2, 0, RECIPE)

    def model(rows: list[int]) -> GaussianProcess:
        features = encoding.features(units[rows])
        return condition(Likelihood(features, losses[rows], encoding.groups, prior, 0.0), theta)

    without = [
        float(model([j for j in range(9) if j != i]).mean(encoding.features(units[[i]]))[0])
        for i in range(9)
    ]
    np.testing.assert_allclose(model(list(range(9))).left_out(), without, rtol=1e-9)


@pytest.mark.parametrize("spoilt", ["theta", "noise", "point"])
def test_what_no_noise_mends_is_refused(spoilt: str) -> None:
    encoding = Encoding(Space({"a": Float(0, 1), "b": Float(0, 1)}))
    rows, theta = np.random.default_rng(1).random((12, 2)), np.array([-0.5, 0.2, -5.0, -3.0])
    features = encoding.features(rows)
    if spoilt == "point":
        features.columns[3, 0] = np.nan
    else:
        theta[0 if spoilt == "theta" else 2] = np.nan
    likelihood = Likelihood(
        features, rows.sum(axis=1), encoding.groups, prior_of(2, 0, RECIPE), jitter=0.0
    )
    with pytest.raises(FloatingPointError, match="not finite"):
        condition(likelihood, theta)


def test_far_from_all_points_the_losses_are_expected_to_rise_towards_the_bounds() -> None:
    encoding = Encoding(Space({"a": Float(0, 1), "b": Float(0, 1)}))
    units, theta = np.full((3, 2), 0.5), np.array([-3.0, -3.0, -3.0, -20.0])
    units[1:] += [[0.02, 0.0], [0.0, -0.02]]
    features, losses = encoding.features(units), np.array([0.3, -0.1, -0.2])
    likelihood = Likelihood(features, losses, encoding.groups, prior_of(2, 0, RECIPE), 1e-10, 1.5)
    away = encoding.features(np.array([[0.0, 0.0], [0.2, 0.2], [0.2, 1.0]]))
    corner, inside, edge = condition(likelihood, theta).mean(away)
    assert corner > edge > inside
    expected = 1.5 * 6.0 * (0.5**2 - 0.3**2) * 2.0 / np.sqrt(2.0)
    np.testing.assert_allclose(corner - inside, expected, rtol=1e-6)


def test_what_an_additive_part_learns_of_one_number_holds_wherever_the_others_lie() -> None:
    rng = np.random.default_rng(4)
    space = Space({name: Float(0, 1) for name in "abcd"})
    units, at = rng.random((60, 4)), rng.random((200, 4))

    def error(encoding: Encoding) -> float:
        prior = prior_of(4, 0, RECIPE, additive=encoding.additive)
        losses = np.cos(20.0 * units).sum(axis=1)
        likelihood = Likelihood(encoding.features(units), losses, encoding.groups, prior, 1e-6)
        process = condition(likelihood, fit(likelihood, [prior.mean], 50))
        found = process.mean(encoding.features(at))
        return float(np.std(found - np.cos(20.0 * at).sum(axis=1)))

    amplitudes = additive_amplitudes(RECIPE.cosines, RECIPE.additive_scale)
    assert error(Encoding(space, amplitudes)) < 0.7 * error(Encoding(space))


def test_a_joint_posterior_has_the_marginals_that_are_predicted() -> None:
    encoding = Encoding(Space({name: Float(0, 1) for name in "abc"}), additive_amplitudes(6, 0.2))
    rng, prior = np.random.default_rng(5), prior_of(3, 0, RECIPE, additive=True)
    units, at = rng.random((12, 3)), encoding.features(rng.random((7, 3)))
    features = encoding.features(units)
    process = condition(
        Likelihood(features, units.sum(axis=1), encoding.groups, prior, 1e-6), prior.mean
    )
    mean, covariance = process.joint(at)
    expected, deviation = process.predict(at)
    np.testing.assert_allclose(mean, expected)
    np.testing.assert_allclose(np.sqrt(np.diagonal(covariance)), deviation, rtol=1e-6)
    np.testing.assert_array_equal(process.predict(at, process.products(at)), (expected, deviation))
