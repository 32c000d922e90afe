"""A search that starts from the results of others with several objectives."""

from pathlib import Path
from typing import Any

import pytest
from hyperopt import Trials, fmin, hp, tpe

import autosearch as au
from autosearch.cli.files import as_csv
from autosearch.strategies.earlier import ORIGIN

SPACE = {"x": au.Float(0, 5), "kind": au.Choice(["a", "b"])}
TWO: dict[str, Any] = {
    "metrics": [
        {"name": "near", "mode": "min", "objective": True, "reference": 30},
        {"name": "low", "mode": "max", "objective": True, "reference": -9},
    ],
    "strategy": "bayes_opt_search",
}


def objective(params: dict[str, Any]) -> float:
    return float((params["x"] - 2) ** 2 + (params["kind"] == "b"))


def two_values(params: dict[str, Any]) -> dict[str, float]:
    """Returns a loss with its minimum at 2, and a gain that falls from 0 on."""
    return {"near": objective(params), "low": -params["x"]}


@pytest.fixture(scope="module")
def old_front(tmp_path_factory: pytest.TempPathFactory) -> au.Result:
    folder = tmp_path_factory.mktemp("front")
    return au.minimize(two_values, SPACE, trials=9, dir=folder, **TWO)


def test_every_form_of_a_study_with_two_objectives_says_the_same(
    old_front: au.Result, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(as_csv(old_front), encoding="utf-8")
    pairs = [(t.params, (t.metrics["near"], t.metrics["low"])) for t in old_front.trials]
    forms = [str(old_front.folder), old_front, tmp_path / "a.csv", old_front.to_dicts(), pairs]
    wanted = [(t.params, t.losses) for t in old_front.trials]
    for form in forms:
        result = au.minimize(two_values, SPACE, trials=2, warm_start=form, **TWO)
        assert [(t.params, t.losses) for t in result.state.history.earlier] == wanted, form
        first = result.trials[0]
        assert first.origin == ORIGIN
        assert first.losses in [t.losses for t in old_front.pareto]
        (said,) = (s.text for s in result.state.said if s.event == "warm_start")
        assert f"{len(old_front.pareto)} of them on the front" in said


def test_objectives_go_by_their_names_and_all_are_needed(old_front: au.Result) -> None:
    turned = {**TWO, "metrics": TWO["metrics"][::-1]}
    result = au.minimize(two_values, SPACE, trials=1, warm_start=old_front, **turned)
    earlier = result.state.history.earlier
    assert [t.losses for t in earlier] == [t.losses[::-1] for t in old_front.trials]
    with pytest.raises(au.InputError, match="has no metric near; it has value"):
        one = au.minimize(objective, SPACE, trials=2, strategy="random")
        au.minimize(two_values, SPACE, trials=1, warm_start=one, **TWO)
    with pytest.raises(au.InputError, match=r"expected \[\(params, \(near, low\)\), …\]"):
        au.minimize(two_values, SPACE, trials=1, warm_start=[({"x": 1.0}, 2.0)], **TWO)
    trials = Trials()
    fmin(
        lambda p: p,
        hp.uniform("x", 0, 5),
        algo=tpe.suggest,
        max_evals=2,
        trials=trials,
        show_progressbar=False,
    )
    with pytest.raises(au.InputError, match=r"1 value each; expected 2: near, low"):
        au.minimize(two_values, SPACE, trials=1, warm_start=trials, **TWO)


def test_one_of_several_objectives_is_taken_by_its_name(old_front: au.Result) -> None:
    low = {"metrics": {"name": "low", "mode": "max"}, "strategy": "random", "trials": 1}
    for source in (old_front, old_front.to_dicts()):
        result = au.minimize(lambda p: -p["x"], SPACE, warm_start=source, **low)
        wanted = [(t.params["x"],) for t in old_front.trials]
        assert [t.losses for t in result.state.history.earlier] == wanted
    first = au.minimize(objective, SPACE, trials=1, strategy="random", warm_start=old_front)
    assert first.state.history.earlier[0].losses == old_front.trials[0].losses[:1]


def test_a_front_of_the_same_task_is_gone_on_from(old_front: au.Result) -> None:
    source = {"results": old_front, "same": True}
    result = au.minimize(two_values, SPACE, trials=3, warm_start=source, **TWO)
    known = [t.params for t in old_front.trials]
    assert [t.params in known for t in result.trials] == [True, False, False]
    assert [t.losses for t in result.state.history.before] == [t.losses for t in old_front.trials]
