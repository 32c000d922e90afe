from hypothesis import given

from autosearch.space import Choice, Float, Int, Space
from autosearch.strategies import rng_for
from autosearch.strategies.grid import GridSearch
from autosearch.trial import History, Trial
from tests.space.spaces import spaces
from tests.strategies.searches import drive

HUGE = Space(
    {f"n{i}": Int(1, 1000) for i in range(8)}, constraints=["n0 >= 999", "n0 + n1 <= 1000"]
)


def test_the_last_parameter_changes_fastest() -> None:
    space = Space({"lr": Float(0, 1), "opt": Choice(["a", "b"])})
    points = [t.params for t in drive(GridSearch(points=3), space, lambda p: 0.0, asks=10).trials]
    assert points == [{"lr": x, "opt": o} for x in (0.0, 0.5, 1.0) for o in ("a", "b")]


@given(space=spaces(max_size=3))
def test_a_grid_starts_as_the_list_of_the_points(space: Space) -> None:
    expected = {space.key(p) for p in space.points(4)} if _small(space) else set()
    history = drive(GridSearch(points=4), space, lambda p: 0.0, asks=len(expected) + 1)
    if expected:
        assert {space.key(t.params) for t in history.trials} == expected
        assert len(history) == len(expected)


def _small(space: Space) -> bool:
    product = 1
    for parameter in space.params.values():
        product *= parameter.count or 4
    return product <= 60


def test_an_inactive_branch_is_one_point() -> None:
    space = Space(
        {
            **{f"n{i}": Int(1, 1000, when={"opt": "b"}) for i in range(6)},
            "opt": Choice(["a", "b"]),
        }
    )
    history = drive(GridSearch(), space, lambda p: 0.0, asks=3)
    assert [len(t.params) for t in history.trials] == [1, 7, 7]


def test_constraints_cut_whole_branches_of_a_huge_grid() -> None:
    first = GridSearch().ask(HUGE, History(), rng_for(0, 0))
    assert first is not None
    assert first.params == dict.fromkeys(HUGE.names, 1) | {"n0": 999}
    last_below = dict.fromkeys(HUGE.names, 1000) | {"n0": 999, "n1": 1}
    notes = {"at": [998, 0, *[999] * 6], "points": 5}
    after = GridSearch().ask(HUGE, History((Trial(0, last_below, notes=notes),)), rng_for(0, 1))
    assert after is None


def test_points_that_others_tried_are_left_out() -> None:
    space = Space({"n": Int(1, 4)})
    first = GridSearch().ask(space, History(), rng_for(0, 0))
    assert first is not None
    others = History(
        (Trial(0, first.params, origin="grid", notes=first.notes), Trial(1, {"n": 2}, origin="x"))
    )
    second = GridSearch().ask(space, others, rng_for(0, 2))
    assert second is not None
    assert second.params == {"n": 3}
