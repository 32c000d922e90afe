from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from autosearch import analysis
from autosearch.trial import History, Measurement, State, Trial


def trial(
    number: int,
    loss: float | None = None,
    *,
    state: State = "completed",
    reason: str = "",
    seconds: float | None = None,
    started_at: float | None = None,
) -> Trial:
    losses = () if loss is None else (loss,)
    return Trial(
        number,
        {"x": 1.0},
        state=state,
        losses=losses,
        reason=reason,
        seconds=seconds,
        started_at=started_at,
    )


def test_a_value_has_the_users_direction() -> None:
    assert analysis.user_value(-0.9, "max") == 0.9
    assert analysis.user_value(0.9, "min") == 0.9
    assert analysis.user_value(None, "max") is None
    assert str(analysis.user_value(0.0, "max")) == "0.0"


@given(st.lists(st.none() | st.floats(-100, 100)))
def test_the_best_so_far_only_gets_better_and_ends_at_the_best(losses: list[float | None]) -> None:
    history = History(tuple(trial(i, loss) for i, loss in enumerate(losses)))
    steps = analysis.best_so_far(history)
    assert all(b < a for (_, a), (_, b) in pairwise(steps))
    assert (steps[-1][0] if steps else None) == (history.best.number if history.best else None)


def test_failures_are_grouped_by_reason_the_largest_group_first() -> None:
    history = History(
        (
            trial(0, state="failed", reason="a"),
            trial(1, 1.0),
            trial(2, state="killed", reason="b"),
            trial(3, state="killed", reason="b"),
            trial(4, state="stopped", reason="no hope"),
            trial(5, 2.0, state="timed_out", reason="too long"),
            trial(6, state="running"),
            trial(7, state="completed"),
        )
    )
    groups = analysis.failures(history)
    assert [(g.state, g.reason, g.numbers) for g in groups] == [
        ("killed", "b", (2, 3)),
        ("failed", "a", (0,)),
    ]


def test_ranked_puts_the_best_first_and_the_earliest_of_equals() -> None:
    history = History((trial(0, 2.0), trial(1, 1.0), trial(2), trial(3, 1.0)))
    assert [t.number for t in analysis.ranked(history)] == [1, 3, 0]


def test_states_are_counted_without_zeros() -> None:
    trials = (trial(0, state="failed"), trial(1, 1.0), trial(2, state="failed"))
    assert list(analysis.count_states(trials).items()) == [("completed", 1), ("failed", 2)]


def test_the_time_left_is_the_rest_at_the_usual_pace() -> None:
    done = tuple(trial(i, 1.0, seconds=s) for i, s in enumerate((10.0, 12.0, 300.0)))
    assert analysis.time_left(History(done), 3, 1, 0.0) == 0
    assert analysis.time_left(History(done), 5, 1, 0.0) == 24
    assert analysis.time_left(History(done), 5, 2, 0.0) == 12
    assert analysis.time_left(History(()), 5, 2, 0.0) is None


def test_the_time_left_counts_what_running_trials_have_behind_them() -> None:
    past = trial(0, 1.0, seconds=10.0)
    running = trial(1, state="running", started_at=100.0)
    history = History((past, running))
    assert analysis.time_left(history, 2, 1, 104.0) == 6
    # Longer than usual already; and a clock that was set back.
    assert analysis.time_left(history, 2, 1, 200.0) == 0
    assert analysis.time_left(history, 2, 1, 50.0) == 10


def test_a_curve_holds_one_metric() -> None:
    measurements = (Measurement("a", 0.5, 1, 0.1, 0), Measurement("b", 9.0, 1, 0.1, 5))
    assert analysis.curve(Trial(0, {}, measurements=measurements), "a") == ((1, 0.5),)


def test_trials_that_break_a_constraint_are_ranked_last_the_nearest_first() -> None:
    made = [trial(0, 0.0), trial(1, 0.1), trial(2, 2.0), trial(3, 1.0)]
    constraints = [(3.0, -9.0), (0.5, 0.5), (0.0, -1.0), (-1.0, 0.0)]
    trials = [replace(t, constraints=c) for t, c in zip(made, constraints, strict=True)]
    history = History(tuple(trials))
    assert [t.number for t in analysis.ranked(history)] == [3, 2, 1, 0]
    assert analysis.best_so_far(history) == ((2, 2.0), (3, 1.0))
    assert history.best == trials[3]
    assert analysis.none_feasible(history, ["m <= 1"]) == ""
    broken = History((trials[0], replace(trials[1], reason="m 9 is above 1")))
    assert broken.best is None
    assert analysis.none_feasible(broken, ["m <= 1"]) == (
        "none of 2 trials with a value meets m <= 1; the nearest is trial 1: m 9 is above 1"
    )
