from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autosearch.asking import ask_next
from autosearch.space import Choice, Float, Space
from autosearch.space.values import Params
from autosearch.strategies import Suggestion, make
from autosearch.strategies.earlier import LAST, MOST, ORIGIN, TELLING, earlier_point
from autosearch.trial import History, Trial
from tests.space.spaces import spaces

PLANE = Space({"x": Float(0, 1), "y": Float(0, 1)})


def earlier(points: list[tuple[float, float]], source: str = "old") -> tuple[Trial, ...]:
    """Returns results at these points, the best first."""
    return tuple(
        Trial(n, {"x": x, "y": y}, origin=source, state="completed", losses=(float(n),))
        for n, (x, y) in enumerate(points)
    )


OLD = earlier([(0.1, 0.1), (0.11, 0.1), (0.9, 0.1), (0.1, 0.9), (0.5, 0.5), (0, 0), (1, 1), (0, 1)])


def told(history: History, params: Params, origin: str, loss: float) -> History:
    trial = Trial(len(history), params, origin=origin, state="completed", losses=(loss,))
    return replace(history, trials=(*history.trials, trial))


def test_without_earlier_results_there_is_nothing_to_begin_with() -> None:
    assert earlier_point(PLANE, History()) is None


def test_the_best_comes_first_and_then_every_second_trial_another_good_one() -> None:
    history = History((), OLD)
    tried = []
    for number in range(LAST):
        point = earlier_point(PLANE, history)
        assert (point is None) == (number % 2 == 1 or len(tried) == MOST)
        params = point.params if point else {"x": 0.3 + number / 20, "y": 0.6}
        tried += [params] if point else []
        history = told(history, params, ORIGIN if point else "random", 0.0 if point else 1.0)
    # The second best lies too near to the best to say anything new.
    assert tried == [{"x": 0.1, "y": 0.1}, {"x": 0.9, "y": 0.1}, {"x": 0.1, "y": 0.9}]


def test_they_end_where_they_disappoint() -> None:
    history = told(History((), OLD), OLD[0].params, ORIGIN, 5.0)
    history = told(history, {"x": 0.4, "y": 0.4}, "random", 1.0)
    assert earlier_point(PLANE, history) is None


def test_declared_defaults_come_before_them() -> None:
    space = Space({"x": Float(0, 1, default=0.3), "y": Float(0, 1)})
    history = History((), OLD)
    assert earlier_point(space, history) is None
    asked = ask_next(make("bayes_opt_search"), space, history, seed=1, at=0.0)
    assert asked is not None
    assert asked.params == {"x": 0.3, "y": 0.5}


def test_several_searches_take_turns() -> None:
    other = tuple(replace(t, losses=(1e9,)) for t in earlier([(0.5, 0.9)], "other"))
    history = History((), (*OLD, *other))
    history = told(history, OLD[0].params, ORIGIN, 0.0)
    history = told(history, {"x": 0.4, "y": 0.4}, "random", 1.0)
    point = earlier_point(PLANE, history)
    assert point is not None
    assert point.params == {"x": 0.5, "y": 0.9}


def test_a_search_of_noise_is_left_out_and_failures_are_never_tried() -> None:
    rng = np.random.default_rng(5)
    noise = tuple(
        Trial(n, PLANE.sample(rng), origin="noise", state="completed", losses=(rng.normal(),))
        for n in range(TELLING)
    )
    failed = tuple(replace(t, state="failed", losses=(), origin="failed") for t in noise)
    assert earlier_point(PLANE, History(OWN, (*noise, *failed))) is None
    point = earlier_point(PLANE, History((), (*failed, *noise, *OLD)))
    assert point is not None
    assert point.params == OLD[0].params
    # Of few results nobody can tell.
    assert earlier_point(PLANE, History((), noise[1:])) is not None


def bowl(x: float, y: float, source: str, sign: float = 1.0) -> tuple[Trial, ...]:
    """Returns what a search of a bowl around a point found."""
    rng = np.random.default_rng(5)
    points = [{"x": x, "y": y}, *(PLANE.sample(rng) for _ in range(19))]
    return tuple(
        Trial(n, p, origin=source, state="completed", losses=(sign * _away(p, x, y),))
        for n, p in enumerate(points)
    )


def _away(params: Params, x: float, y: float) -> float:
    return float((params["x"] - x) ** 2 + (params["y"] - y) ** 2)


# Three trials of a bowl around (0.2, 0.7).
OWN = tuple(
    Trial(n, {"x": x, "y": y}, origin="random", state="completed", losses=(loss,))
    for n, (x, y, loss) in enumerate([(0.5, 0.5, 0.13), (0.8, 0.5, 0.4), (0.5, 0.2, 0.34)])
)


def test_a_search_of_many_results_is_tried_where_its_expectations_hold() -> None:
    like, other = bowl(0.25, 0.7, "like"), bowl(0.9, 0.1, "other")
    assert earlier_point(PLANE, History(OWN[:2], like)) is None
    point = earlier_point(PLANE, History(OWN, like))
    assert point is not None
    assert point.params == {"x": 0.25, "y": 0.7}
    assert earlier_point(PLANE, History(OWN, other)) is None
    assert earlier_point(PLANE, History(OWN, bowl(0.25, 0.7, "reversed", -1.0))) is None
    both = earlier_point(PLANE, History(OWN, (*other, *like)))
    assert both is not None
    assert both.params == point.params


def test_trials_with_another_number_of_losses_say_nothing_of_a_search() -> None:
    like = bowl(0.25, 0.7, "like")
    two = tuple(replace(t, losses=(*t.losses, 1.0)) for t in like)
    assert earlier_point(PLANE, History(OWN, two)) is None
    other = tuple(replace(t, losses=(*t.losses, 1.0)) for t in OWN)
    assert earlier_point(PLANE, History(other, like)) is None


def test_of_several_objectives_expectations_have_to_hold_on_average() -> None:
    like = bowl(0.25, 0.7, "old")
    own = tuple(replace(t, losses=(*t.losses, t.losses[0])) for t in OWN)

    def point(first: tuple[Trial, ...], second: tuple[Trial, ...]) -> Suggestion | None:
        pairs = zip(first, second, strict=True)
        old = tuple(replace(a, losses=(*a.losses, *b.losses)) for a, b in pairs)
        return earlier_point(PLANE, History(own, old))

    assert point(like, like) is not None
    # The bowl elsewhere at the points of the other.
    moved = tuple(replace(t, losses=(_away(t.params, 0.9, 0.1),)) for t in like)
    assert point(moved, moved) is None


def test_of_several_objectives_the_front_comes_first_and_ends_when_it_is_dominated() -> None:
    losses = [(9.0, 9.0), (0.0, 5.0), (8.0, 8.0), (5.0, 0.0), (7.0, 9.5), (9.9, 7.0)]
    places = zip(earlier([(n / 10, 0.5) for n in (0, 2, 4, 6, 8, 9)]), losses, strict=True)
    old = tuple(replace(t, losses=point) for t, point in places)
    history = History((), old)
    first = earlier_point(PLANE, history)
    assert first is not None
    assert first.params == old[1].params
    history = replace(history, trials=(replace(old[1], number=0, origin=ORIGIN),))
    beside = replace(old[0], number=1, origin="random", losses=(9.0, 1.0), params={"x": 0, "y": 0})
    second = earlier_point(PLANE, replace(history, trials=(*history.trials, beside)))
    assert second is not None
    assert second.params == old[3].params
    better = replace(beside, losses=(0.0, 1.0))
    assert earlier_point(PLANE, replace(history, trials=(*history.trials, better))) is None


def test_of_a_front_the_point_that_dominates_most_comes_first() -> None:
    losses = [(0.0, 9.0), (3.0, 3.0), (9.0, 0.0), (4.0, 4.0)]
    places = zip(earlier([(0, 0), (0.3, 0.3), (0.9, 0), (1, 1)]), losses, strict=True)
    point = earlier_point(
        PLANE, History((), tuple(replace(t, losses=found) for t, found in places))
    )
    assert point is not None
    assert point.params == {"x": 0.3, "y": 0.3}


def test_the_worse_half_is_never_tried() -> None:
    bad = earlier([(0.1, 0.1), (0.9, 0.9)])
    history = told(History((), bad), bad[0].params, ORIGIN, 0.0)
    history = told(history, {"x": 0.4, "y": 0.4}, "random", 1.0)
    assert earlier_point(PLANE, history) is None


@given(space=spaces(), seed=st.integers(0, 99))
def test_what_is_asked_is_a_new_point_of_the_space(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    old = tuple(
        Trial(n, space.sample(rng), origin="old", state="completed", losses=(rng.random(),))
        for n in range(6)
    )
    history = History((), old)
    strategy = make("random")
    for _ in range(6):
        asked = ask_next(strategy, space, history, seed=seed, at=0.0)
        if asked is None:
            break
        assert space.contains(asked.params)
        assert all(t.params != asked.params for t in history.trials)
        history = told(history, asked.params, asked.origin, rng.random())


def test_an_inactive_parameter_does_not_hinder() -> None:
    space = Space({"k": Choice(["a", "b"]), "x": Float(0, 1, when={"k": "b"})})
    old = (
        Trial(0, {"k": "a"}, origin="old", state="completed", losses=(0.0,)),
        Trial(1, {"k": "b", "x": 0.5}, origin="old", state="completed", losses=(1.0,)),
        *(
            Trial(n, {"k": "b", "x": n / 9}, origin="old", state="completed", losses=(9.0,))
            for n in (6, 7)
        ),
    )
    history = told(History((), old), {"k": "a"}, ORIGIN, 0.0)
    history = told(history, {"k": "b", "x": 0.9}, "random", 1.0)
    point = earlier_point(space, history)
    assert point is not None
    assert point.params == {"k": "b", "x": 0.5}
