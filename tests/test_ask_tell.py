import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autosearch as au
from autosearch.errors import InputError

SPACE = {"x": au.Float(0, 5), "kind": au.Choice(["a", "b"])}


def value_of(trial: au.Trial) -> float:
    x = trial.params["x"]
    assert isinstance(x, float)
    return (x - 2) ** 2


def test_asking_and_telling_finds_a_good_point() -> None:
    study = au.Study(SPACE, mode="min", strategy="bayes_opt_search", seed=0)
    for _ in range(15):
        trial = study.ask()
        assert trial is not None
        assert type(trial.params) is dict
        study.tell(trial, value_of(trial))
    assert study.best is not None
    assert value_of(study.best) < 0.3


def test_trials_asked_together_differ() -> None:
    study = au.Study({"n": au.Int(1, 4)}, strategy="random")
    asked = [study.ask() for _ in range(4)]
    assert sorted(t.params["n"] for t in asked if t) == [1, 2, 3, 4]
    assert study.ask() is None


@pytest.mark.parametrize("strategy", ["auto", "bayes_opt_search", "tpe_search", "cma_es", "design"])
def test_a_batch_is_asked_at_once_and_told_in_any_order(strategy: str) -> None:
    study = au.Study(SPACE, strategy=strategy, seed=0)
    for _ in range(3):
        batch = study.ask(4)
        assert len(batch) == len({tuple(t.params.values()) for t in batch}) == 4
        for trial in reversed(batch):
            study.tell(trial, value_of(trial))
    assert [t.number for t in study.trials] == list(range(12))


def test_a_batch_is_what_as_many_single_asks_would_have_been() -> None:
    together, singly = (au.Study(SPACE, strategy="tpe_search", seed=3) for _ in range(2))
    assert [t.params for t in together.ask(3)] == [
        t.params for _ in range(3) if (t := singly.ask())
    ]


def test_a_batch_is_shorter_where_the_space_holds_no_more() -> None:
    study = au.Study({"n": au.Int(1, 4)}, strategy="random")
    assert sorted(t.params["n"] for t in study.ask(9)) == [1, 2, 3, 4]
    assert study.ask(2) == []
    with pytest.raises(InputError, match="n: expected a whole number of at least 1, found 0"):
        study.ask(0)
    with pytest.raises(InputError, match="n: expected a whole number of at least 1, found '3'"):
        study.ask("3")  # type: ignore[call-overload]


def test_failed_trials_are_told_as_none_or_nan() -> None:
    study = au.Study(SPACE, strategy="random")
    for value in (None, math.nan, math.inf):
        trial = study.ask()
        assert trial is not None
        study.tell(trial, value)
    assert [t.state for t in study.trials] == ["failed"] * 3
    assert study.best is None


def test_a_maximised_value_is_reported_as_told() -> None:
    study = au.Study(SPACE, mode="max", strategy="random")
    for value in (1.0, 3.0, 2.0):
        trial = study.ask()
        assert trial is not None
        study.tell(trial.number, value)
    assert study.best is not None
    assert study.best.number == 1
    assert study.result.value == 3.0


def test_a_trial_is_told_once() -> None:
    study = au.Study(SPACE, strategy="random")
    trial = study.ask()
    assert trial is not None
    study.tell(trial, 1.0)
    with pytest.raises(au.InputError, match="told before"):
        study.tell(trial, 2.0)
    with pytest.raises(au.InputError, match="no trial 7"):
        study.tell(7, 1.0)


@pytest.mark.parametrize("strategy", ["random", "tpe_search", "bayes_opt_search"])
def test_a_kept_study_goes_on_as_if_it_had_never_been_closed(tmp_path: Path, strategy: str) -> None:
    def drive(study: au.Study, trials: int) -> None:
        for _ in range(trials):
            trial = study.ask()
            assert trial is not None
            study.tell(trial, value_of(trial))

    with au.Study(SPACE, strategy=strategy, dir=tmp_path / "whole") as whole:
        drive(whole, 8)
        expected = [t.params for t in whole.trials]
    with au.Study(SPACE, strategy=strategy, dir=tmp_path / "cut") as first:
        drive(first, 3)
    with au.Study(SPACE, strategy=strategy, dir=tmp_path / "cut") as second:
        drive(second, 5)
        assert [t.params for t in second.trials] == expected
    assert [t.params for t in au.load(tmp_path / "cut").trials] == expected


def test_a_study_is_open_once(tmp_path: Path) -> None:
    with au.Study(SPACE, dir=tmp_path), pytest.raises(au.StudyBusyError):
        au.Study(SPACE, dir=tmp_path)


METRICS = [{"name": "acc", "mode": "max"}, {"name": "latency", "at_most": 20}]


def test_the_best_is_the_best_of_those_that_keep_their_bounds() -> None:
    study = au.Study(SPACE, metrics=METRICS, strategy="random")
    for acc, latency in ((0.99, 30.0), (0.8, 10.0), (0.9, 20.0), (0.7, 1.0)):
        trial = study.ask()
        assert trial is not None
        study.tell(trial, {"acc": acc, "latency": latency, "other": 1.0})
    assert study.best is not None
    assert (study.best.number, study.result.value) == (2, 0.9)
    assert [t.feasible for t in study.trials] == [False, True, True, True]
    assert study.trials[0].reason == "latency 30 is above 20"


def test_constraints_may_be_told_beside_the_value() -> None:
    study = au.Study(SPACE, strategy="random")
    study.ask(), study.ask(), study.ask()
    study.tell(0, 1.0, constraints=[0.5, -1])
    assert study.best is None
    assert "none meets its constraints" in repr(study.result)
    study.tell(1, 2.0, constraints=[0.0, -1])
    assert study.best is not None
    assert study.best.number == 1
    with pytest.raises(InputError, match="expected 2, as before, found 0"):
        study.tell(2, 1.0)
    with pytest.raises(InputError, match="finite"):
        study.tell(2, 1.0, constraints=[math.nan, 0])
    with pytest.raises(InputError, match="expected finite numbers, found 3"):
        study.tell(2, 1.0, constraints=3.0)  # type: ignore[arg-type]


def test_a_metric_that_decides_may_not_be_left_out() -> None:
    study = au.Study(SPACE, metrics=METRICS, strategy="random")
    study.ask()
    with pytest.raises(InputError, match="no value of 'latency'"):
        study.tell(0, 0.9)
    with pytest.raises(InputError, match="no value of 'acc'"):
        study.tell(0, {"latency": 3})
    assert study.trials[0].state == "running"


def test_numpys_numbers_will_do() -> None:
    study = au.Study({"x": au.Float(0, 1)}, strategy="random")
    first, second = study.ask(np.int64(2))
    study.tell(np.int64(first.number), np.float32(0.5), seconds=np.float64(2.0))
    study.tell(second, np.float64(0.25))
    assert [t.losses for t in study.trials] == [(0.5,), (0.25,)]
    assert type(study.trials[0].number) is int


@pytest.mark.parametrize("value", ["much", [1.0, 2.0], {"value": None}, 10**400])
def test_what_is_no_number_is_refused_and_may_be_told_again(value: Any) -> None:
    study = au.Study({"x": au.Float(0, 1)}, strategy="random")
    trial = study.ask()
    assert trial is not None
    with pytest.raises(au.InputError, match="value: expected a number"):
        study.tell(trial, value)
    with pytest.raises(au.InputError, match="seconds: expected a number"):
        study.tell(trial, 1.0, seconds="long")  # type: ignore[arg-type]
    with pytest.raises(au.InputError, match="expected a trial or its number"):
        study.tell("0", 1.0)  # type: ignore[arg-type]
    study.tell(trial, 1.0)


def test_what_a_trial_took_may_be_told() -> None:
    study = au.Study(SPACE, strategy={"name": "auto", "cost": "seconds"})
    study.ask(), study.ask()
    study.tell(0, 1.0, seconds=90)
    assert study.trials[0].seconds == 90
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="seconds: expected a number of at least 0"):
            study.tell(1, 1.0, seconds=wrong)
