from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.records import (
    Asked,
    Described,
    Ended,
    Imported,
    Interrupted,
    Measured,
    Record,
    Said,
    Started,
    decode,
    encode,
    fold,
    mend,
)
from autosearch.trial import History, Measurement

numbers = st.floats(allow_nan=False)
texts = st.text(max_size=20)
params = st.dictionaries(texts, st.one_of(st.integers(), numbers, texts, st.booleans()), max_size=3)
measurements = st.builds(Measurement, texts, numbers, st.integers(), numbers, st.integers())
any_record: st.SearchStrategy[Record] = st.one_of(
    st.builds(Described, texts, params, numbers, texts),
    st.builds(
        Imported,
        numbers,
        texts,
        st.lists(st.tuples(params, st.lists(numbers, max_size=2).map(tuple))).map(tuple),
        st.booleans(),
    ),
    st.builds(Asked, st.integers(0), params, numbers, st.integers(0), texts, params),
    st.builds(Started, st.integers(0), st.integers(1), numbers, texts),
    st.builds(Measured, st.integers(0), st.integers(1), st.lists(measurements).map(tuple)),
    st.builds(Interrupted, st.integers(0), st.integers(1), numbers, st.just("lost"), texts),
    st.builds(
        Ended,
        st.integers(0),
        st.integers(1),
        numbers,
        st.sampled_from(["completed", "failed"]),
        st.lists(numbers, max_size=2).map(tuple),
        st.dictionaries(texts, numbers, max_size=2),
    ),
    st.builds(Said, numbers, texts, texts, st.none() | st.integers(0), params),
)

MEASURED = Measurement("loss", 0.5, 1, 0.1, 10)
LIFE: list[Record] = [
    Asked(0, {"x": 1.0}, 1.0, seed=7, origin="random", notes={"k": 1}),
    Started(0, 1, 2.0),
    Measured(0, 1, (MEASURED,)),
    Interrupted(0, 1, 3.0, "driver", "stopped"),
    Started(0, 2, 4.0),
    Measured(0, 2, (MEASURED, MEASURED)),
    Ended(0, 2, 5.0, "completed", (0.5,), {"loss": 0.5}, seconds=1.0),
]


@given(any_record)
def test_a_record_survives_being_written_down(record: Record) -> None:
    assert decode(record.kind, encode(record)) == record


def test_earlier_results_of_one_objective_are_written_as_they_always_were() -> None:
    record = Imported(1.0, "old", (({"x": 1}, (0.5,)), ({"x": 2}, ())))
    text = '{"at":1.0,"source":"old","results":[[{"x":1},0.5],[{"x":2},null]]}'
    assert encode(record) == text
    assert decode("imported", text) == record


def test_values_that_are_no_numbers_survive_too() -> None:
    record = Ended(0, 1, 1.0, "failed", metrics={"loss": float("inf")})
    assert decode("ended", encode(record)) == record


@given(st.integers(0, len(LIFE)))
def test_folding_in_parts_is_folding_at_once(cut: int) -> None:
    assert fold(fold(History(), LIFE[:cut]), LIFE[cut:]) == fold(History(), LIFE)


def test_a_life_with_two_attempts_folds_to_the_second() -> None:
    trial = fold(History(), LIFE).trials[0]
    assert (trial.state, trial.attempt, trial.losses) == ("completed", 2, (0.5,))
    assert len(trial.measurements) == 2
    assert (trial.seed, trial.origin, trial.notes) == (7, "random", {"k": 1})


def test_an_interrupted_trial_waits_for_its_next_attempt() -> None:
    history = fold(History(), LIFE[:4])
    assert (history.trials[0].state, history.trials[0].measurements) == ("pending", ())
    assert history.pending == history.trials


def test_late_reports_of_an_attempt_that_is_over_are_left_out() -> None:
    late = replace(LIFE[2], attempt=1)  # type: ignore[type-var]
    before = fold(History(), LIFE[:5])
    assert fold(before, [late]) == before


def test_nothing_changes_a_trial_that_has_ended() -> None:
    history = fold(History(), LIFE)
    again = Ended(0, 2, 9.0, "failed", reason="late")
    assert fold(history, [again, Started(0, 3, 9.0)]) == history


def test_the_history_that_is_folded_upon_stays_as_it_was() -> None:
    before = fold(History(), LIFE[:3])
    fold(before, LIFE[3:])
    assert before.trials[0].state == "running"


def test_trials_are_asked_in_order() -> None:
    with pytest.raises(ValueError, match="out of order"):
        fold(History(), [Asked(1, {}, 0.0)])


def test_salvaged_records_fold_with_lost_trials_in_the_gaps() -> None:
    kept = [Asked(1, {"x": 2}, 0.0), Ended(3, 1, 0.0, "completed", (1.0,))]
    history = fold(History(), mend(kept))
    assert [t.state for t in history.trials] == ["lost", "pending", "lost", "lost"]
    assert history.finished == ()
    assert [t.number for t in history.pending] == [1]


def test_earlier_results_are_no_trials() -> None:
    one, two = (
        Imported(0.0, "a", (({"x": 0.5}, (3.0,)),)),
        Imported(9.0, "b", (({"x": 0.1}, (-1.0,)),)),
    )
    history = fold(fold(History(), [one, *LIFE]), [two])
    assert [(t.number, t.origin, t.losses) for t in history.earlier] == [
        (0, "a", (3.0,)),
        (1, "b", (-1.0,)),
    ]
    assert len(history) == 1
    assert history.best is not None
    assert history.best.losses == (0.5,)


def test_results_of_the_same_task_stand_before_the_trials() -> None:
    results = tuple(({"x": x}, (x,)) for x in (0.5, 0.1))
    first, other = Imported(0.0, "a", results, same=True), Imported(9.0, "b", results[:1])
    late = Imported(9.0, "c", (({"x": 0.9}, (0.9,)),), same=True)
    history = fold(fold(History(), [first, *LIFE, other]), [late])
    assert [(t.number, t.origin, t.losses) for t in history.continued.trials] == [
        (-3, "a", (0.5,)),
        (-2, "a", (0.1,)),
        (-1, "c", (0.9,)),
        (0, "random", (0.5,)),
    ]
    assert len(history.earlier) == 1
    assert history.continued.searched == history.searched == 1
