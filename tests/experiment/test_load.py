"""An experiment is the same however it is written, and survives the way through JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.errors import ExperimentError
from autosearch.experiment import Experiment, from_dict, load_file, load_text
from autosearch.experiment.model import FromEnv
from autosearch.metrics.rules import Rule
from autosearch.space import Float
from tests.experiment.mutations import GOOD
from tests.space.spaces import spaces

BASE: dict[str, Any] = {
    "name": "t",
    "command": "python train.py",
    "metric": {"name": "acc", "mode": "max"},
    "space": {"lr": {"type": "float", "low": 1e-5, "high": 0.1}},
}


def made(**changes: Any) -> Experiment:
    return from_dict({**BASE, **changes}, "/nowhere")


words = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{}$"), max_size=8
)
experiments = st.fixed_dictionaries(
    {"name": st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)},
    optional={
        "description": words,
        "command": st.lists(words.filter(str.strip), min_size=1, max_size=4),
        "env": st.dictionaries(
            st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True),
            st.one_of(words, st.integers(), st.just({"from_env": "HOME"})),
            max_size=3,
        ),
        "append": st.sampled_from(["--{name}={value}", "{name}={value}", ["--{name}", "{value}"]]),
        "metric": st.lists(
            st.fixed_dictionaries(
                {"name": words.filter(bool), "mode": st.sampled_from(["max", "min"])},
                optional={
                    "regex": st.just(r"acc=(\d+)"),
                    "step": st.just(r"epoch (\d+)"),
                    "reduce": st.sampled_from(["last", "best", "mean_last_3"]),
                },
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda m: m["name"],
        ),
        "search": st.fixed_dictionaries(
            {},
            optional={
                "strategy": st.sampled_from(["random", ["random", {"name": "grid"}]]),
                "trials": st.integers(1, 10**6),
                "parallel": st.integers(1, 100),
                "seed": st.integers(0, 2**40),
            },
        ),
        "limits": st.fixed_dictionaries(
            {},
            optional={
                "trial_time": st.sampled_from(["90s", "1h30m", 5, 0.5]),
                "memory": st.sampled_from(["8GiB", "500 MB", 10**9]),
                "retries": st.integers(0, 9),
            },
        ),
        "resources": st.fixed_dictionaries({}, optional={"cpus": st.floats(0.1, 64)}),
        "executor": st.sampled_from(["local", "ray", {"ray": {"address": "auto"}}]),
        "stop": st.sampled_from(["fifo", {"rule": "fifo"}]),
    },
)  # fmt: skip


@given(fields=experiments, space=spaces())
def test_an_experiment_survives_the_way_through_json(fields: Any, space: Any) -> None:
    fields = {**BASE, "space": space.to_dict(), **fields}
    experiment = from_dict(fields, "/nowhere")
    text = json.dumps(experiment.to_dict(), allow_nan=False)
    for stored in (False, True):
        again = from_dict(json.loads(text), "/nowhere", stored=stored)
        assert again == experiment
        assert json.dumps(again.to_dict()) == text


def test_text_and_mapping_make_the_same_experiment(tmp_path: Path) -> None:
    path = tmp_path / "search.yaml"
    path.write_text(GOOD, encoding="utf-8")
    experiment = load_file(path)
    assert experiment == from_dict(experiment.to_dict(), tmp_path)
    assert experiment == load_text(GOOD, str(path))
    assert experiment.folder == tmp_path
    assert experiment.objective.rule == Rule("val_acc", r"val_acc=(\S+)")
    assert experiment.env == {"THREADS": "2", "TOKEN": FromEnv(from_env="HOME")}
    assert experiment.limits.trial_time == 5400.0
    assert experiment.limits.memory == 8 * 2**30
    assert experiment.search.strategies[0].settings == {"gamma": 0.25}
    assert experiment.space.skip == ({"opt": "sgd", "layers": 8},)


def test_a_relative_path_stands_for_the_folder_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "search.yaml").write_text(GOOD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_file("search.yaml").folder == tmp_path


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"command": "python 'my train.py' --x=1"}, ("python", "my train.py", "--x=1")),
        ({"command": ["python", "my train.py", 3, 0.5]}, ("python", "my train.py", "3", "0.5")),
        ({"command": "a | b 'c d'", "shell": True}, ("a | b 'c d'",)),
    ],
)
def test_a_command_is_text_or_words(changes: dict[str, Any], command: tuple[str, ...]) -> None:
    assert made(**changes).command == command


@pytest.mark.parametrize(
    ("search", "names", "trials"),
    [
        ({}, ["auto"], 20),
        ({"strategy": "random", "trials": 7}, ["random"], 7),
        ({"strategy": {"name": "random"}, "trials": 1e2}, ["random"], 100),
        ({"strategy": "random", "num_samples": 12}, ["random"], 12),
        ({"strategy": [{"name": "random", "num_samples": 12}, "grid"]}, ["random", "grid"], 32),
        ({"strategy": [{"name": "random", "num_samples": 9}], "trials": 3}, ["random"], 3),
    ],
)
def test_the_budget_is_the_searchs_or_the_sum_of_its_strategies(
    search: dict[str, Any], names: list[str], trials: int
) -> None:
    checked = made(search=search).search
    assert [spec.name for spec in checked.strategies] == names
    assert checked.trials == trials
    assert all("num_samples" not in spec.settings for spec in checked.strategies)


def test_the_mode_of_other_metrics_is_guessed() -> None:
    metrics = made(metric=[{"name": "acc", "mode": "max"}, "val_loss", {"name": "f1"}, "x"]).metrics
    assert [(m.name, m.mode) for m in metrics] == [
        ("acc", "max"),
        ("val_loss", "min"),
        ("f1", "max"),
        ("x", "max"),
    ]


def test_null_is_as_good_as_nothing() -> None:
    empty = {"limits": None, "stop": None, "env": None, "constraints": None, "executor": None}
    assert made(**empty) == made()


def test_a_command_is_needed_unless_the_objective_is_a_function() -> None:
    fields = {k: v for k, v in BASE.items() if k != "command"}
    with pytest.raises(ExperimentError, match="command: is missing"):
        from_dict(fields, "/nowhere")
    experiment = from_dict(fields, "/nowhere", in_process=True)
    assert experiment.command == ()
    assert from_dict(experiment.to_dict(), "/nowhere", stored=True) == experiment


def test_a_stored_experiment_opens_when_what_it_names_is_gone(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "t.json").write_text("{}")
    changes = {"files": {"a.json": "t.json"}, "workdir": "sub"}
    experiment = from_dict({**BASE, **changes}, tmp_path)
    stored = experiment.to_dict()
    stored["search"]["strategy"] = [{"name": "from_a_package_that_is_gone", "x": 1}]
    (tmp_path / "sub").rmdir()
    (tmp_path / "t.json").unlink()
    with pytest.raises(ExperimentError):
        from_dict(stored, tmp_path)
    again = from_dict(stored, tmp_path, stored=True)
    assert again.search.strategies[0].settings == {"x": 1}
    assert again.files == experiment.files


def test_the_users_own_mapping_is_left_alone() -> None:
    fields = {**BASE, "space": {"lr": {"type": "float", "low": 0, "high": 1}}}
    before = json.dumps(fields)
    assert from_dict(fields, "/nowhere", ["space.lr.high=2"]).space.params["lr"] == Float(0, 2)
    assert json.dumps(fields) == before
