"""Whatever is wrong with an experiment is said all at once, with its place and the way out."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.errors import ExperimentError
from autosearch.experiment import from_dict, load_file, load_text, warnings_of
from autosearch.experiment.faults import show
from autosearch.experiment.source import parse
from tests.experiment.mutations import GOLDEN, GOOD, MUTATIONS, report


def faults_of(text: str, *overrides: str) -> list[str]:
    with pytest.raises(ExperimentError) as caught:
        load_text(text, "/nowhere/search.yaml", overrides)
    return str(caught.value).splitlines()


def test_the_unspoilt_experiment_is_good() -> None:
    assert load_text(GOOD, "search.yaml").name == "digits"


def test_every_mutation_is_answered_as_recorded(tmp_path: Path) -> None:
    # Written by `python -m tests.experiment.mutations`; to be read before it is committed.
    assert report(tmp_path) == GOLDEN.read_text(encoding="utf-8")


SEEDED = """\
name: seeded
command: {command}
metric: {{name: loss, mode: min}}
space: {{lr: {{type: float, low: 0, high: 1}}}}
confirm: {{seed_option: {option!r}}}
"""


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("python train.py", "--lr"),
        ("python train.py", "--lr {seed}"),
        ("python train.py -l {lr}", "-l"),
        ("python train.py lr={lr}", "lr={seed}"),
        ("python train.py\nappend: '{name}={value}'", "lr"),
        ("python train.py\nappend: ['-P', '{name}', '{value}']", "lr"),
        ("python train.py --lr {lr} | tail -n 1\nshell: true", "--lr"),
    ],
)
def test_the_seeds_option_is_no_parameters(command: str, option: str) -> None:
    (fault,) = faults_of(SEEDED.format(command=command, option=option))
    assert f"{option.split()[0].split('=')[0]} passes the parameter lr;" in fault


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("python train.py", "--seed"),
        ("python train.py --seed 3 --lr={lr}", "--seed"),
        ("python train.py {lr}", "{seed}"),
        ("python train.py lr={lr}", "seed={seed}"),
        ("python train.py", "-s {seed}"),
    ],
)
def test_the_seed_may_come_in_any_place_of_its_own(command: str, option: str) -> None:
    found = load_text(SEEDED.format(command=command, option=option), "/nowhere/search.yaml")
    assert found.confirm is not None and found.confirm.seed_option == option


@pytest.mark.parametrize(("old", "new"), MUTATIONS)
def test_every_mutation_is_refused_with_its_place_and_a_hint(old: str, new: str) -> None:
    for fault in faults_of(GOOD.replace(old, new, 1)):
        assert re.match(r"/nowhere/search\.yaml:[1-9]\d*:[1-9]\d*: ", fault)
        assert re.search(
            "expected|did you mean|must be|is missing|;|not allowed|never|cannot|nowhere|missing",
            fault,
        )


def test_a_faulty_metric_is_not_called_missing_too() -> None:
    one = re.sub(r"(?s)metric:.*?(?=space:)", "metric: {name: val_acc, mode: maximise}\n", GOOD)
    assert len(faults_of(one)) == 1


def test_all_faults_are_reported_at_once_in_their_order() -> None:
    text = GOOD
    for old, new in (
        ("name: digits", "name: my digits"),
        ("mode: max", "mode: up"),
        ("low: 1e-5", "low: 1"),
        ("values: [adam, sgd]", "value: [adam, sgd]"),
        ("layers * lr <= 0.5", "layers * lrr <= 0.5"),
        ("trials: 20", "trials: 0"),
        ("stop: fifo", "stop: none"),
        ("memory: 8GiB", "memory: a lot"),
        ("executor: local", "executor: clod"),
        ("-m={momentum}", "-m={momentun}"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    fields = [fault.split(": ")[1] for fault in faults_of(text)]
    assert fields == [
        "name",
        "command[5]",
        "metric[0].mode",
        "space.lr.low",
        "space.opt.value",
        "constraints[0]",
        "search.trials",
        "stop",
        "limits.memory",
        "executor",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match=r"none\.yaml: cannot be read: No such file"):
        load_file(tmp_path / "none.yaml")
    with pytest.raises(ExperimentError, match="cannot be read: Is a directory"):
        load_file(tmp_path)


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "just text\n"])
def test_a_file_without_keys_is_told_what_belongs_in_it(text: str) -> None:
    assert "expected keys such as name, command, metric and space" in faults_of(text)[0]


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("search.trials=many", "search.trials: expected a whole number, found 'many'"),
        ("search.trails=3", "search.trails: tpe_search has no such setting; did you mean trials?"),
        ("space.lr.high=1e-9", "space.lr.low: must be below high; found low 1e-05, high 1e-09"),
        ("metric.mode=min", "metric.mode: metric is a list of 2; write metric[0]"),
        ("metric[5].mode=min", "metric[5].mode: metric is a list of 2; write metric[0]"),
        ("stop.min_steps=3", "stop.min_steps: stop is 'fifo', which has no min_steps"),
        ("search.trials", "expected key=value, found 'search.trials'"),
        ("space.lr={type: float", "space.lr: not YAML: expected ',' or '}'"),
        ("name=!!python/name:os.system", "name: the tag !!python/name:os.system is not allowed"),
    ],
)
def test_a_fault_of_an_override_names_the_override(override: str, fault: str) -> None:
    (found,) = faults_of(GOOD, override)
    # Where the override only brings a fault to light, the place of the other value is as good.
    assert found.removeprefix(f"--set {override}: ").endswith(fault) or fault in found


def test_overrides_take_the_place_of_what_the_file_says() -> None:
    experiment = load_text(
        GOOD,
        "search.yaml",
        [
            "search.trials=50",
            "space.lr.high=0.5",
            "metric[0].name=acc",
            "limits.memory=",
            "stop={}",
        ],
    )
    assert experiment.search.trials == 50
    assert experiment.space.params["lr"].high == 0.5  # type: ignore[union-attr]
    assert experiment.objective.name == "acc"
    assert experiment.limits.memory is None


def test_overrides_reach_names_with_dots_and_make_new_sections() -> None:
    text = "name: a\ncommand: x\nmetric: {name: m, mode: min}\n"
    text += "space: {optim.lr: {type: float, low: 0, high: 1}}\n"
    overrides = ["space.optim.lr.high=2", "resources.gpus=0.5"]
    experiment = load_text(text, "search.yaml", overrides)
    assert experiment.space.params["optim.lr"].high == 2.0  # type: ignore[union-attr]
    assert experiment.resources.gpus == 0.5


def test_an_unknown_strategy_is_told_what_there_is() -> None:
    (fault,) = faults_of(GOOD.replace("tpe_search, gamma: 0.25", "bohb"))
    assert "there is no strategy 'bohb'; there are auto, " in fault


JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2.5, float("nan"), float("inf"), 10**90, "", "lr", "{lr}"),
    *("{zzz}", "a b", "lr > 1", "1 +", "(((", "tpe_search", "-1h", "9" * 200 + "s", "sgd", "'"),
    *([], [[]], ["a"], [None], [1, 2], {}, {"a": 1}, {"name": "a"}, [{"name": "a"}]),
    *({"type": "x"}, {"low": 1}, {"": ""}, {"ray": None}, [{"opt": "sgd"}], "lr ** lr ** 9999"),
)


def spoil(data: Any, steps: list[int], junk: Any, key: str) -> None:
    """Follow `steps` into nested data and put junk there, or a new key beside it."""
    for step in steps[:-1]:
        children = list(data) if isinstance(data, dict) else list(range(len(data)))
        inner = data[children[step % len(children)]]
        if not isinstance(inner, dict | list) or not inner:
            break
        data = inner
    if isinstance(data, dict) and steps[-1] % 3 == 0:
        data[key] = junk
    elif isinstance(data, dict):
        data[list(data)[steps[-1] % len(data)]] = junk
    else:
        data[steps[-1] % len(data)] = junk


@given(
    changes=st.lists(
        st.tuples(
            st.lists(st.integers(0, 20), min_size=1, max_size=5),
            st.sampled_from(JUNK),
            st.sampled_from(
                ["x", "name", "low", "values", "when", "trials", "rule", "append", "env"]
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_spoilt_data_is_refused_or_good_and_never_a_crash(changes: list[Any]) -> None:
    data = parse(GOOD, "f.yaml").data
    for steps, junk, key in changes:
        spoil(data, steps, copy.deepcopy(junk), key)
    try:
        experiment = from_dict(data, "/nowhere")
    except ExperimentError as error:
        assert error.faults
    else:
        warnings_of(experiment)


@given(
    position=st.integers(0, len(GOOD) - 1), text=st.sampled_from(list("{}[]:,'\"\n\t #&*!|>%@é0"))
)
def test_a_slip_of_the_finger_is_refused_with_a_place_or_harmless(position: int, text: str) -> None:
    try:
        load_text(GOOD[:position] + text + GOOD[position + 1 :], "/nowhere/search.yaml")
    except ExperimentError as error:
        assert all(fault.line >= 1 and "\n" not in str(fault) for fault in error.faults)


def test_values_are_shown_as_users_write_them() -> None:
    assert show(True) == "true"
    assert len(show("x" * 1000)) <= 80


def test_a_search_with_several_objectives_never_stops_by_advice() -> None:
    text = GOOD.replace("mode: min}", "mode: min, objective: true}")
    text = text.replace("seed: 1}", "seed: 1, stop_when: negligible}")
    (fault,) = faults_of(text)
    assert "search.stop_when: expected never with several objectives" in fault
