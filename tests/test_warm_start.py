"""A search that starts from the results of others."""

import csv
import json
import pickle
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from hyperopt import Trials, fmin, hp, tpe
from skopt import forest_minimize
from skopt.space import Categorical, Real

import autosearch as au
from autosearch.cli.files import as_csv
from autosearch.experiment import load_file
from autosearch.records import Imported
from autosearch.strategies.earlier import ORIGIN
from autosearch.trial import CONFIRM, History, State, Trial
from autosearch.warm_start import imports

SPACE = {"x": au.Float(0, 5), "kind": au.Choice(["a", "b"])}


def objective(params: dict[str, Any]) -> float:
    return float((params["x"] - 2) ** 2 + (params["kind"] == "b"))


def first_of(result: au.Result) -> tuple[str, dict[str, Any]]:
    return result.trials[0].origin, dict(result.trials[0].params)


def said(result: au.Result) -> list[str]:
    return [s.text for s in result.state.said if s.event == "warm_start"]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> au.Result:
    folder = tmp_path_factory.mktemp("old")
    return au.minimize(objective, SPACE, trials=12, strategy="random", dir=folder)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> au.Result:
    """Returns a search of fewer results than are held against trials first."""
    folder = tmp_path_factory.mktemp("few")
    return au.minimize(objective, SPACE, trials=8, strategy="random", dir=folder)


BEST, DEFAULT = [0.5, 0.7, None], [2.0, 3.0, 4.0]


@pytest.fixture(scope="module")
def proven(few: au.Result) -> au.Result:
    """Returns the search with its best run again, and a default that it never tried."""
    assert few.best is not None
    trials, best = list(few.trials), few.best.number
    default = {"x": 1.25, "kind": "b"}
    for losses in zip(BEST, DEFAULT, strict=True):
        for params, root, loss in zip((few.params, default), (best, 9), losses, strict=True):
            number = len(trials)
            state: State = "failed" if loss is None else "completed"
            trials.append(
                Trial(
                    number, params, origin=CONFIRM, repeat_of=None if root == number else root,
                    state=state, losses=() if loss is None else (loss,),
                    metrics={} if loss is None else {"value": loss, "half": loss / 2},
                )
            )  # fmt: skip
    halved = [replace(t, metrics={**t.metrics, "half": (t.loss or 0) / 2}) for t in trials[:8]]
    history = History((*halved, *trials[8:]))
    return au.Result(replace(few.state, history=history))


def search(source: Any, **options: Any) -> au.Result:
    return au.minimize(objective, SPACE, trials=3, strategy="random", warm_start=source, **options)


def test_the_best_of_a_studys_folder_is_tried_first(few: au.Result) -> None:
    result = search(str(few.folder))
    assert first_of(result) == (ORIGIN, few.params)
    assert len(result.trials) == 3
    assert [t.number for t in result.trials] == [0, 1, 2]
    assert said(result) == [f"{few.folder}: 8 of 8 results taken, the best {few.value:.5g}"]


@pytest.mark.parametrize("strategy", ["auto", "tpe_search", "anneal_search", "cma_es", "grid"])
def test_every_strategy_begins_with_the_best(strategy: str, few: au.Result) -> None:
    space = {"x": au.Float(values=[t.params["x"] for t in few.trials]), "kind": SPACE["kind"]}
    result = au.minimize(objective, space, trials=6, strategy=strategy, warm_start=few)
    tried = [t.params for t in result.trials if t.origin == ORIGIN]
    assert first_of(result) == (ORIGIN, few.params)
    assert all(params in [t.params for t in few.trials] for params in tried)
    assert result.trials[1].origin.startswith(strategy if strategy != "auto" else "bayes")


def test_the_best_of_many_waits_until_its_search_foresees_three_trials() -> None:
    old = au.minimize(objective, SPACE, trials=20, strategy="random")

    def place(loss: Any) -> int | None:
        result = au.minimize(loss, SPACE, trials=8, strategy="random", warm_start=old)
        return next((t.number for t in result.trials if t.origin == ORIGIN), None)

    found = place(objective)
    assert found is not None
    assert found >= 3
    assert place(lambda params: -objective(params)) is None


def test_every_form_of_a_study_says_the_same(old: au.Result, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(as_csv(old), encoding="utf-8")
    old.to_pandas().to_csv(tmp_path / "pandas.csv")
    (tmp_path / "a.json").write_text(json.dumps(old.to_dicts()))
    plain = [{"x": t.params["x"], "kind": t.params["kind"], "value": t.loss} for t in old.trials]
    pairs = [(t.params, t.loss) for t in old.trials]
    forms = [
        *(tmp_path / name for name in ("a.csv", "pandas.csv", "a.json")),
        *(old, old.to_pandas(), old.to_dicts(), pd.DataFrame(plain), plain, pairs),
    ]
    wanted = [(t.params, t.losses) for t in old.trials]
    for form in forms:
        earlier = search(form).state.history.earlier
        assert [(t.params, t.losses) for t in earlier] == wanted, form


def test_what_was_confirmed_counts_once_by_the_mean_of_its_fresh_runs(
    proven: au.Result, few: au.Result, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(as_csv(proven), encoding="utf-8")
    frame = proven.to_pandas()
    frame.to_csv(tmp_path / "pandas.csv")
    wanted = [(t.params, t.losses[0]) for t in few.trials]
    wanted[[t.params for t in few.trials].index(few.params)] = (few.params, 0.6)
    wanted.append(({"x": 1.25, "kind": "b"}, 3.0))
    tables = [tmp_path / "a.csv", tmp_path / "pandas.csv", frame, proven.to_dicts()]
    shuffled = frame.sort_values("value", ignore_index=True)
    for form in (proven, *tables, frame.drop(columns="number"), shuffled):
        result = search(form)
        earlier = [(t.params, t.losses[0]) for t in result.state.history.earlier]
        assert sorted(map(repr, earlier)) == sorted(map(repr, wanted)), form
        assert "9 of 9 results taken" in said(result)[0]
    # Where only fresh runs are in the table, they say the same of their configurations.
    alone = search(frame[frame.origin == CONFIRM]).state.history.earlier
    assert [t.losses[0] for t in alone] == [0.6, 3.0]
    # Two studies in one table have trials of the same numbers.
    other = frame[frame.origin != CONFIRM].assign(**{"params.x": 4.5})
    both = search(pd.concat([frame, other])).state.history.earlier
    assert [t.losses[0] for t in both if t.params["x"] != 4.5] == [v for _, v in wanted]
    # Another of their metrics is confirmed as well.
    halves = search({"path": tmp_path / "pandas.csv", "value": "half"}).state.history.earlier
    assert [t.losses[0] for t in halves] == pytest.approx([v / 2 for _, v in wanted])
    same = search({"results": proven, "same": True}).state.history.before
    assert [(t.params, t.losses[0]) for t in same] == wanted


def test_of_a_studys_folder_another_metric_may_count(tmp_path: Path) -> None:
    def two(params: dict[str, Any]) -> dict[str, float]:
        return {"loss": params["x"], "acc": params["x"] / 2, "extra": params["x"] / 4}

    metrics = [{"name": "loss", "mode": "min"}, {"name": "acc", "mode": "max"}]
    old = au.minimize(two, SPACE, trials=4, strategy="random", dir=tmp_path, metrics=metrics)
    points = [t.params["x"] for t in old.trials]

    def losses(**choice: str) -> list[float]:
        earlier = search({"path": tmp_path, **choice}, mode="max").state.history.earlier
        return [t.losses[0] for t in earlier]

    assert losses() == losses(value="loss") == losses(mode="min") == points
    # The study knows that larger ones are better; what it did not declare goes by this search.
    assert losses(value="acc") == [-x / 2 for x in points]
    assert losses(value="extra") == [-x / 4 for x in points]
    assert losses(value="extra", mode="min") == [x / 4 for x in points]
    for choice, message in (
        ({"value": "acd"}, "has no metric acd; did you mean acc"),
        ({"mode": "max"}, "mode: loss has the mode min in that study"),
        ({"value": "acc", "mode": "min"}, "mode: acc has the mode max in that study"),
        ({"value": "acc", "same": True}, "value: of the same task only loss counts"),
    ):
        with pytest.raises(au.InputError, match=message):
            search({"path": tmp_path, **choice})


@pytest.mark.parametrize("field", ["value", "mode"])
def test_what_has_its_own_values_is_not_told_which_count(field: str, tmp_path: Path) -> None:
    rows = [{"x": 1.0, "kind": "a", "max": 3.0}, {"x": 4.0, "kind": "b", "max": 2.0}]
    tables = {"list": rows, "tuple": tuple(rows), "frame": pd.DataFrame(rows)}
    pair = Trials(), hp.uniform("x", 0, 5)
    for name, found in (*tables.items(), ("trials", Trials()), ("pair", pair)):
        joblib.dump(found, tmp_path / f"{name}.pkl")
    choice = {field: "max"}
    if field == "value":
        for name in tables:
            source = {"path": f"pickle:{tmp_path}/{name}.pkl", **choice}
            assert [t.losses[0] for t in search(source).state.history.earlier] == [3.0, 2.0]
        joblib.dump([({"x": 1.0}, 2.0)], tmp_path / "pairs.pkl")
        with pytest.raises(au.InputError, match=r"pairs.pkl: value: .* has no columns"):
            search({"path": f"pickle:{tmp_path}/pairs.pkl", **choice})
    for name, kind in (("trials", "Trials"), ("pair", "tuple")):
        with pytest.raises(au.InputError, match=f"{name}.pkl: {field}: a pickled {kind} says"):
            search({"path": f"pickle:{tmp_path}/{name}.pkl", **choice})
    with pytest.raises(au.InputError, match=f"#one: {field}: an Optuna study says itself"):
        search({"path": "optuna:sqlite:///old.db#one", **choice})


@pytest.mark.parametrize("same", ["yes", 1, None])
def test_whether_results_are_of_the_same_task_is_said_by_true_or_false(same: Any) -> None:
    with pytest.raises(au.InputError, match=f"same: expected true or false, found {same!r}"):
        search({"results": [({"x": 1.0, "kind": "a"}, 2.0)], "same": same})


def test_larger_is_better_where_the_search_says_so(few: au.Result, tmp_path: Path) -> None:
    rows = [{"x": 1.0, "kind": "a", "value": 0.3}, {"x": 4.0, "kind": "b", "value": 0.9}]
    best = {"x": 4.0, "kind": "b"}
    assert first_of(search(rows, mode="max"))[1] == best
    assert "the best 0.9" in said(search(rows, mode="max"))[0]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows))
    assert first_of(search({"path": path, "mode": "max"}))[1] == best
    assert first_of(search({"path": path, "value": "x", "mode": "min"}))[1]["kind"] == "a"
    assert first_of(search(au.Result(few.state), mode="max"))[1] == few.params


def test_a_changed_space_takes_what_fits_and_says_what_does_not(old: au.Result) -> None:
    space = {"x": au.Float(0, 3), "rate": au.Float(0, 1, default=0.25)}
    result = au.minimize(lambda p: p["x"], space, trials=2, strategy="random", warm_start=old)
    outside = sum(float(t.params["x"]) > 3 for t in old.trials)
    assert f"dropped: {outside} (x is not one of 0.0..3.0)" in said(result)[0]
    assert said(result)[0].endswith("where they lack it, rate=0.25; not searched here: kind")
    assert {t.params["rate"] for t in result.state.history.earlier} == {0.25}


@pytest.mark.parametrize("same", [False, True])
def test_resumed_searches_do_not_look_at_the_source_again(same: bool, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("x", "kind", "value"), (1.5, "a", 0.25), (3, "b", 2)])
    source = {"path": path, "same": same}
    whole = search(source, dir=tmp_path / "whole")
    calls: list[float] = []

    def dies(params: dict[str, Any]) -> float:
        calls.append(params["x"])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return objective(params)

    options: dict[str, Any] = {"trials": 3, "strategy": "random", "warm_start": source}
    with pytest.raises(KeyboardInterrupt):
        au.minimize(dies, SPACE, dir=tmp_path / "cut", **options)
    path.unlink()
    resumed = au.minimize(objective, SPACE, dir=tmp_path / "cut", **options)
    assert [t.params for t in resumed.trials] == [t.params for t in whole.trials]
    assert len(said(resumed)) == 1
    loaded = au.load(tmp_path / "cut").state.history
    assert loaded.earlier == whole.state.history.earlier
    assert loaded.before == whole.state.history.before
    assert len(loaded.before) == 2 * same


def test_a_study_asks_for_them_and_takes_nothing_twice(few: au.Result, tmp_path: Path) -> None:
    for _ in range(2):
        with au.Study(SPACE, strategy="random", dir=tmp_path, warm_start=[few]) as study:
            trial = study.ask()
            assert trial is not None
            study.tell(trial, 1.0)
            assert len(study.history.earlier) == 8
    assert [t.origin == ORIGIN for t in study.trials] == [True, False]
    assert dict(study.trials[0].params) == few.params


@pytest.mark.parametrize("same", [False, True])
def test_a_source_that_is_given_twice_is_read_once(
    same: bool, old: au.Result, tmp_path: Path
) -> None:
    old.to_pandas().to_csv(tmp_path / "old.csv", index=False)
    document = {
        "name": "later",
        "command": ["echo", "value={x}", "{kind}"],
        "metric": {"name": "value", "mode": "min"},
        "space": au.Space(SPACE).to_dict(),
        "search": {"strategy": "random", "trials": 1},
        "warm_start": ["old.csv"],
    }
    file = tmp_path / "later.yaml"
    file.write_text(json.dumps(document))
    given = {"path": tmp_path / "old.csv", "same": same}
    result = au.run(file, warm_start=given)
    history = result.state.history
    assert len(said(result)) == 1
    assert (len(history.earlier), len(history.before)) == ((0, 12) if same else (12, 0))
    assert len(said(au.run(file, warm_start=given))) == 1


def test_another_studys_object_is_a_source(old: au.Result) -> None:
    study = au.Study(SPACE, strategy="random")
    study.tell(study.ask() or 0, 1.0)
    assert len(search(study).state.history.earlier) == 1


def test_hyperopts_trials_are_a_source_with_and_without_their_expression() -> None:
    expression = {"x": hp.uniform("x", 0, 5), "kind": hp.choice("kind", ["b", "a"])}
    trials = Trials()

    def loss(point: dict[str, Any]) -> float:
        return float("nan") if point["x"] > 4 else objective(point)

    fmin(
        loss,
        expression,
        algo=tpe.suggest,
        max_evals=15,
        trials=trials,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
    )
    result = search((trials, expression))
    losses = {t.losses[0] for t in result.state.history.earlier}
    assert losses == {v for v in trials.losses() if v == v}
    assert all(objective(dict(t.params)) == t.losses[0] for t in result.state.history.earlier)
    # Without it, an index stands for our own value at that place.
    space = {"x": au.Float(0, 5), "kind": au.Choice(["b", "a"])}
    alone = au.minimize(objective, space, trials=1, warm_start=trials).state.history.earlier
    assert [t.params for t in alone] == [t.params for t in result.state.history.earlier]


@pytest.mark.parametrize("named", [True, False])
def test_scikit_optimizes_results_are_a_source_also_as_a_file(named: bool, tmp_path: Path) -> None:
    names = ("x", "kind") if named else (None, None)
    dimensions = [Real(0, 5, name=names[0]), Categorical(["a", "b"], name=names[1])]
    found = forest_minimize(
        lambda v: objective({"x": v[0], "kind": v[1]}),
        dimensions,
        n_calls=5,
        n_initial_points=5,
        random_state=0,
    )
    space = SPACE if named else {"x0": SPACE["x"], "x1": SPACE["kind"]}
    path = tmp_path / "found.pkl"
    del found.specs["args"]["func"]
    joblib.dump(found, path)
    for source in (found, f"pickle:{path}"):
        earlier = au.minimize(
            lambda p: 0.0, space, trials=1, strategy="random", warm_start=source
        ).state.history.earlier
        assert [t.losses[0] for t in earlier] == list(found.func_vals)
        assert [list(t.params.values()) for t in earlier] == found.x_iters


def test_optunas_studies_are_a_source(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = f"sqlite:///{tmp_path / 'old.db'}"
    study = optuna.create_study(storage=url, study_name="one", direction="maximize")

    def value(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 5)
        trial.suggest_categorical("kind", ["a", "b"])
        return float("nan") if trial.number == 3 else x

    study.optimize(value, n_trials=8)
    for source in (study, f"optuna:{url}#one"):
        earlier = search(source, mode="max").state.history.earlier
        assert sorted(-t.losses[0] for t in earlier if t.losses) == sorted(
            t.value for t in study.trials if t.value is not None
        )
        assert [t.state == "failed" for t in earlier] == [n == 3 for n in range(8)]
    # In its data frames a loss that is no number is a failed trial's too.
    study.trials_dataframe().to_csv(tmp_path / "frame.csv")
    for source in (study.trials_dataframe(), tmp_path / "frame.csv"):
        framed = search(source, mode="max").state.history.earlier
        assert [(t.params, t.losses, t.state) for t in framed] == [
            (t.params, t.losses, t.state) for t in earlier
        ]
    before = search({"results": study, "same": True}, mode="max").state.history.before
    assert [t.state == "failed" for t in before] == [n == 3 for n in range(8)]
    assert before[3].params == study.trials[3].params
    with pytest.raises(au.InputError, match="there is no Optuna study 'two'"):
        search(f"optuna:{url}#two")


def test_an_optuna_study_is_where_the_search_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    (tmp_path / "there").mkdir()
    url = f"sqlite:///{tmp_path / 'there' / 'old.db'}"
    study = optuna.create_study(storage=url, study_name="one")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 5), n_trials=3)
    source = "optuna:sqlite:///old.db#one"
    data = {"name": "s", "command": "true", "space": {"x": {"type": "float", "low": 0, "high": 5}}}
    metric = {"name": "loss", "mode": "min"}
    file = tmp_path / "there" / "search.yaml"
    file.write_text(json.dumps({**data, "metric": metric, "warm_start": source}))
    # A file's sources are in its folder, those of a call in the folder that it is made in.
    (records,) = [r for r in imports(load_file(file)) if isinstance(r, Imported)]
    assert len(records.results) == 3
    with pytest.raises(au.InputError, match=f"there is no file {tmp_path}/old.db"):
        monkeypatch.chdir(tmp_path)
        search(source)
    monkeypatch.chdir(tmp_path / "there")
    found = search(source)
    assert len(found.state.history.earlier) == 3
    assert said(found)[0].startswith(f"optuna:{url}#one: ")


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("foo", "cannot be opened as Optuna's storage: Could not parse"),
        ("foo://u@h/db", "cannot be opened as Optuna's storage: Can't load plugin"),
        ("oracle://u@h/db", "cannot be opened .*: No module named"),
        ("sqlite:///missing.db", "there is no file .*/missing.db"),
        ("sqlite:///text.db", "cannot be opened as Optuna's storage: .*not a database"),
        ("sqlite:///empty.db", "cannot be opened as Optuna's storage: .*no such table"),
        ("sqlite://", "cannot be opened .*no such table"),
    ],
)
def test_what_is_no_optuna_storage_is_named_and_left_as_it_is(
    storage: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    files = {"text.db": b"no database" * 100, "empty.db": b""}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(au.InputError, match=f"warm_start: optuna:.*#bar: {message}"):
        search(f"optuna:{storage}#bar")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_without_optuna_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(au.InputError, match="pip install optuna"):
        search("optuna:sqlite:///old.db#one")


class Bomb:
    def __reduce__(self) -> tuple[Any, Any]:
        return (pytest.fail, ("it was unpickled",))


def test_a_pickle_is_never_loaded_unasked(tmp_path: Path) -> None:
    for name in ("a.pkl", "a.json", "a.csv", "a.gz"):
        path = tmp_path / name
        path.write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(au.InputError, match=r"pickle:FILE|no JSON|no CSV|no column"):
            search(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no JSON"),
        (b"{}", "expected a list of objects"),
        (b"[1]", "expected a list of objects"),
        (b'[{"x": 1}]', "no column value"),
        (b"\xff", "no JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(content)
    with pytest.raises(au.InputError, match=f"warm_start: .*rows.json: .*{message}"):
        search(path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing", "nothing: there is nothing at"),
        ("nothing.csv", "No such file"),
        (".", "there is no study here"),
        ("pickle:nothing", "No such file"),
        (3, "warm_start: int: expected a path"),
        ([(1, 2, 3)], r"warm_start: tuple: expected \[\(params, value\), …\]"),
        ({"path": "a.csv", "mode": "up"}, "a.csv: "),
        (SimpleNamespace(space=1), "SimpleNamespace: expected a path"),
    ],
)
def test_what_is_no_source_is_refused(
    source: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(au.InputError, match=message):
        search(source)


def test_objects_of_other_packages_that_hold_no_results_are_refused(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    for found in (
        pd.Series([1.0, 2.0]),
        hp.uniform("x", 0, 5),
        optuna.trial.create_trial(value=1.0),
    ):
        name = type(found).__name__
        with pytest.raises(au.InputError, match=f"warm_start: {name}: expected a path, a Result"):
            search(found)


def test_pandas_na_is_no_value_wherever_it_stands() -> None:
    assert said(search([({"x": 1.0, "kind": pd.NA}, 2.0), ({"x": pd.NA}, pd.NA)]))[0].endswith(
        "1 of 2 results taken, the best 2; dropped: 1 (without a value); where they lack it, kind=b"
    )
    frame = pd.DataFrame(
        {"params.x": [1.0, 2.0, 3.0], "params.kind": ["a", "b", "a"], "value": [1.0, 2.0, 3.0]}
    ).assign(state=pd.array(["ok", None, "fail"], dtype="string"), origin=pd.NA, repeat_of=pd.NA)
    assert [t.losses for t in search(frame).state.history.earlier] == [(1.0,), (2.0,), ()]


def test_a_search_does_not_start_from_itself(tmp_path: Path) -> None:
    with pytest.raises(au.InputError, match="own folder"):
        search(tmp_path, dir=tmp_path)


def test_a_warm_start_without_results_is_a_cold_one() -> None:
    result = search([[]])
    assert said(result)[0].endswith(": 0 of 0 results taken")
    assert first_of(result)[0] == "random"


def test_results_of_the_same_task_count_as_trials_of_this_search(
    old: au.Result, tmp_path: Path
) -> None:
    result = search({"path": str(old.folder), "same": True}, seed=1, dir=tmp_path)
    assert said(result)[0].endswith("; they count as trials of this search")
    assert first_of(result) == (ORIGIN, old.params)
    # From there on it goes on as the earlier search would have, which had the same seed.
    longer = au.minimize(objective, SPACE, trials=14, strategy="random", seed=1)
    followed = [dict(t.params) for t in result.trials[1:]]
    assert followed[0] != dict(longer.trials[12].params)
    assert followed[0] == dict(longer.trials[13].params)
    assert all(t.params not in [o.params for o in old.trials] for t in result.trials[1:])
    assert len(result.trials) == 3
    assert au.load(tmp_path).state.history == result.state.history


def test_objects_too_may_be_of_the_same_task(old: au.Result) -> None:
    for results in (old, [(t.params, t.loss) for t in old.trials]):
        history = search({"results": results, "same": True}).state.history
        assert [t.params for t in history.before] == [t.params for t in old.trials]
        assert [t.number for t in history.before] == list(range(-12, 0))
        assert not history.earlier
    assert not search([{"results": old, "same": False}]).state.history.before


def test_what_cannot_be_of_the_same_task_is_refused(old: au.Result) -> None:
    def refusal(source: Any, space: Any = SPACE, **options: Any) -> str:
        with pytest.raises(au.InputError) as caught:
            au.minimize(objective, space, trials=1, warm_start=source, **options)
        return str(caught.value)

    same = {"path": str(old.folder), "same": True}
    assert "another task: metric[0].mode: 'min' → 'max'" in refusal(same, mode="max")
    wider = {**SPACE, "rate": au.Float(0, 1)}
    assert refusal(same, wider).endswith("another task: space.rate is new")
    assert refusal(same, {"x": SPACE["x"]}).endswith("another task: space.kind is gone")
    rows = {"results": [({"x": 1.0}, 2.0)], "same": True}
    assert refusal(rows).endswith("same: results of the same task have a value of kind")
    metrics = [{"name": "loss", "mode": "min"}, {"name": "ms", "at_most": 3.0}]
    assert "do not say whether ms <= 3 is met" in refusal(
        {"results": old, "same": True}, metrics=metrics
    )
