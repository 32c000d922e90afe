import math
from pathlib import Path

import pytest

import autosearch as au

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
