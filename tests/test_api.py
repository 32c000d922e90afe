import json
import math
import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import autosearch as au
from autosearch.records import Asked, Ended, Record, Said, Started
from autosearch.snapshot import take_snapshot
from autosearch.trial import History

PROGRAM = "echo loss=$1 note=$2\n"


def a_search(folder: Path, **changes: Any) -> dict[str, Any]:
    (folder / "trial.sh").write_text(PROGRAM)
    document: dict[str, Any] = {
        "name": "small",
        "command": ["sh", str(folder / "trial.sh"), "{x}", "{kind}"],
        "metric": {"name": "loss", "mode": "min"},
        "space": {
            "x": {"type": "float", "low": 0, "high": 1},
            "kind": {"type": "choice", "values": ["a", "b"]},
        },
        "search": {"strategy": "random", "trials": 4, "parallel": 2},
    }
    return document | changes


def test_a_search_runs_from_a_mapping_a_file_or_an_experiment_alike(tmp_path: Path) -> None:
    document = a_search(tmp_path)
    file = tmp_path / "search.yaml"
    file.write_text(json.dumps(document))
    first = au.run(document, dir=tmp_path / "1")
    second = au.run(file, dir=tmp_path / "2")
    third = au.run(first.experiment, dir=tmp_path / "3")
    found = [[t.params for t in result.trials] for result in (first, second, third)]
    assert found[0] == found[1] == found[2]
    assert first.outcome == au.Outcome("complete", "4 trials")


def test_the_result_tells_the_best_and_how_to_repeat_it(tmp_path: Path) -> None:
    result = au.run(a_search(tmp_path), dir=tmp_path / "study")
    assert result.best is not None
    assert result.value == min(t.params["x"] for t in result.trials)  # type: ignore[type-var]
    assert result.params == result.best.params
    assert repr(result).startswith("<Result of 4 trials in ")
    assert repr(result).endswith(f": best {result.value!r} with {result.params}>")
    pasted = result.command_of(result.best)
    printed = subprocess.run(pasted, shell=True, capture_output=True, text=True, check=True).stdout
    assert f"loss={result.value}" in printed


def test_a_study_that_is_complete_is_only_loaded(tmp_path: Path) -> None:
    au.run(a_search(tmp_path), dir=tmp_path / "study")
    seen: list[Record] = []

    def watch(records: Any, history: History) -> None:
        seen.extend(records)

    again = au.run(a_search(tmp_path), dir=tmp_path / "study", watch=watch)
    assert seen == []
    assert again.trials == au.load(tmp_path / "study").trials
    assert again.outcome is not None
    assert again.outcome.ending == "complete"


def test_another_experiment_in_the_same_folder_is_refused_with_the_difference(
    tmp_path: Path,
) -> None:
    au.run(a_search(tmp_path), dir=tmp_path / "study")
    changed = a_search(tmp_path, search={"strategy": "tpe_search", "trials": 4})
    with pytest.raises(au.StudyMismatchError, match="tpe_search") as refusal:
        au.run(changed, dir=tmp_path / "study")
    assert "--dir" in str(refusal.value)


def test_more_trials_and_a_wider_range_extend_a_study(tmp_path: Path) -> None:
    document = a_search(tmp_path)
    before = au.run(document, dir=tmp_path / "study")
    document["search"] = {**document["search"], "trials": 6}
    document["space"]["x"]["high"] = 2
    document["space"]["kind"]["values"] = ["a", "b", "c"]
    with pytest.raises(au.StudyMismatchError, match="--extend"):
        au.run(document, dir=tmp_path / "study")
    after = au.resume(tmp_path / "study", extend=document)
    assert after.trials[:4] == before.trials
    assert len(after.trials) == 6
    assert au.run(document, dir=tmp_path / "study").trials == after.trials


def test_a_narrower_range_is_no_extension(tmp_path: Path) -> None:
    document = a_search(tmp_path)
    au.run(document, dir=tmp_path / "study")
    document["space"]["x"]["high"] = 0.5
    with pytest.raises(au.StudyMismatchError, match="no extension"):
        au.resume(tmp_path / "study", extend=document)


def test_overrides_alone_extend_what_is_stored(tmp_path: Path) -> None:
    au.run(a_search(tmp_path), dir=tmp_path / "study")
    result = au.resume(tmp_path / "study", overrides=["search.trials=5"])
    assert len(result.trials) == 5


def test_a_script_that_changed_since_is_warned_about_once(tmp_path: Path) -> None:
    au.run(a_search(tmp_path), dir=tmp_path / "study")
    (tmp_path / "trial.sh").write_text(PROGRAM + "# edited\n")
    au.resume(tmp_path / "study", overrides=["search.trials=5"])
    result = au.resume(tmp_path / "study", overrides=["search.trials=6"])
    warnings = [s.text for s in result.state.said if s.event == "warning"]
    assert len(warnings) == 1
    assert "trial.sh" in warnings[0]


def test_a_complete_study_that_is_described_anew_stays_complete(tmp_path: Path) -> None:
    document, study = a_search(tmp_path), tmp_path / "study"
    au.run(document, dir=study)
    (tmp_path / "trial.sh").write_text(PROGRAM + "# edited\n")
    complete = au.Outcome("complete", "4 trials")
    assert au.run(document, dir=study).outcome == complete
    assert au.load(study).outcome == complete
    assert au.resume(study, overrides=["space.x.high=2"]).outcome == complete
    assert au.load(study).outcome == complete


def test_a_search_of_failures_that_is_described_anew_stays_one(tmp_path: Path) -> None:
    document, study = a_search(tmp_path, command=["false"]), tmp_path / "study"
    failed = au.run(document, dir=study).outcome
    assert failed is not None and failed.ending == "failures"
    again = au.resume(study, overrides=["space.x.high=2"])
    assert again.outcome is not None
    assert (again.outcome.ending, len(again.trials)) == ("failures", 4)


def test_there_is_nothing_to_resume_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(au.StoreError, match="there is no study here"):
        au.resume(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_study_is_refused_then_salvaged(tmp_path: Path) -> None:
    before = au.run(a_search(tmp_path), dir=tmp_path / "study")
    file = tmp_path / "study" / "study.db"
    data = bytearray(file.read_bytes())
    place = data.index(b'"state":"completed"')
    data[place + 3] ^= 1
    file.write_bytes(data)
    with pytest.raises(au.StoreError, match="--salvage"):
        au.run(a_search(tmp_path), dir=tmp_path / "study")
    after = au.resume(tmp_path / "study", salvage=True)
    assert len(after.trials) == 4
    assert all(t.ended for t in after.trials)
    assert [t.params for t in after.trials] == [t.params for t in before.trials]
    assert any("lost" in s.text for s in after.state.said)


def test_gpus_that_do_not_exist_are_named_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(au.ExecutorError, match="64"):
        au.run(a_search(tmp_path, resources={"gpus": 64}), dir=tmp_path / "study")


def test_results_turn_into_a_table(tmp_path: Path) -> None:
    result = au.run(a_search(tmp_path), dir=tmp_path / "study")
    table = result.to_pandas()
    assert list(table["number"]) == [0, 1, 2, 3]
    assert {"params.x", "params.kind", "metrics.loss", "value", "state"} <= set(table.columns)


def test_minimising_a_function_finds_its_minimum() -> None:
    best = au.minimize(
        lambda p: (p["x"] - 2) ** 2, {"x": au.Float(0, 5)}, trials=25, strategy="bayes_opt_search"
    )
    assert best.value is not None
    assert best.value < 0.05
    assert abs(best.params["x"] - 2) < 0.3  # type: ignore[index,operator]


def test_of_a_minimisation_without_a_folder_no_folder_is_named() -> None:
    result = au.minimize(lambda p: p["x"], {"x": au.Float(0, 1)}, trials=3, strategy="random")
    assert result.folder is None
    assert repr(result).startswith("<Result of 3 trials: best ")


def test_maximising_is_minimising_the_other_way() -> None:
    best = au.minimize(lambda p: p["n"], {"n": au.Int(1, 5)}, trials=9, mode="max")
    assert (best.value, best.params) == (5.0, {"n": 5})
    assert best.outcome is not None
    assert best.outcome.ending == "exhausted"


def test_an_exception_is_a_failed_trial_with_its_reason() -> None:
    def objective(params: dict[str, Any]) -> float:
        if params["x"] > 0.5:
            raise RuntimeError("too large")
        return float(params["x"])

    result = au.minimize(objective, {"x": au.Float(0, 1)}, trials=8, strategy="random")
    failed = [t for t in result.trials if t.state == "failed"]
    assert failed
    assert all("too large" in t.reason for t in failed)


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_a_value_that_is_no_number_is_no_value(value: float | None) -> None:
    result = au.minimize(
        lambda p: 1.0 if p["n"] < 4 else value, {"n": au.Int(1, 6)}, trials=6, strategy="random"
    )
    assert result.value == 1.0
    assert len(result.trials) == 6


@pytest.mark.slow
def test_functions_run_in_parallel_processes_closures_too() -> None:
    offset = 3.0
    began = time.monotonic()
    result = au.minimize(
        lambda p: (time.sleep(0.3), (p["x"] - offset) ** 2)[1],
        {"x": au.Float(0, 5)},
        trials=8,
        parallel=4,
        strategy="random",
    )
    assert len([t for t in result.trials if t.state == "completed"]) == 8
    assert {t.attempt for t in result.trials} == {1}
    assert time.monotonic() - began < 60


def test_a_kept_minimisation_goes_on_where_it_stopped(tmp_path: Path) -> None:
    calls: list[float] = []

    def objective(params: dict[str, Any]) -> float:
        calls.append(params["x"])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return float(params["x"])

    space = {"x": au.Float(0, 1)}
    with pytest.raises(KeyboardInterrupt):
        au.minimize(objective, space, trials=6, strategy="random", dir=tmp_path)
    result = au.minimize(objective, space, trials=6, strategy="random", dir=tmp_path)
    assert len(result.trials) == 6
    assert calls[3] == calls[4]
    assert len(calls) == 7


def test_a_kept_minimisation_takes_more_trials_and_wider_ranges(tmp_path: Path) -> None:
    def objective(params: dict[str, Any]) -> float:
        return float(params["x"])

    au.minimize(objective, {"x": au.Float(0, 1)}, trials=3, strategy="random", dir=tmp_path)
    space = {"x": au.Float(-1, 1)}
    result = au.minimize(objective, space, trials=5, strategy="random", dir=tmp_path)
    assert [t.losses for t in result.trials] == [(t.params["x"],) for t in result.trials]
    assert len(result.trials) == 5
    with pytest.raises(au.StudyMismatchError, match="no extension"):
        au.minimize(objective, {"x": au.Float(0, 1)}, trials=5, strategy="random", dir=tmp_path)


def test_a_look_at_a_minimisation_by_asking_changes_nothing(tmp_path: Path) -> None:
    space = {"x": au.Float(0, 1)}
    options: dict[str, Any] = {"strategy": "random", "seed": 1, "dir": tmp_path}
    for trials in (5, 120):
        first = au.minimize(lambda p: p["x"], space, trials=trials, **options)
        with au.Study(space, **options) as study:
            assert study.best == first.best
        assert au.load(tmp_path).outcome == first.outcome
        again = au.minimize(lambda p: p["x"], space, trials=trials, **options)
        assert again.trials == first.trials


def test_an_asked_study_may_be_minimised_further(tmp_path: Path) -> None:
    options: dict[str, Any] = {"strategy": "random", "seed": 1, "dir": tmp_path}
    space = {"x": au.Float(0, 1)}
    with au.Study(space, **options) as study:
        trial = study.ask()
        assert trial is not None
        study.tell(trial, 3.0)
    result = au.minimize(lambda p: p["x"], space, trials=4, **options)
    assert result.trials[0].losses == (3.0,) and len(result.trials) == 4


def test_an_exhausted_minimisation_is_loaded(tmp_path: Path) -> None:
    space = {"x": au.Int(1, 3)}
    options: dict[str, Any] = {"strategy": "random", "trials": 30, "dir": tmp_path}
    found = au.minimize(lambda p: p["x"], space, **options)
    assert found.outcome is not None and found.outcome.ending == "exhausted"
    assert au.resume(tmp_path).trials == found.trials


def test_a_functions_trials_are_never_run_as_programs(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    with au.Study({"x": au.Float(0, 1)}, strategy="random", dir=folder) as study:
        first, second = study.ask(2)
        study.tell(first, 1.0)
    for overrides in ([], ["search.trials=7"]):
        with pytest.raises(au.InputError, match="its trials are run by Python"):
            au.resume(folder, overrides=overrides)
    assert au.load(folder).command_of(first) == ""
    with au.Study({"x": au.Float(0, 1)}, strategy="random", dir=folder) as study:
        study.tell(second.number, 0.5)
    assert [t.losses for t in au.load(folder).trials] == [(1.0,), (0.5,)]


def test_a_function_that_returns_other_metrics_is_told_which() -> None:
    space = {"x": au.Float(0, 1)}
    result = au.minimize(lambda p: {"loss": p["x"], "acc": 1.0}, space, strategy="random")
    reason = "the function returned no value; it returned loss, acc"
    assert [t.reason for t in result.trials] == [reason]
    assert result.outcome == au.Outcome("no_metric", f"trial 0: {reason}")
    metrics = [{"name": "loss", "mode": "min"}, {"name": "seconds", "at_most": 1}]
    half = au.minimize(lambda p: {"loss": p["x"]}, space, metrics=metrics, strategy="random")
    assert half.trials[0].reason == "the function returned no seconds; it returned loss"
    huge = au.minimize(lambda p: 10**400, space, trials=1, strategy="random")
    assert huge.trials[0].reason == "the objective returned a number that is larger than any float"


def test_time_in_which_nothing_ran_does_not_count(tmp_path: Path) -> None:
    described = au.run(a_search(tmp_path), dir=tmp_path / "study").state.described
    first = [
        replace(described, at=10.0), Said(10.0, "opened", ""), Asked(0, {"x": 0.5}, at=10.0),
        Started(0, 1, 11.0), Ended(0, 1, 12.0, "completed", (1.0,)), Said(13.0, "finished", "",
        details={"ending": "complete"}),
    ]  # fmt: skip
    # What is written when it is opened again stands before the word that it is.
    again = [
        Said(99.0, "warning", "changed"), replace(described, at=99.0), Said(99.0, "opened", ""),
        Asked(1, {"x": 0.6}, at=99.0), Started(1, 1, 100.0),
    ]  # fmt: skip
    assert take_snapshot(first).spent_s == 3.0
    assert take_snapshot([*first, *again[:-2]]).spent_s == 3.0
    assert take_snapshot([*first, *again]).spent_s == 4.0
    killed = [*first, *again, Said(200.0, "notice", "its log cannot be read", 1)]
    assert take_snapshot(killed).spent_s == 104.0


def test_who_resumes_is_told_who_runs_it(tmp_path: Path) -> None:
    document = a_search(tmp_path)
    busy: list[str] = []

    def watch(records: Any, history: History) -> None:
        if not busy:
            with pytest.raises(au.StudyBusyError) as refusal:
                au.resume(tmp_path / "study")
            busy.append(str(refusal.value))

    au.run(document, dir=tmp_path / "study", watch=watch)
    assert f"process {os.getpid()}" in busy[0]


def test_every_end_is_said_in_the_records(tmp_path: Path) -> None:
    result = au.run(a_search(tmp_path), dir=tmp_path / "study")
    events = [s.event for s in result.state.said if isinstance(s, Said)]
    assert events == ["opened", "finished"]


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_function_may_return_the_metrics_that_were_declared(parallel: int) -> None:
    result = au.minimize(
        lambda p: {"acc": p["x"], "latency": 10 * p["x"]},
        {"x": au.Float(0, 5)},
        metrics=[{"name": "acc", "mode": "max"}, {"name": "latency", "at_most": 20}],
        strategy="bayes_opt_search",
        trials=12,
        parallel=parallel,
    )
    assert result.best is not None
    assert 1.8 < result.best.metrics["acc"] <= 2
    assert result.value == result.best.metrics["acc"]
    assert any(not t.feasible for t in result.trials)
