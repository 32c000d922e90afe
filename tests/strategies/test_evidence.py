from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosearch.space import Choice, Float, Int, Space
from autosearch.space.values import Params
from autosearch.strategies.cube import Cube, Matrix
from autosearch.strategies.evidence import _reader_of, evidence_of, first_new, is_new
from autosearch.trial import History, Trial

SPACE = Space({"x": Float(0, 1), "k": Choice(["a", "b"])})


def test_faulty_trials_take_the_worst_loss_and_come_last() -> None:
    history = History(
        (
            Trial(0, {"x": 0.1, "k": "a"}, state="completed", losses=(5.0,)),
            Trial(1, {"x": 0.2, "k": "a"}, state="out_of_memory"),
            Trial(2, {"x": 0.3, "k": "b"}, state="completed", losses=(1.0,)),
            Trial(3, {"x": 0.4, "k": "b"}, state="lost"),
            Trial(4, {"x": 0.5, "k": "b"}, state="running"),
            Trial(5, {"x": 0.6, "k": "b"}, state="timed_out", losses=(2.0,)),
            Trial(6, {"x": 0.7, "k": "b"}, state="completed", losses=(0.0,), constraints=(-1, 2)),
        )
    )
    evidence = evidence_of(SPACE, history)
    assert [t.number for t in evidence.trials] == [0, 1, 2, 5, 6]
    assert evidence.losses.tolist() == [5.0, 5.0, 1.0, 2.0, 5.0]
    assert evidence.order.tolist() == [2, 3, 0, 1, 4]
    assert evidence.rows[:, 0].tolist() == [0.1, 0.2, 0.3, 0.6, 0.7]
    assert evidence.pending[:, 0].tolist() == [0.5]


def test_where_nothing_has_a_loss_faulty_trials_are_equal() -> None:
    evidence = evidence_of(SPACE, History((Trial(0, {"x": 0.1, "k": "a"}, state="failed"),)))
    assert evidence.losses.tolist() == [0.0]
    assert evidence_of(SPACE, History()).rows.shape == (0, 2)


def test_the_first_candidate_that_is_allowed_and_new_is_taken() -> None:
    space = Space({"n": Int(1, 5)}, constraints=["n != 2"])
    history = History((Trial(0, {"n": 1}), Trial(1, {"n": 3}, state="failed")))
    rng = np.random.default_rng(0)
    assert not is_new({"n": 3}, history)
    assert first_new([{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}], space, history, rng) == {"n": 4}


def test_the_last_points_of_a_finite_space_are_found() -> None:
    space = Space({"a": Int(1, 20), "b": Int(1, 20)}, constraints=["a * b >= 361"])
    rng = np.random.default_rng(0)
    history = History()
    while (params := first_new((), space, history, rng)) is not None:
        history = History((*history.trials, Trial(len(history), params)))
    assert {tuple(t.params.values()) for t in history.trials} == {
        (a, b) for a in range(1, 21) for b in range(1, 21) if a * b >= 361
    }


PARAMS: list[Params] = [{"x": 0.1, "k": "a"}, {"x": 0.1, "k": "b"}, {"x": 0.9, "k": "b"}, {}]
TRIALS = st.builds(
    Trial,
    st.just(0),
    st.sampled_from(PARAMS),
    state=st.sampled_from(["running", "completed", "failed", "lost"]),
    losses=st.sampled_from([(), (1.0,), (2.0, 0.0)]),
    constraints=st.sampled_from([(), (1.0,)]),
)


@given(st.lists(st.lists(TRIALS, max_size=6), max_size=3), st.data())
@settings(max_examples=100)
def test_evidence_does_not_depend_on_what_was_read_before(
    histories: list[list[Trial]], data: st.DataObject
) -> None:
    known = [trial for trials in histories for trial in trials]
    # As a history grows most trials stay the same objects; some change, appear or are gone.
    trials = st.sampled_from(known) | TRIALS if known else TRIALS
    for history in [*histories, data.draw(st.lists(trials, max_size=8))]:
        found = evidence_of(SPACE, History(tuple(history)))
    _reader_of.cache_clear()
    alone = evidence_of(SPACE, History(tuple(history)))
    assert found.trials == alone.trials
    for name in ("rows", "losses", "faulty", "pending", "order"):
        np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))


def test_only_new_and_changed_trials_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = tuple(Trial(n, {"x": n / 100, "k": "a"}) for n in range(100))
    evidence_of(SPACE, History(trials))
    read: list[Params] = []
    rows = Cube.rows

    def spy(cube: Cube, points: Sequence[Params]) -> Matrix:
        read.extend(points)
        return rows(cube, points)

    monkeypatch.setattr(Cube, "rows", spy)
    ended = replace(trials[3], state="completed", losses=(1.0,))
    evidence = evidence_of(SPACE, History((*trials[:3], ended, *trials[4:], Trial(100, {}))))
    assert read == [trials[3].params, {}]
    assert [t.number for t in evidence.trials] == [3]
    assert len(evidence.pending) == 100
