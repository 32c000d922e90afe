import numpy as np

from autosearch.space import Choice, Float, Int, Space
from autosearch.strategies.initial import initial_point, starting_point
from autosearch.trial import History, Trial


def _design(space: Space, planned: int) -> History:
    history = History()
    for number in range(planned):
        params = initial_point(space, history, np.random.default_rng([0, number]), planned)
        assert params is not None
        history = History((*history.trials, Trial(number, params)))
    return history


def test_the_declared_defaults_come_first_and_else_the_middle() -> None:
    declared = Space({"lr": Float(0, 1, default=0.1), "n": Int(1, 9)})
    assert starting_point(declared, History()) == {"lr": 0.1, "n": 5}
    assert starting_point(Space({"lr": Float(0, 1)}), History()) == {"lr": 0.5}
    assert starting_point(declared, History((Trial(0, {"lr": 0.1, "n": 5}),))) is None


def test_the_middle_stands_in_for_defaults_that_are_not_allowed() -> None:
    space = Space({"lr": Float(0, 1, default=0.1), "n": Int(1, 9)}, constraints=["lr > 0.2"])
    assert starting_point(space, History()) == {"lr": 0.5, "n": 5}
    for trial in _design(space, 6).trials:
        assert space.problems(trial.params) == []


def test_every_stratum_of_every_number_is_visited() -> None:
    space = Space({"x": Float(0, 1), "lr": Float(1e-6, 1, scale="log"), "k": Choice(["a", "b"])})
    units = np.array([space.to_unit(t.params) for t in _design(space, 10).trials])
    for column in (0, 1):
        assert set((units[:, column] * 10).astype(int)) == set(range(10))
    assert 4 <= sum(t.params["k"] == "a" for t in _design(space, 10).trials) <= 6


def test_the_points_stay_apart() -> None:
    space = Space({"x": Float(0, 1), "y": Float(0, 1)})
    points = np.array([list(t.params.values()) for t in _design(space, 8).trials], dtype=float)
    gaps = np.abs(points[:, None] - points).sum(axis=2) + 9 * np.eye(8)
    assert gaps.min() > 0.2
