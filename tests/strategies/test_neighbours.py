import numpy as np
import pytest

from autosearch.space import Choice, Float, Space
from autosearch.strategies.cube import cube_of
from autosearch.strategies.evidence import evidence_of
from autosearch.strategies.neighbours import ACTIVE_APART, squared_distances, standing
from autosearch.trial import History, Trial
from tests.strategies.searches import history_of

LINE = Space({"x": Float(0, 1)})
TREE = Space({"k": Choice(["a", "b"]), "x": Float(0, 1, when={"k": "b"})})


def _standing(history: History, points: list[float], width: float = 1e6) -> list[float]:
    rows = np.array(points)[:, None]
    return standing(cube_of(LINE), evidence_of(LINE, history), rows, width).tolist()


def test_numbers_categories_and_missing_parameters_set_points_apart() -> None:
    cube = cube_of(TREE)
    rows = cube.rows([{"k": "a"}, {"k": "b", "x": 0.2}, {"k": "b", "x": 0.5}])
    found = squared_distances(cube, rows, rows)
    assert found == pytest.approx(found.T)
    assert np.diag(found).tolist() == [0, 0, 0]
    assert found[1, 2] == pytest.approx(0.09)
    assert found[0, 1] == found[0, 2] == pytest.approx(0.5 + ACTIVE_APART)


def test_a_point_stands_as_the_trials_around_it() -> None:
    history = history_of(LINE, [{"x": 0.1}, {"x": 0.5}, {"x": 0.9}], [3.0, 1.0, 2.0])
    low, middle, high = _standing(history, [0.12, 0.52, 0.88])
    assert middle == pytest.approx(0.0, abs=0.01)
    assert high == pytest.approx(0.5, abs=0.01)
    assert low == pytest.approx(1.0, abs=0.01)


def test_failed_trials_stand_last_whatever_the_others_cost() -> None:
    history = history_of(LINE, [{"x": 0.1}, {"x": 0.9}], [1e300, None])
    good, bad = _standing(history, [0.1, 0.9])
    assert good < 0.01
    assert bad > 0.99


def test_among_equals_the_one_farthest_from_all_trials_is_ahead_running_ones_included() -> None:
    known = history_of(LINE, [{"x": 0.0}, {"x": 1.0}], [1.0, 1.0])
    near, far = _standing(known, [0.1, 0.4], width=0.1)
    assert far < near
    running = Trial(2, {"x": 0.4}, state="running")
    near, far = _standing(History((*known.trials, running)), [0.1, 0.4], width=0.1)
    assert near < far


def test_one_trial_is_enough() -> None:
    history = history_of(LINE, [{"x": 0.5}], [1.0])
    assert np.isfinite(_standing(history, [0.5, 0.6])).all()
