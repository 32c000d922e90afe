"""Many studies, one pool of slots."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from autosearch import Float, Study
from autosearch.engine import Engine
from autosearch.errors import InputError, StudyBusyError, StudyMismatchError
from autosearch.requests import StopRequest, send
from autosearch.status import ACTIVE
from tests.contract.executors import wait_until
from tests.engine.studies import study_of, traces

PATIENCE_S = 60.0
# Runs until the test says so, or is told to end.
HELD = "while [ ! -e go ]; do sleep 0.02; done"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path / "root", slots=4) as engine:
        yield engine


def _running(engine: Engine, id: str) -> int:
    return engine.state(id).counts.get("running", 0)


def test_a_study_runs_to_its_end(engine: Engine, tmp_path: Path) -> None:
    id = engine.create(study_of(tmp_path / "code"))
    status = engine.wait(id, PATIENCE_S)
    assert (status.state, status.counts, status.trials) == ("completed", {"completed": 4}, 4)
    rows = engine.trials(id)
    assert status.value == min(row["value"] for row in rows)
    assert engine.analysis(id)["best"] == rows[status.best or 0]
    assert engine.log(id, 0).decode() == f"loss={rows[0]['params']['x']}\n"
    assert status.ended_at is not None
    assert status.created_at <= status.ended_at


def test_creating_the_same_study_twice_is_creating_it_once(engine: Engine, tmp_path: Path) -> None:
    experiment = study_of(tmp_path / "code")
    for _ in range(2):
        assert engine.create(experiment, "one") == "one"
    engine.wait("one", PATIENCE_S)
    assert engine.create(experiment, "one") == "one"
    assert [status.id for status in engine.list()] == ["one"]
    assert sorted(traces(tmp_path / "code", "start")) == [0, 1, 2, 3]


def test_many_threads_that_create_one_study_get_one(engine: Engine, tmp_path: Path) -> None:
    experiment = study_of(tmp_path / "code")
    threads = [threading.Thread(target=engine.create, args=(experiment, "one")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine.wait("one", PATIENCE_S).state == "completed"
    assert len(traces(tmp_path / "code", "start")) == 4


def test_an_id_that_is_taken_by_another_experiment_is_refused(
    engine: Engine, tmp_path: Path
) -> None:
    engine.create(study_of(tmp_path / "code"), "one")
    other = study_of(tmp_path / "code", search={"trials": 9})
    with pytest.raises(StudyMismatchError, match="trials"):
        engine.create(other, "one")


@pytest.mark.parametrize("id", ["", "../up", "a/b", ".hidden", "x" * 65, "a\n"])
def test_an_id_that_is_no_plain_name_is_refused(engine: Engine, tmp_path: Path, id: str) -> None:
    with pytest.raises(InputError, match="no id of a study"):
        engine.create(study_of(tmp_path / "code"), id)
    assert id not in engine


def test_what_does_not_exist_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no study nowhere"):
        engine.state("nowhere")
    id = engine.create(study_of(tmp_path / "code"))
    engine.wait(id, PATIENCE_S)
    with pytest.raises(InputError, match="there is no trial 99"):
        engine.log(id, 99)
    with pytest.raises(InputError, match="there is no trial 99"):
        engine.stop_trial(id, 99)


def test_no_more_trials_run_at_once_than_there_are_slots(tmp_path: Path) -> None:
    body = "ls running 2>/dev/null | wc -l >> counts; mkdir -p running; touch running/$$; sleep 0.1"
    body += "; rm running/$$"
    experiment = study_of(tmp_path / "code", body, search={"parallel": 4})
    with Engine(tmp_path / "root", slots=2) as engine:
        ids = [engine.create(experiment) for _ in range(3)]
        assert {engine.wait(id, PATIENCE_S).state for id in ids} == {"completed"}
    counts = (tmp_path / "code" / "counts").read_text().split()
    assert len(counts) == 12
    assert max(map(int, counts)) <= 1


def test_slots_are_shared_evenly_and_none_is_left_idle(tmp_path: Path) -> None:
    held = {name: study_of(tmp_path / name, HELD, search={"parallel": 4}) for name in "abc"}
    with Engine(tmp_path / "root", slots=4) as engine:
        engine.create(held["a"], "a")
        wait_until(lambda: traces(tmp_path / "a", "start") != [] and _running(engine, "a") == 4)
        engine.create(held["b"], "b")
        engine.create(held["c"], "c")
        # Before both stand in line, the first of them may well have more than its share.
        wait_until(lambda: len(engine._pool._waiting) == 2)
        # As the first study's trials end, the others get their share before it goes on.
        (tmp_path / "a" / "go").touch()
        wait_until(lambda: _running(engine, "b") == 2 and _running(engine, "c") == 2)
        for name in "bc":
            (tmp_path / name / "go").touch()
        for name in "abc":
            assert engine.wait(name, PATIENCE_S).state == "completed"


def test_a_study_without_slots_waits_for_one(tmp_path: Path) -> None:
    with Engine(tmp_path / "root", slots=1) as engine:
        first = engine.create(study_of(tmp_path / "a", HELD, search={"trials": 1}))
        wait_until(lambda: _running(engine, first) == 1)
        second = engine.create(study_of(tmp_path / "b", search={"trials": 1}))
        assert engine.wait(second, 0.7).state == "waiting"
        (tmp_path / "a" / "go").touch()
        assert engine.wait(second, PATIENCE_S).state == "completed"


def test_a_stopped_trial_keeps_its_value_and_the_study_goes_on(
    engine: Engine, tmp_path: Path
) -> None:
    experiment = study_of(tmp_path / "code", f"echo loss=7; {HELD}", search={"parallel": 1})
    id = engine.create(experiment)
    wait_until(lambda: engine.log(id, 0) == b"loss=7\n" if _running(engine, id) else False)
    engine.stop_trial(id, 0, "seen enough")
    wait_until(lambda: engine.trials(id)[0]["state"] == "stopped")
    (tmp_path / "code" / "go").touch()
    assert engine.wait(id, PATIENCE_S).counts == {"stopped": 1, "completed": 3}
    row = engine.trials(id)[0]
    assert (row["value"], row["reason"]) == (7.0, "seen enough")
    engine.stop_trial(id, 0)
    assert engine.trials(id)[0] == row


def test_a_stopped_study_can_be_resumed(engine: Engine, tmp_path: Path) -> None:
    id = engine.create(study_of(tmp_path / "code", HELD))
    wait_until(lambda: _running(engine, id) == 2)
    engine.stop(id)
    assert engine.state(id).state in ("stopping", "stopped")
    status = engine.wait(id, PATIENCE_S)
    assert (status.state, status.text) == ("stopped", "stopped on request")
    assert traces(tmp_path / "code", "end") == []
    engine.stop(id)
    (tmp_path / "code" / "go").touch()
    engine.resume(id)
    assert engine.wait(id, PATIENCE_S).counts == {"completed": 4}
    assert sorted(traces(tmp_path / "code", "end")) == [0, 1, 2, 3]
    engine.resume(id)
    assert engine.state(id).state == "completed"


def test_a_running_study_is_deleted_only_when_it_may_be_stopped(
    engine: Engine, tmp_path: Path
) -> None:
    id = engine.create(study_of(tmp_path / "code", HELD))
    wait_until(lambda: _running(engine, id) == 2)
    with pytest.raises(StudyBusyError):
        engine.delete(id)
    assert engine.state(id).state == "running"
    engine.delete(id, stop=True)
    assert id not in engine
    assert list(engine.root.iterdir()) == []


def test_a_failure_of_the_search_itself_is_shown(tmp_path: Path) -> None:
    def refuse(spec: object, parallel: int) -> None:
        raise RuntimeError("the machine is gone")

    with Engine(tmp_path / "root", slots=1, make_executor=refuse) as engine:  # type: ignore[arg-type]
        id = engine.create(study_of(tmp_path / "code"))
        status = engine.wait(id, PATIENCE_S)
        assert (status.state, status.text) == ("error", "RuntimeError: the machine is gone")
    # It is in the study, not in the engine; and a later engine does not fail on it again.
    with Engine(tmp_path / "root", slots=1) as engine:
        assert engine.state(id) == status
        engine.resume(id)
        assert engine.wait(id, PATIENCE_S).state == "completed"


def test_a_closed_engine_leaves_studies_that_the_next_one_goes_on_with(tmp_path: Path) -> None:
    with Engine(tmp_path / "root", slots=4) as engine:
        id = engine.create(study_of(tmp_path / "code", HELD))
        wait_until(lambda: _running(engine, id) == 2)
    assert engine.state(id).state == "interrupted"
    with pytest.raises(InputError, match="closed"):
        engine.create(study_of(tmp_path / "code"))
    (tmp_path / "code" / "go").touch()
    with Engine(tmp_path / "root", slots=4) as engine:
        status = engine.wait(id, PATIENCE_S)
        assert (status.state, status.counts) == ("completed", {"completed": 4})
    assert sorted(traces(tmp_path / "code", "end")) == [0, 1, 2, 3]


def test_an_engine_leaves_functions_studies_alone(tmp_path: Path) -> None:
    with Study({"x": Float(0, 1)}, strategy="random", dir=tmp_path / "asked") as study:
        study.ask()
    with Engine(tmp_path, slots=1) as engine:
        with pytest.raises(InputError, match="its trials are run by Python"):
            engine.resume("asked")
        assert [t["state"] for t in engine.trials("asked")] == ["running"]


def test_two_engines_on_one_folder_run_each_study_once(tmp_path: Path) -> None:
    experiment = study_of(tmp_path / "code", HELD)
    with Engine(tmp_path / "root", slots=4) as first, Engine(tmp_path / "root", slots=4) as second:
        first.create(experiment, "one")
        wait_until(lambda: _running(first, "one") == 2)
        assert second.create(experiment, "one") == "one"
        assert second.state("one").state == "running"
        second.stop("one", "by the other")
        assert first.wait("one", PATIENCE_S).text == "by the other"
        assert second.wait("one", PATIENCE_S).state == "stopped"
        (tmp_path / "code" / "go").touch()
        second.resume("one")
        assert first.wait("one", PATIENCE_S).state == "completed"
    assert len(traces(tmp_path / "code", "start")) == 6


def test_a_stop_that_was_asked_of_a_dead_engine_is_obeyed_by_the_next(tmp_path: Path) -> None:
    experiment = study_of(tmp_path / "code", HELD)
    with Engine(tmp_path / "root", slots=4) as engine:
        id = engine.create(experiment)
        wait_until(lambda: _running(engine, id) == 2)
    # What `stop` leaves in the moment before its process is killed.
    send(tmp_path / "root" / id, StopRequest(None, "enough"))
    with Engine(tmp_path / "root", slots=4) as engine:
        assert engine.wait(id, PATIENCE_S).text == "enough"
    assert len(traces(tmp_path / "code", "start")) == 2


def test_an_active_study_has_not_ended(engine: Engine, tmp_path: Path) -> None:
    id = engine.create(study_of(tmp_path / "code", HELD))
    status = engine.state(id)
    assert status.state in ACTIVE
    assert status.ended_at is None


TWO = [
    {"name": "loss", "mode": "min", "at_least": 0.1},
    {"name": "cost", "mode": "min", "objective": True},
]


def test_bounds_and_several_objectives_hold_in_a_study_of_an_engine(
    engine: Engine, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    id = engine.create(study_of(code, 'echo "cost=1"', metric=TWO, search={"trials": 6}))
    status = engine.wait(id, PATIENCE_S)
    assert status.state == "completed"
    values = [row["value"] for row in engine.trials(id)]
    assert status.value == min(value for value in values if value >= 0.1)
    # The second objective never differs, so that the front is the best trial.
    assert [t.number for t in engine.result(id).pareto] == [status.best]


def test_an_engine_confirms_and_starts_from_earlier_results(engine: Engine, tmp_path: Path) -> None:
    code = tmp_path / "code"
    changes = {"confirm": {"top": 1, "repeats": 2}, "warm_start": "old.csv"}
    code.mkdir()
    (code / "old.csv").write_text("x,loss\n0.0625,0.0625\n")
    id = engine.create(study_of(code, **changes))
    assert engine.wait(id, PATIENCE_S).state == "completed"
    rows = engine.trials(id)
    assert rows[0]["params"] == {"x": 0.0625}
    found = engine.result(id).confirmed
    assert found is not None and found.complete
    assert [c.default for c in found.configurations].count(True) == 1


def test_an_engine_refuses_earlier_results_that_cannot_be_read(
    engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"warm_start: none\.csv: "):
        engine.create(study_of(tmp_path / "code", warm_start="none.csv"), "one")
    assert "one" not in engine
