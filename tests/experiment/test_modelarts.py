"""ModelArts' shapes of a search mean the same as ours."""

from pathlib import Path
from typing import Any

import pytest

from autosearch.errors import ExperimentError, InputError
from autosearch.experiment import from_dict, load_file, load_text
from autosearch.experiment.modelarts import from_modelarts
from autosearch.experiment.templates import template_names, template_text

TEMPLATE = """\
general: {instance_per_trial: 1, gpu_per_instance: 0, cpu_per_instance: 2}
search_space:
  - params:
      - {type: continuous_param, name: lr, start: 0.0001, stop: 0.1}
      - {type: discrete_param, name: batch, values: [16, 32]}
      - {type: discrete_param, name: opt, values: [adam, sgd]}
search_algorithm:
  type: tpe_search
  max_concurrent: 2
  reward_attr: acc
  report_keys: [{name: acc, regex: 'acc=([0-9.]+)'}, {name: loss, regex: 'loss=(\\S+)'}]
  num_samples: 15
  gamma: 0.3
  save_model_count: 3
  mode: max
scheduler: {type: FIFOScheduler}
"""
API: dict[str, Any] = {
    "search_params": [
        {"name": "lr", "param_type": "continuous", "lower_bound": "0.001", "upper_bound": "0.1"},
        {"name": "batch", "param_type": "discrete", "discrete_values": ["16", "32"]},
        {"name": "depth", "lower_bound": "1", "upper_bound": "5", "discrete_points_num": "3"},
    ],
    "reward_attrs": [
        {"name": "loss", "mode": "min", "regex": "10.0"},
        {"name": "acc", "mode": "max", "regex": ""},
    ],
    "algo_configs": [
        {
            "name": "tpe_search",
            "params": [
                {"key": "num_samples", "value": "10", "type": "Integer"},
                {"key": "gamma", "value": "0.5", "type": "Float"},
                {"key": "seed", "value": "7", "type": "Integer"},
            ],
        },
        {"name": "anneal_search", "params": [{"key": "num_samples", "value": "5"}]},
    ],
    "skip_search_params": '[{"batch": 16, "depth": "1"}]',
}
OURS = {
    "name": "t",
    "command": "python train.py",
    "metric": [
        {"name": "loss", "mode": "min", "regex": "10.0"},
        {"name": "acc", "mode": "max"},
    ],
    "space": {
        "lr": {"type": "float", "low": 0.001, "high": 0.1, "scale": "auto"},
        "batch": {"type": "int", "values": [16, 32]},
        "depth": {"type": "float", "values": [1, 3, 5]},
    },
    "skip": [{"batch": 16, "depth": 1}],
    "search": {
        "strategy": [{"name": "tpe_search", "gamma": 0.5}, "anneal_search"],
        "trials": 15,
        "seed": 7,
    },
}


def faults_of(text: str) -> list[str]:
    with pytest.raises(ExperimentError) as caught:
        load_text(text, "/nowhere/Bayes.yaml")
    return str(caught.value).replace("/nowhere/Bayes.yaml:", "").splitlines()


def test_a_template_beside_a_command_is_an_experiment() -> None:
    experiment = load_text("command: python train.py\n" + TEMPLATE, "/nowhere/My Bayes.yaml")
    assert (
        experiment.to_dict()
        == from_dict(
            {
                "name": "My-Bayes",
                "command": "python train.py",
                "metric": [
                    {"name": "acc", "mode": "max", "regex": "acc=([0-9.]+)"},
                    {"name": "loss", "mode": "min", "regex": r"loss=(\S+)"},
                ],
                "space": {
                    "lr": {"type": "float", "low": 0.0001, "high": 0.1, "scale": "auto"},
                    "batch": {"type": "int", "values": [16, 32]},
                    "opt": {"type": "choice", "values": ["adam", "sgd"]},
                },
                "search": {"strategy": "tpe_search", "gamma": 0.3, "trials": 15, "parallel": 2},
                "resources": {"cpus": 2, "gpus": 0, "nodes": 1},
            },
            "/nowhere",
        ).to_dict()
    )


def test_a_template_without_a_command_takes_it_from_the_caller(tmp_path: Path) -> None:
    path = tmp_path / "Bayes.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    with pytest.raises(ExperimentError, match="a ModelArts template names no program: write it"):
        load_file(path)
    assert load_file(path, command="python x.py").command == ("python", "x.py")
    by_override = load_file(path, ["command=python x.py", "search.trials=3", "limits.retries=1"])
    assert (by_override.search.trials, by_override.limits.retries) == (3, 1)
    assert by_override.search.parallel == 2


@pytest.mark.parametrize("override", ["search.trials=0", "search_algorithm.num_samples=0"])
def test_an_override_of_a_template_is_named_in_its_fault(tmp_path: Path, override: str) -> None:
    path = tmp_path / "Bayes.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    with pytest.raises(ExperimentError) as caught:
        load_file(path, [override], command="x")
    field = override.partition("=")[0]
    expected = f"--set {override}: {field}: expected a number of at least 1, found 0"
    assert str(caught.value) == expected


def test_the_apis_shape_is_the_same_experiment() -> None:
    plain = from_modelarts(API)
    experiment = from_dict({**plain, "name": "t", "command": "python train.py"}, "/nowhere")
    assert experiment == from_dict(OURS, "/nowhere")
    assert from_dict({**API, "name": "t", "command": "python train.py"}, "/nowhere") == experiment


def test_declared_types_decide_what_a_parameter_is() -> None:
    params = [
        {"name": "n", "lower_bound": "1", "upper_bound": "9"},
        {"name": "m", "lower_bound": "1", "upper_bound": "9", "discrete_points_num": "3"},
        {"name": "s", "discrete_values": ["1", "2"]},
        {"name": "b", "discrete_values": ["True", "False"]},
    ]
    types = {"n": "Integer", "m": "Integer", "s": "String", "b": "Boolean"}
    assert from_modelarts({"search_params": params}, types)["space"] == {
        "n": {"type": "int", "low": 1, "high": 9, "scale": "auto"},
        "m": {"type": "int", "values": [1, 5, 9]},
        "s": {"type": "choice", "values": ["1", "2"]},
        "b": {"type": "bool"},
    }


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("continuous_param", "continuos_param", "4:16: search_space[0].params[0].type: expected"),
        (
            "start: 0.0001",
            "strat: 0.0001",
            "4:44: search_space[0].params[0].strat: unknown key; did",
        ),
        ("start: 0.0001", "start: low", "4:51: search_space[0].params[0].start: expected a finite"),
        ("start: 0.0001", "start: 1", "4:51: search_space[0].params[0].start: must be below high"),
        ("name: batch", "name: lr", "5:38: search_space[0].params[1].name: 'lr' is given twice"),
        ("num_samples: 15", "num_samples: 0", "12:16: search_algorithm.num_samples: expected a"),
        ("gamma: 0.3", "gama: 0.3", "13:3: search_algorithm.gama: tpe_search has no such setting"),
        ("gamma: 0.3", "gamma: 3", "13:10: search_algorithm.gamma: expected a number between"),
        ("type: tpe_search", "type: tpe", "8:9: search_algorithm.type: there is no strategy 'tpe'"),
        ("mode: max", "mode: up", "15:9: search_algorithm.mode: expected max or min, found 'up'"),
        ("acc=([0-9.]+)", "acc=([0-9.]+", "11:36: search_algorithm.report_keys[0].regex: "),
        ("FIFOScheduler", "FooScheduler", "16:19: scheduler.type: there is no rule 'FooScheduler'"),
        ("cpu_per_instance: 2", "cpu_per_instance: 0", "1:73: general.cpu_per_instance: expected"),
        ("gpu_per_instance", "gpus_per_instance", "1:34: general.gpus_per_instance: unknown key"),
        ("general", "generall", "1:1: generall: unknown key; did you mean general?"),
        ("- params:", "- parms:", "3:5: search_space[0]: expected {params: [...]}"),
        ("[16, 32]", "16", "5:53: search_space[0].params[1].values: found 16; expected a list"),
    ],
)
def test_faults_of_a_template_have_its_own_names_and_places(old: str, new: str, fault: str) -> None:
    assert old in TEMPLATE
    text = TEMPLATE.replace(old, new, 1) + "command: x\n"
    assert any(found.startswith(fault) for found in faults_of(text)), faults_of(text)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"param_type": "discreet"}, r"search_params\[0\].param_type: expected continuous or disc"),
        ({"param_type": "discrete"}, r"search_params\[0\].discrete_values: is missing"),
        ({"discrete_points_num": "0"}, r"discrete_points_num: expected a whole number from 1"),
        ({"lower": "1"}, r"search_params\[0\].lower: unknown key; did you mean lower_bound\?"),
        ({"name": ""}, r"search_params\[0\].name: expected the parameter's name"),
        ({"lower_bound": "abc"}, r"search_params\[0\].lower_bound: expected a finite number"),
        ({"lower_bound": "1"}, r"search_params\[0\].lower_bound: must be below high"),
    ],
)
def test_faults_of_the_api_shape_are_named_as_it_names_them(
    changes: dict[str, str], fault: str
) -> None:
    spoilt = {**API, "search_params": [{**API["search_params"][0], **changes}]}
    del spoilt["skip_search_params"]
    with pytest.raises(ExperimentError, match=fault):
        from_dict({**spoilt, "name": "t", "command": "x"}, "/nowhere")


def test_combinations_to_skip_are_text_or_plain() -> None:
    plain = from_modelarts({**API, "skip_search_params": [{"batch": "16"}]})
    assert plain["skip"] == [{"batch": 16}]
    with pytest.raises(ExperimentError, match="skip_search_params"):
        from_modelarts({**API, "skip_search_params": "[{"})
    with pytest.raises(ExperimentError, match="skip_search_params: expected a list"):
        from_modelarts({**API, "skip_search_params": "batch"})


@pytest.mark.parametrize("name", template_names())
def test_every_template_is_an_experiment(name: str) -> None:
    assert load_text(template_text(name), f"/nowhere/{name}.yaml").search.trials == 20


def test_an_unknown_template_is_told_what_there_is() -> None:
    with pytest.raises(InputError, match=r"no template 'Bayess'; did you mean Bayes\?"):
        template_text("Bayess")
