"""What differs between two experiments, and what may differ within one study."""

from typing import Any

import pytest

from autosearch.experiment import Experiment, differences, extends, load_text
from tests.experiment.mutations import GOOD

OLD = load_text(GOOD, "/nowhere/search.yaml")


def changed(*overrides: str) -> Experiment:
    return load_text(GOOD, "/nowhere/search.yaml", overrides)


def test_an_experiment_does_not_differ_from_itself_elsewhere() -> None:
    moved = load_text(GOOD, "/elsewhere/other.yaml")
    assert differences(OLD, moved) == []
    assert extends(OLD, moved) == ""


def test_differences_are_named_field_by_field() -> None:
    new = changed(
        "search.trials=50",
        "space.lr.high=1",
        "space.opt.values=[adam, lion]",
        "space.momentum.when={opt: lion}",
        "skip=[{opt: lion}]",
        "metric[1].mode=max",
        "limits.memory=",
        "search.gamma=0.5",
        "executor=ray",
    )
    assert differences(OLD, new) == [
        "metric[1].mode: 'min' → 'max'",
        "space.lr.high: 0.1 → 1.0",
        "space.opt.values: ['adam', 'sgd'] → ['adam', 'lion']",
        "space.momentum.when.opt: 'sgd' → 'lion'",
        "skip[0].opt: 'sgd' → 'lion'",
        "skip[0].layers: 8 → not given",
        "search.strategy[0].gamma: 0.25 → 0.5",
        "search.trials: 20 → 50",
        "limits.memory: 8589934592 → not given",
        "executor.local: {} → not given",
        "executor.ray: not given → {}",
    ]


@pytest.mark.parametrize(
    "overrides",
    [
        ["search.trials=21"],
        ["search.parallel=8", "executor=ray", "limits={}", "resources.cpus=4", "description=x"],
        ["space.lr.low=1e-6", "space.lr.high=1", "space.lr.scale=linear", "space.lr.default=0.5"],
        ["space.layers.low=0", "space.layers.high=100"],
        ["space.opt.values=[lion, sgd, adam]"],
        ["constraints=[]", "skip=[]"],
        ["search.stop_when=negligible"],
        ["confirm={top: 2, repeats: 5, seed_option: --seed}"],
    ],
)
def test_more_of_the_same_is_an_extension(overrides: list[str]) -> None:
    new = changed(*overrides)
    assert differences(OLD, new)
    assert extends(OLD, new) == ""


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (["search.trials=19"], "search.trials is fewer than before: 19 < 20"),
        (["search.seed=2"], "search.seed may not change within a study (1 → 2)"),
        (["search.gamma=0.3"], "search.strategy[0].gamma may not change"),
        (["metric[0].mode=min"], "metric[0].mode may not change"),
        (["command=prog"], "command may not change"),
        (["env.THREADS=3"], "env.THREADS may not change"),
        (["space.lr.high=0.05"], "space.lr can no longer be 0.1"),
        (["space.lr={type: float, values: [1e-5, 0.1]}"], "space.lr takes fewer values"),
        (["space.layers.low=2"], "space.layers can no longer be 1"),
        (["space.layers.step=7"], "space.layers can no longer be 2"),
        (["space.layers={type: float, low: 1, high: 8}"], "was of type int, and is float now"),
        (["space.momentum.when={opt: adam}"], "space.momentum exists under another condition"),
        (["space.new={type: bool}", "append='--{name}={value}'"], "append may not change"),
        (["constraints=['lr < 0.05']"], "constraints: lr < 0.05 is new"),
        (["skip=[{layers: 3}]"], "skip: {'layers': 3} is new"),
    ],
)
def test_what_would_make_other_trials_is_no_extension(overrides: list[str], reason: str) -> None:
    assert reason in extends(OLD, changed(*overrides))


def test_what_is_confirmed_may_change_and_how() -> None:
    old = changed("confirm={top: 2, repeats: 3, seed_option: --seed}")
    assert extends(old, changed("confirm={top: 5, repeats: 4, seed_option: --seed}")) == ""
    assert extends(old, OLD) == ""
    assert extends(old, changed("confirm={top: 2, repeats: 3, seed_option: -s}")) == ""
    assert extends(old, changed("confirm={top: 2, repeats: 3}")) == ""


def test_the_reference_of_an_objective_may_change() -> None:
    both = "metric=[{name: a, mode: max}, {name: b, mode: min, objective: true, reference: %s}]"
    old, new = changed(both % 3), changed(both % 4)
    assert differences(old, new) == ["metric[1].reference: 3.0 → 4.0"]
    assert extends(old, new) == ""


def test_parameters_come_and_go_only_with_a_new_study() -> None:
    def of(space: dict[str, Any]) -> Experiment:
        lines = "\n".join(f"  {name}: {entry}" for name, entry in space.items())
        text = f"name: t\ncommand: x\nmetric: {{name: m, mode: min}}\nspace:\n{lines}\n"
        return load_text(text, "/nowhere/s.yaml")

    one, two = of({"a": "{type: bool}"}), of({"a": "{type: bool}", "b": "{type: bool}"})
    assert "space.b is new" in extends(one, two)
    assert "space.b is gone" in extends(two, one)
    swapped = of({"b": "{type: bool}", "a": "{type: bool}"})
    assert differences(two, swapped) == ["space: order a, b → b, a"]


def test_a_value_of_another_type_is_a_difference() -> None:
    experiments = [
        load_text(
            GOOD.replace("values: [adam, sgd]", t).replace("opt: sgd", "opt: 2"), "/nowhere/s"
        )
        for t in ("values: [1, 2]", "values: [true, 2]")
    ]
    assert differences(*experiments) == ["space.opt.values: [1, 2] → [true, 2]"]
