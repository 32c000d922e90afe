import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosearch.api import driver_of, in_process_experiment
from autosearch.executors.base import Job
from autosearch.experiment import from_dict
from autosearch.experiment.model import Experiment
from autosearch.opening import Opened, describe
from autosearch.outcome import Outcome
from autosearch.records import Asked, Ended, Imported, Interrupted, Record, Said, fold
from autosearch.requests import StopRequest, send
from autosearch.snapshot import take_snapshot
from autosearch.space import Choice, Float, Int, Space
from autosearch.store import MemoryStore, Store
from autosearch.strategies import combine, rng_for
from autosearch.strategies.earlier import ORIGIN
from autosearch.trial import History
from tests.study.fakes import Act, CrashError, CrashingStore, FakeExecutor

SPACE = Space({"x": Float(0, 1), "n": Int(1, 9), "kind": Choice(["a", "b"])})


def objective(job: Job) -> Act:
    """Fail in a corner, print nothing that counts in another, else a smooth value."""
    x, n = float(job.params["x"]), float(job.params["n"])
    if x > 0.9:
        return Act(code=3, log=b"Traceback\nValueError: x is too large\n")
    if x < 0.05:
        return Act(values=(float("nan"),))
    return Act(values=(9.0, (x - 0.4) ** 2 + n / 10))


def an_experiment(**changes: Any) -> Experiment:
    experiment = in_process_experiment(
        SPACE, {"name": "value", "mode": "min"}, strategy="random", trials=6
    )
    if not changes:
        return experiment
    document = experiment.to_dict()
    for key, value in changes.items():
        document[key] = {**document.get(key, {}), **value}
    return from_dict(document, folder=Path.cwd(), in_process=True)


def a_store(experiment: Experiment) -> MemoryStore:
    store = MemoryStore()
    store.append([describe(experiment, "c0ffee"), Said(0.0, "opened", "")])
    return store


def drive(
    store: Store, executor: FakeExecutor, folder: Path, watch: Callable[..., None] | None = None
) -> tuple[Outcome, History]:
    opened = Opened(store, take_snapshot(r for _, r in store.records()), folder)
    driver = driver_of(opened, executor, watch)
    return driver.run(), driver.history


def run(experiment: Experiment, executor: FakeExecutor, folder: Path) -> tuple[Outcome, History]:
    return drive(a_store(experiment), executor, folder)


def choices(history: History) -> list[str]:
    # As text: nan equals itself there.
    return [
        repr((t.params, t.origin, t.seed, t.state, t.losses, t.metrics)) for t in history.trials
    ]


def test_a_search_makes_as_many_trials_as_it_was_told_to(tmp_path: Path) -> None:
    outcome, history = run(an_experiment(), FakeExecutor(objective), tmp_path)
    assert outcome.ending == "complete"
    assert len(history) == 6
    assert all(t.ended for t in history.trials)


@pytest.mark.parametrize("strategy", ["random", "tpe_search", "anneal_search", "bayes_opt_search"])
@settings(max_examples=8)
@given(writes=st.integers(0, 14), kept=st.booleans())
def test_a_search_that_is_killed_anywhere_continues_as_if_it_had_not_been(
    tmp_path_factory: pytest.TempPathFactory, strategy: str, writes: int, kept: bool
) -> None:
    folder = tmp_path_factory.mktemp("study")
    search = {"strategy": [{"name": strategy}], "trials": 7}
    experiment = an_experiment(search=search)
    _, whole = run(experiment, FakeExecutor(objective), folder)

    store = a_store(experiment)
    with pytest.raises(CrashError):
        drive(CrashingStore(store, writes, kept), FakeExecutor(objective), folder)
    _, resumed = drive(store, FakeExecutor(objective), folder)
    assert choices(resumed) == choices(whole)


@settings(max_examples=12)
@given(writes=st.integers(5, 24), kept=st.booleans(), parallel=st.integers(1, 3))
def test_confirming_runs_continue_after_a_kill_as_the_search_does(
    tmp_path_factory: pytest.TempPathFactory, writes: int, kept: bool, parallel: int
) -> None:
    folder = tmp_path_factory.mktemp("study")
    search = {"trials": 6, "parallel": parallel}
    experiment = an_experiment(search=search, confirm={"top": 2, "repeats": 3})
    _, whole = run(experiment, FakeExecutor(objective), folder)
    runs = [t for t in whole.trials if t.confirms]
    assert len(whole) == 6 + len(runs)
    assert sorted(Counter(repr(t.params) for t in runs).values()) == [3, 3, 3]

    store = a_store(experiment)
    with contextlib.suppress(CrashError):
        drive(CrashingStore(store, writes, kept), FakeExecutor(objective), folder)
    outcome, resumed = drive(store, FakeExecutor(objective), folder)
    assert outcome.text == "6 trials and 9 confirming runs"
    if parallel == 1:
        assert choices(resumed) == choices(whole)
    # The search's own trials never wait for runs that confirm, nor these for one another's ends.
    assert [t.confirms for t in resumed.trials] == [False] * 6 + [True] * 9


def test_more_trials_after_confirming_are_chosen_without_its_runs(tmp_path: Path) -> None:
    short = an_experiment(search={"trials": 6}, confirm={"top": 2, "repeats": 2})
    store = a_store(short)
    drive(store, FakeExecutor(objective), tmp_path)
    longer = an_experiment(search={"trials": 9}, confirm={"top": 2, "repeats": 2})
    store.append([describe(longer, "c0ffee"), Said(0.0, "opened", "")])
    _, history = drive(store, FakeExecutor(objective), tmp_path)
    assert history.searched == 9
    assert [t.confirms for t in history.trials[:15]] == [False] * 6 + [True] * 6 + [False] * 3
    # Two finalists and the default, unless that is one of them by now.
    assert len(history.confirming) in (4, 6)
    assert len({t.seed for t in history.trials}) == len(history)


@settings(max_examples=6)
@given(writes=st.integers(0, 60), parallel=st.integers(1, 3))
def test_a_search_ends_by_itself_where_more_would_gain_nothing_wherever_it_is_killed(
    tmp_path_factory: pytest.TempPathFactory, writes: int, parallel: int
) -> None:
    def bowl(job: Job) -> Act:
        return Act(values=((float(job.params["x"]) - 0.4) ** 2,))

    folder = tmp_path_factory.mktemp("study")
    search = {
        "strategy": [{"name": "bayes_opt_search"}], "trials": 60, "stop_when": "negligible",
        "parallel": parallel,
    }  # fmt: skip
    experiment = an_experiment(search=search, confirm={"top": 1, "repeats": 2})
    store = a_store(experiment)
    with contextlib.suppress(CrashError):
        drive(CrashingStore(store, writes, kept=True), FakeExecutor(bowl), folder)
    outcome, history = drive(store, FakeExecutor(bowl), folder)
    assert outcome.ending == "converged" and outcome.exit_code == 0
    assert 15 <= history.searched < 50
    assert history.confirming and all(t.ended for t in history.trials)
    # Opened again it stays ended.
    again, same = drive(store, FakeExecutor(bowl), folder)
    assert again == outcome and same == history


@settings(max_examples=15)
@given(parallel=st.integers(1, 5), writes=st.integers(0, 30), seed=st.integers(0, 99))
def test_every_recorded_choice_is_what_its_records_lead_to(
    tmp_path_factory: pytest.TempPathFactory, parallel: int, writes: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("study")
    search = {"parallel": parallel, "seed": seed, "strategy": [{"name": "tpe_search"}], "trials": 9}
    experiment = an_experiment(search=search)
    store = a_store(experiment)
    try:
        drive(CrashingStore(store, writes, kept=True), FakeExecutor(objective), folder)
    except CrashError:
        drive(store, FakeExecutor(objective), folder)
    strategy = combine([("tpe_search", {})], 9)
    before: list[Record] = []
    for _, record in store.records():
        if isinstance(record, Asked):
            history = fold(History(), before)
            suggestion = strategy.ask(SPACE, history, rng_for(seed, record.number))
            assert suggestion is not None
            assert dict(suggestion.params) == dict(record.params)
            assert suggestion.origin == record.origin
        before.append(record)


def test_a_search_from_earlier_results_continues_as_if_it_had_not_been_killed(
    tmp_path: Path,
) -> None:
    experiment = an_experiment(search={"strategy": [{"name": "bayes_opt_search"}], "trials": 9})
    rng = rng_for(1, 1)
    # So few that they are tried at once.
    points = [SPACE.sample(rng) for _ in range(9)]
    earlier = Imported(0.0, "old", tuple((p, (float(p["x"]) - 0.5,)) for p in points))
    whole = a_store(experiment)
    whole.append([earlier])
    _, without_a_kill = drive(whole, FakeExecutor(objective), tmp_path)
    assert sum(t.origin == ORIGIN for t in without_a_kill.trials) > 0
    for writes in (1, 6, 12):
        store = a_store(experiment)
        store.append([earlier])
        with pytest.raises(CrashError):
            drive(CrashingStore(store, writes, kept=True), FakeExecutor(objective), tmp_path)
        _, resumed = drive(store, FakeExecutor(objective), tmp_path)
        assert choices(resumed) == choices(without_a_kill)
        assert resumed.earlier == without_a_kill.earlier


def test_what_was_running_is_started_again_before_anything_new(tmp_path: Path) -> None:
    experiment = an_experiment(search={"parallel": 3})
    store = a_store(experiment)
    with pytest.raises(CrashError):
        drive(
            CrashingStore(store, 2, kept=True), FakeExecutor(lambda job: Act(hangs=True)), tmp_path
        )
    executor = FakeExecutor(objective)
    _, history = drive(store, executor, tmp_path)
    assert executor.started[:3] == [(0, 2), (1, 2), (2, 2)]
    assert len(history) == 6


def test_what_ended_unseen_is_taken_over_and_not_started_again(tmp_path: Path) -> None:
    experiment = an_experiment(search={"parallel": 2})
    store = a_store(experiment)
    with pytest.raises(CrashError):
        drive(CrashingStore(store, 2, kept=True), FakeExecutor(objective), tmp_path)
    executor = FakeExecutor(objective, adoptable=True)
    _, history = drive(store, executor, tmp_path)
    assert (0, 2) not in executor.started
    assert [t.attempt for t in history.trials] == [1] * 6


def test_a_complete_search_that_is_run_again_asks_nothing_new(tmp_path: Path) -> None:
    store = a_store(an_experiment())
    drive(store, FakeExecutor(objective), tmp_path)
    executor = FakeExecutor(objective)
    outcome, _ = drive(store, executor, tmp_path)
    assert (outcome.ending, executor.started) == ("complete", [])


@pytest.mark.parametrize("stop_when", ["never", "negligible"])
def test_a_finite_space_ends_when_every_point_was_tried(tmp_path: Path, stop_when: str) -> None:
    document = an_experiment().to_dict()
    document["space"] = {"kind": {"type": "choice", "values": list("abcde")}}
    document["search"] |= {"trials": 50, "stop_when": stop_when}
    experiment = from_dict(document, folder=tmp_path, in_process=True)
    outcome, history = run(experiment, FakeExecutor(lambda job: Act(values=(1.0,))), tmp_path)
    assert outcome.ending == "exhausted"
    assert len(history) == 5


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_failing_trial_is_started_again_as_often_as_was_said(
    tmp_path: Path, retries: int
) -> None:
    limits = {"retries": retries, "consecutive_failures": 100}
    experiment = an_experiment(limits=limits, search={"trials": 2})
    executor = FakeExecutor(lambda job: Act(code=1))
    _, history = run(experiment, executor, tmp_path)
    assert [t.attempt for t in history.trials] == [retries + 1] * 2
    assert [t.state for t in history.trials] == ["failed"] * 2


def test_a_trial_that_succeeds_at_its_second_attempt_is_complete(tmp_path: Path) -> None:
    experiment = an_experiment(limits={"retries": 2}, search={"trials": 1})
    executor = FakeExecutor(lambda j: Act(code=1) if j.attempt == 1 else Act(values=(1.0,)))
    _, history = run(experiment, executor, tmp_path)
    assert (history.trials[0].state, history.trials[0].attempt) == ("completed", 2)


def test_lost_workers_do_not_count_against_the_retries_but_not_for_ever(tmp_path: Path) -> None:
    once = FakeExecutor(lambda j: Act(lost=True) if j.attempt == 1 else Act(values=(1.0,)))
    _, history = run(an_experiment(search={"trials": 1}), once, tmp_path)
    assert history.trials[0].state == "completed"
    always = FakeExecutor(lambda j: Act(lost=True))
    _, history = run(an_experiment(search={"trials": 1}), always, tmp_path)
    assert (history.trials[0].state, history.trials[0].attempt) == ("lost", 3)


def test_the_best_of_the_values_is_that_of_the_mode(tmp_path: Path) -> None:
    experiment = in_process_experiment(
        SPACE, {"name": "value", "mode": "max"}, strategy="random", trials=5
    )
    executor = FakeExecutor(lambda j: Act(values=(float(j.number),)))
    _, history = run(experiment, executor, tmp_path)
    assert history.best is not None
    assert (history.best.number, history.best.losses) == (4, (-4.0,))


def test_a_value_that_is_no_number_never_wins(tmp_path: Path) -> None:
    executor = FakeExecutor(
        lambda j: (
            Act(values=(float("-inf") if j.number % 2 else float("nan"),))
            if j.number < 4
            else Act(values=(7.0,))
        )
    )
    _, history = run(an_experiment(), executor, tmp_path)
    assert history.best is not None
    assert history.best.losses == (7.0,)
    assert [t.state for t in history.trials[:4]] == ["failed"] * 4
    assert "nan" in history.trials[0].reason


def test_a_first_trial_without_the_metric_ends_the_search_with_likely_lines(tmp_path: Path) -> None:
    log = b"starting\nepoch 1: valeu=0.5 acc=0.25\nepoch 2: valeu=0.4 acc=0.5\ndone\n"
    program = an_experiment().model_copy(update={"command": ("train",)})
    outcome, history = run(program, FakeExecutor(lambda j: Act(log=log)), tmp_path)
    assert (outcome.ending, outcome.exit_code) == ("no_metric", 3)
    assert len(history) == 1
    assert history.trials[0].state == "no_metric"
    assert "valeu=0.4" in outcome.text


def test_failures_in_a_row_end_the_search(tmp_path: Path) -> None:
    executor = FakeExecutor(lambda j: Act(code=9, log=b"OSError: no space left\n"))
    outcome, history = run(an_experiment(), executor, tmp_path)
    assert (outcome.ending, outcome.exit_code) == ("failures", 4)
    assert len(history) == 5
    assert "no space left" in outcome.text


def test_a_search_without_a_single_value_has_failed(tmp_path: Path) -> None:
    executor = FakeExecutor(lambda j: Act(code=9, log=b"OSError: no space left\n"))
    outcome, _ = run(an_experiment(search={"trials": 3}), executor, tmp_path)
    assert outcome.exit_code == 4
    assert "none of 3 trials has a value: exit code 9: OSError" in outcome.text


def test_memory_errors_are_told_apart_from_other_failures(tmp_path: Path) -> None:
    executor = FakeExecutor(lambda j: Act(code=1, log=b"Traceback\nMemoryError\n"))
    _, history = run(an_experiment(search={"trials": 1}), executor, tmp_path)
    assert history.trials[0].state == "out_of_memory"


def test_a_trial_is_stopped_on_request_and_keeps_its_value(tmp_path: Path) -> None:
    def behaviour(job: Job) -> Act:
        if job.number == 1:
            send(tmp_path, StopRequest(1, "by hand"))
            return Act(values=(3.0,), hangs=True)
        return Act(values=(5.0,))

    _, history = run(an_experiment(), FakeExecutor(behaviour), tmp_path)
    stopped = history.trials[1]
    assert (stopped.state, stopped.losses, stopped.reason) == ("stopped", (3.0,), "by hand")
    assert len(history) == 6


def test_a_search_that_is_stopped_leaves_its_running_trials_to_a_resume(tmp_path: Path) -> None:
    def behaviour(job: Job) -> Act:
        send(tmp_path, StopRequest(None, "enough"))
        return Act(values=(1.0,), hangs=True)

    store = a_store(an_experiment())
    outcome, history = drive(store, FakeExecutor(behaviour), tmp_path)
    assert outcome.ending == "stopped"
    assert [t.state for t in history.trials] == ["pending"]
    assert any(isinstance(r, Interrupted) and r.cause == "driver" for _, r in store.records())
    _, history = drive(store, FakeExecutor(objective), tmp_path)
    assert len(history) == 6


def test_the_time_of_earlier_drivers_counts(tmp_path: Path) -> None:
    experiment = an_experiment(limits={"total_time": 100})
    store = a_store(experiment)
    store.append([Said(0.0, "opened", ""), Said(200.0, "notice", "")])
    outcome, history = drive(store, FakeExecutor(lambda j: Act(hangs=True)), tmp_path)
    assert outcome.ending == "total_time"
    assert len(history) == 1


def test_nothing_is_started_before_it_is_written(tmp_path: Path) -> None:
    store = a_store(an_experiment(search={"parallel": 4}))

    def behaviour(job: Job) -> Act:
        known = fold(History(), (r for _, r in store.records()))
        assert known.trials[job.number].state == "running"
        assert known.trials[job.number].attempt == job.attempt
        return Act(values=(1.0,))

    drive(store, FakeExecutor(behaviour), tmp_path)


def test_those_who_watch_see_every_record_once_and_after_it_is_safe(tmp_path: Path) -> None:
    store = a_store(an_experiment())
    before = len(list(store.records()))
    seen: list[Record] = []
    drive(store, FakeExecutor(objective), tmp_path, lambda records, history: seen.extend(records))
    assert seen == [r for _, r in store.records(after=before)]
    assert sum(isinstance(r, Ended) for r in seen) == 6
