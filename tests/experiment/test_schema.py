"""The JSON Schema that editors use says what the loader says, and is up to date."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from autosearch.experiment import from_dict, load_file, load_text
from autosearch.experiment.schema import DEFAULT_FILE, schema, schema_text
from autosearch.experiment.source import parse
from autosearch.experiment.templates import template_text
from tests.experiment.mutations import GOOD

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("**/*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(schema())


def valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(parse(text, "f.yaml").data))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_file_in_configs_is_fresh() -> None:
    # Written by `python -m autosearch.experiment.schema`.
    # As values, not as text: releases of pydantic write the same number as 0 or as 0.0.
    assert json.loads((ROOT / DEFAULT_FILE).read_text(encoding="utf-8")) == json.loads(
        schema_text()
    )


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.parent.name)
def test_every_example_is_valid_and_loads(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [e.message for e in VALIDATOR.iter_errors(parse(text, str(path)).data)] == []
    assert load_file(path).metrics


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.parent.name)
def test_every_example_names_the_schema_to_the_editor(path: Path) -> None:
    key, _, target = path.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")
    assert key == "# yaml-language-server: "
    assert (path.parent / target).resolve() == ROOT / DEFAULT_FILE


def test_the_good_experiment_and_the_template_are_valid() -> None:
    assert valid(GOOD)
    assert valid(template_text("search"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: digits", "nmae: digits"),
        ("name: digits", "name: my digits"),
        ("mode: max, ", ""),
        ("mode: max", "mode: up"),
        ("reduce: best", "reduce: mean"),
        ("type: int", "type: integer"),
        ("low: 1, high: 8", "low: 1"),
        ("low: 1, high: 8", "low: 1, high: eight"),
        ("values: [adam, sgd]", "value: [adam, sgd]"),
        ("scale: log", "scale: logarithmic"),
        ("trials: 20", "trails: 20"),
        ("trials: 20", "trials: 0"),
        ("gamma: 0.25", "gamma: 25"),
        ("tpe_search", "tpe"),
        ("stop: fifo", "stop: fofi"),
        ("executor: local", "executor: kubernetes"),
        ("trial_time: 1h30m", "trial_time: soon"),
        ("{from_env: HOME}", "{fromenv: HOME}"),
        ("nodes: 1", "nodes: 2"),
        ("cpus: 1", "cpu: 1"),
    ],
)
def test_what_an_editor_can_see_it_does_see(old: str, new: str) -> None:
    assert old in GOOD
    assert not valid(GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    "search",
    [
        "{strategy: [tpe_search, {name: anneal_search, shrink_coef: 0.2}], trials: 5}",
        "{strategy: {name: tpe_search, gamma: 0.2}}",
        "{strategy: grid, num_samples: 5}",
    ],
)
def test_every_way_to_name_strategies_is_valid(search: str) -> None:
    line = next(line for line in GOOD.splitlines() if line.startswith("search:"))
    assert valid(GOOD.replace(line, f"search: {search}"))


def test_settings_carry_their_help_and_default() -> None:
    properties: dict[str, Any] = json.loads(schema_text())["properties"]["search"]["properties"]
    assert properties["gamma"]["default"] == 0.25
    assert properties["gamma"]["description"].startswith("tpe_search: ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mode: min}", "at_most: 3}"),
        ("mode: min}", "at_least: -1.5, at_most: 3}"),
        ("mode: min}", "mode: min, objective: true, reference: 2}"),
        ("strategy: tpe_search, gamma: 0.25", "cost: seconds"),
    ],
)
def test_bounds_objectives_and_cost_are_valid_and_survive_being_stored(old: str, new: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    assert valid(text)
    experiment = load_text(text, "search.yaml")
    stored = experiment.to_dict()
    assert from_dict(stored, experiment.folder, stored=True) == experiment
