import numpy as np
import pytest

from autosearch.space import Choice, Float, Int, Space
from autosearch.strategies.cube import Cube
from autosearch.strategies.parzen import Parzen

SPACE = Space({"x": Float(0, 1), "k": Choice(["a", "b", "c"]), "n": Int(1, 4)})
CENTRES = np.array([[0.02, 0.5 / 3, 0.125], [0.7, np.nan, 0.875], [1.0, 2.5 / 3, np.nan]])
WIDTHS = np.array([0.05, 0.3, 0.2])
WEIGHTS = np.array([1.8, 0.3, 0.9])
LENT = {1: np.array([0.5, 0.5, 2.5 / 3]), 2: np.array([0.375])}
MIXTURE = Parzen(Cube(SPACE), CENTRES, WIDTHS, WEIGHTS, LENT)
GRID = (np.arange(240) + 0.5) / 240


def _density(rows: np.ndarray, active: list[bool]) -> np.ndarray:
    return np.exp(MIXTURE.log_density(rows, np.tile(active, (len(rows), 1))))


@pytest.mark.parametrize("column", [0, 1, 2])
def test_the_density_of_each_parameter_integrates_to_one(column: int) -> None:
    rows = np.full((len(GRID), 3), 0.5)
    rows[:, column] = GRID
    density = _density(rows, [j == column for j in range(3)])
    assert density.mean() == pytest.approx(1.0, abs=1e-3)


def test_without_points_the_density_is_uniform() -> None:
    empty = Parzen(Cube(SPACE), np.empty((0, 3)), WIDTHS, np.empty(0))
    rows = np.random.default_rng(0).random((5, 3))
    assert empty.log_density(rows, np.ones((5, 3), dtype=bool)).tolist() == [0.0] * 5
    assert empty.sample(np.random.default_rng(0), 7).shape == (7, 3)


def test_a_parameter_that_a_row_lacks_does_not_count() -> None:
    rows = np.array([[0.1, 0.5, 0.1], [0.1, 0.5, 0.9]])
    assert len(set(_density(rows, [True, True, False]).tolist())) == 1
    assert len(set(_density(rows, [True, True, True]).tolist())) == 2


def test_samples_follow_the_density() -> None:
    rows = MIXTURE.sample(np.random.default_rng(0), 20_000)
    assert rows.min() >= 0
    assert rows.max() <= 1
    counts = np.histogram(rows[:, 0], bins=20, range=(0, 1))[0] / 1000
    grid = np.full((len(GRID), 3), 0.5)
    grid[:, 0] = GRID
    expected = _density(grid, [True, False, False]).reshape(20, -1).mean(axis=1)
    np.testing.assert_allclose(counts, expected, atol=0.15)
    categories = np.bincount((rows[:, 1] * 3).astype(int)) / len(rows)
    at = np.array([[0.5, (i + 0.5) / 3, 0.5] for i in range(3)])
    np.testing.assert_allclose(categories, _density(at, [False, True, False]) / 3, atol=0.02)


def test_points_drawn_of_whole_numbers_are_snapped() -> None:
    rows = MIXTURE.sample(np.random.default_rng(0), 100)
    assert set(rows[:, 2].tolist()) <= {0.125, 0.375, 0.625, 0.875}


def test_heavy_kernels_draw_and_weigh_more() -> None:
    centres, widths = np.array([[0.2], [0.8]]), np.array([0.02])
    line = Cube(Space({"x": Float(0, 1)}))
    mixture = Parzen(line, centres, widths, np.array([1.9, 0.1]))
    drawn = mixture.sample(np.random.default_rng(0), 3000)[:, 0]
    assert np.mean(np.abs(drawn - 0.2) < 0.1) == pytest.approx(1.9 / 3 + 0.2 / 3, abs=0.03)
    near = np.exp(mixture.log_density(centres, np.ones((2, 1), dtype=bool)))
    peak = 1 / (0.02 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(near, [(1.9 * peak + 1) / 3, (0.1 * peak + 1) / 3], rtol=1e-6)


def test_a_kernel_borrows_what_it_lacks() -> None:
    line = Cube(Space({"x": Float(0, 1)}))
    args = (line, np.full((1, 1), np.nan), np.array([0.02]), np.ones(1))
    lent = Parzen(*args, {0: np.array([0.3])}).sample(np.random.default_rng(0), 2000)
    # Half are drawn uniformly, and a half of the others: what is lent has a uniform part too.
    assert np.mean(np.abs(lent - 0.3) < 0.1) == pytest.approx(0.25 + 0.75 * 0.2, abs=0.03)
    alone = Parzen(*args).sample(np.random.default_rng(0), 2000)
    assert np.mean(np.abs(alone - 0.3) < 0.1) == pytest.approx(0.2, abs=0.03)
