import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.space import Bool, Choice, Float, Int, Space
from autosearch.strategies.bayes.candidates import Jump, perturb
from autosearch.strategies.bayes.encoding import Array, Encoding, additive_amplitudes
from tests.space.spaces import spaces

TREE = Space(
    {
        "opt": Choice(["adam", "sgd"]),
        "nesterov": Bool(when={"opt": "sgd"}),
        "momentum": Float(0.5, 0.99, when={"nesterov": True}),
        "layers": Int(1, 4),
        "width2": Int(8, 64, when="layers >= 2"),
        "warmup": Float(0, 1, when="width2 > 32 and layers < 4"),
    }
)


@given(space=st.one_of(spaces(), st.just(TREE)), seed=st.integers(0, 2**31))
def test_canonical_rows_are_what_the_space_itself_makes_of_a_point(space: Space, seed: int) -> None:
    encoding = Encoding(space)
    rows = np.random.default_rng(seed).random((20, len(space)))
    units = encoding.canonical(rows)
    points = [space.from_unit(row) for row in rows]
    np.testing.assert_allclose(units, encoding.rows(points), atol=1e-5)
    assert [encoding.params(u) for u in units] == points


@given(space=st.one_of(spaces(), st.just(TREE)), seed=st.integers(0, 2**31))
def test_neighbours_are_points_of_the_space(space: Space, seed: int) -> None:
    encoding, rng = Encoding(space), np.random.default_rng(seed)
    units = encoding.canonical(rng.random((10, len(space))))
    near = perturb(encoding, units, Jump(0.1, 0.3, 0.5), rng)
    for row in near:
        assert space.contains(encoding.params(row))
        np.testing.assert_allclose(space.to_unit(encoding.params(row)), row, atol=1e-5)


def test_a_perturbed_integer_always_moves() -> None:
    encoding = Encoding(Space({"n": Int(1, 1024, scale="log"), "k": Int(1, 3), "one": Int(1, 2)}))
    rng = np.random.default_rng(0)
    units = encoding.canonical(rng.random((200, 3)))
    near = perturb(encoding, units, Jump(1e-6, 0.0, 0.0), rng)
    assert (np.abs(near - units) > 1e-9).any(axis=1).all()


def test_inactive_parameters_have_no_category_and_the_middle_number() -> None:
    encoding = Encoding(
        Space(
            {
                "opt": Choice(["adam", "sgd"]),
                "nesterov": Bool(when={"opt": "sgd"}),
                "momentum": Float(0.5, 0.99, when={"opt": "sgd"}),
            }
        )
    )
    columns = encoding.features(encoding.canonical(np.array([[0.1, 0.9, 0.9]]))).columns
    np.testing.assert_allclose(columns, [[0.5, np.sqrt(0.5), 0.0, 0.0, 0.0]])


def test_two_categories_are_one_apart() -> None:
    encoding = Encoding(Space({"c": Choice(["a", "b", "c"])}))
    columns = encoding.features(encoding.enumerate()).columns
    distances = np.linalg.norm(columns[:, None] - columns, axis=2)
    np.testing.assert_allclose(distances[np.triu_indices(3, 1)], 1.0)


def test_parameters_with_one_value_take_no_part_in_the_model() -> None:
    encoding = Encoding(Space({"x": Float(0, 1), "only": Choice(["a"]), "one": Int(values=[3])}))
    assert encoding.features(encoding.canonical(np.full((1, 3), 0.2))).columns.shape == (1, 1)
    assert encoding.free == 1


@pytest.mark.parametrize("space", [TREE.params["layers"], TREE.params["opt"]])
def test_every_point_of_a_finite_space_is_enumerated(space: Int | Choice) -> None:
    whole = Space(
        {"p": space, "log": Int(1, 5, scale="log"), "b": Bool(when={"p": space.from_unit(0)})}
    )
    encoding = Encoding(whole)
    listed = {whole.key(p) for p in whole.points()}
    assert {whole.key(encoding.params(row)) for row in encoding.enumerate()} == listed


def test_the_additive_part_is_a_covariance_of_each_number_by_itself() -> None:
    space = Space({"x": Float(0, 1), "n": Int(1, 9), "c": Choice(["a", "b"])})
    encoding = Encoding(space, additive_amplitudes(30, 0.1))
    rng = np.random.default_rng(0)
    units = encoding.canonical(rng.random((8, 3)))
    covariance = encoding.features(units).cosines @ encoding.features(units).cosines.T
    alone = []
    for j in (0, 1):
        one = Encoding(Space({"x": Float(0, 1)}), encoding.amplitudes)
        cosines = one.features(units[:, [j]]).cosines
        alone.append(cosines @ cosines.T)
    np.testing.assert_allclose(covariance, np.mean(alone, axis=0), atol=1e-12)


def test_the_additive_part_is_matern_three_halves_mirrored_at_both_ends() -> None:
    scale, grid = 0.12, (np.arange(200) + 0.5)[:, None] / 200
    encoding = Encoding(Space({"x": Float(0, 1)}), additive_amplitudes(400, scale))
    cosines = encoding.features(grid).cosines

    def matern(distance: Array) -> Array:
        r = np.sqrt(3.0) * np.abs(distance) / scale
        covariance: Array = (1.0 + r) * np.exp(-r)
        return covariance

    images = [matern(grid - grid.T + 2 * k) + matern(grid + grid.T + 2 * k) for k in (-1, 0, 1)]
    mirrored = np.sum(images, axis=0)
    # A constant is the mean's part, not its own.
    mirrored -= mirrored.mean()
    mirrored /= np.diagonal(mirrored).mean()
    np.testing.assert_allclose(cosines @ cosines.T, mirrored, atol=2e-3)


def test_what_is_not_active_has_no_additive_part() -> None:
    space = Space({"opt": Choice(["adam", "sgd"]), "momentum": Float(0, 1, when={"opt": "sgd"})})
    encoding = Encoding(space, additive_amplitudes(5, 0.1))
    rows = encoding.canonical(np.array([[0.1, 0.31], [0.9, 0.31]]))
    inactive, active = encoding.features(rows).cosines
    assert not inactive.any()
    assert active.all()
    assert encoding.features(encoding.canonical(np.empty((0, 2)))).cosines.shape == (0, 5)
    assert not Encoding(Space({"c": space.params["opt"]}), encoding.amplitudes).additive
