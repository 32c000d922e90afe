"""Parameters reach a program by its command line, its environment and its files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from autosearch.errors import ExperimentError
from autosearch.experiment import Experiment, from_dict
from autosearch.experiment.command import Rendered, check_environment, render, show_command
from autosearch.experiment.documents import render_document

SPACE = {
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "scale": "log"},
    "opt": {"type": "choice", "values": ["adam", "it's $HOME"]},
    "nesterov": {"type": "bool", "when": {"opt": "it's $HOME"}},
}
PARAMS = {"lr": 1e-5, "opt": "it's $HOME", "nesterov": True}
FEWER = {"lr": 0.01, "opt": "adam"}


def experiment(folder: Path = Path("/tmp"), **given: Any) -> Experiment:
    fields = {"name": "t", "metric": {"name": "acc", "mode": "max"}, "space": SPACE}
    return from_dict({**fields, "command": "prog run", **given}, folder)


def rendered(
    params: dict[str, Any], folder: Path = Path("/tmp"), environ: Any = None, **given: Any
) -> Rendered:
    return render(
        experiment(folder, **given),
        params,
        trial_dir=Path("/runs/0007"),
        seed=42,
        number=7,
        environ=environ or {},
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ["--lr=1e-05", "--opt=it's $HOME", "--nesterov=True"]),
        ({"append": "{name}={value}"}, ["lr=1e-05", "opt=it's $HOME", "nesterov=True"]),
        (
            {"append": ["-{name}", "{value}"]},
            ["-lr", "1e-05", "-opt", "it's $HOME", "-nesterov", "True"],
        ),
        # What stands in the environment is not said twice.
        ({"env": {"LR": "{lr}"}}, ["--opt=it's $HOME", "--nesterov=True"]),
        # A placeholder for something else than a parameter changes nothing.
        (
            {"command": "prog run {trial_dir}/{seed} {number} {name}"},
            ["/runs/0007/42", "7", "t", "--lr=1e-05", "--opt=it's $HOME", "--nesterov=True"],
        ),
        (
            {"command": "prog run {lr} a{opt}b {{lr}} ${lr} {'x': {nesterov}}"},
            ["1e-05", "ait's $HOMEb", "{lr}", "${lr}", "{x:", "True}"],
        ),
        ({"command": ["prog", "run", "{lr}"], "append": "{name}:{value}"}, None),
    ],
)
def test_a_parameter_goes_where_its_placeholder_stands(
    given: dict[str, Any], words: list[str] | None
) -> None:
    words = words or ["1e-05", "opt:it's $HOME", "nesterov:True"]
    assert rendered(PARAMS, **given).command == ("prog", "run", *words)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["--lr={lr}", "{opt}", "--nesterov={nesterov}"], ["--lr=0.01", "adam"]),
        (["-n", "{nesterov}", "{lr}", "{opt}"], ["0.01", "adam"]),
        (["--verbose", "x", "{nesterov}", "{lr}", "{opt}"], ["--verbose", "x", "0.01", "adam"]),
        (["--a=b", "{nesterov}", "{lr}", "{opt}"], ["--a=b", "0.01", "adam"]),
    ],
)
def test_the_word_of_an_inactive_parameter_is_left_out_with_its_option(
    command: list[str], words: list[str]
) -> None:
    assert rendered(FEWER, command=["prog", "run", *command]).command == ("prog", "run", *words)


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        (True, True, ["--fast"]),
        (True, False, []),
        ("both", True, ["--fast"]),
        ("both", False, ["--no-fast"]),
        (None, False, ["--fast=False"]),
    ],
)
def test_flags_are_given_left_out_or_negated(flag: Any, value: bool, words: list[str]) -> None:
    space = {"fast": {"type": "bool"} | ({"flag": flag} if flag else {})}
    assert rendered({"fast": value}, space=space).command == ("prog", "run", *words)
    if flag:
        placed = rendered({"fast": value}, space=space, command=["prog", "run", "{fast}", "end"])
        assert placed.command == ("prog", "run", *words, "end")


def test_the_environment_holds_texts_secrets_and_nothing_of_inactive_parameters() -> None:
    env = {"LR": "{lr}", "OUT": "{trial_dir}/x", "N": "{nesterov}", "KEY": {"from_env": "SECRET"}}
    given = {"env": {**env, "OPT": "{opt}"}, "environ": {"SECRET": "s3cret", "OTHER": "1"}}
    done = rendered(FEWER, **given)
    assert done.env == {"LR": "0.01", "OUT": "/runs/0007/x", "KEY": "s3cret", "OPT": "adam"}
    assert done.command == ("prog", "run")
    assert "s3cret" not in show_command(done) + repr(done)
    assert 'KEY="$SECRET"' in show_command(done)


def test_a_secret_that_is_not_there_is_an_error_that_says_what_to_do() -> None:
    wanting = experiment(env={"TOKEN": {"from_env": "HF_TOKEN"}})
    with pytest.raises(ExperimentError, match=r"env\.TOKEN.*HF_TOKEN is not set.*export HF_TOKEN"):
        check_environment(wanting, {})
    check_environment(wanting, {"HF_TOKEN": ""})


def test_in_a_shell_values_are_quoted() -> None:
    done = rendered(PARAMS, shell=True, command="echo a | prog {opt} {lr}", append="{name}={value}",
                    space={k: {**v, "when": None} for k, v in SPACE.items()})  # fmt: skip
    assert done.shell
    assert done.command == ("""echo a | prog 'it'"'"'s $HOME' 1e-05 nesterov=True""",)


def test_where_a_trial_runs(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert rendered(PARAMS, tmp_path).cwd == tmp_path
    assert rendered(PARAMS, tmp_path, workdir="sub").cwd == tmp_path / "sub"
    assert rendered(PARAMS, tmp_path, workdir="trial").cwd == Path("/runs/0007")


def test_files_are_rendered_from_templates(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"lr": "{lr}", "opt": "{opt}", "keep": {"a": "{b}"}}')
    files = {"conf/settings.json": "t.json"}
    done = rendered(FEWER, tmp_path, files=files, append="--{name}={value}")
    assert json.loads(done.files["conf/settings.json"]) == {**FEWER, "keep": {"a": "{b}"}}
    assert done.command == ("prog", "run")


def test_the_shown_command_runs_the_same_program_when_pasted(tmp_path: Path) -> None:
    script = tmp_path / "it's a script.py"
    script.write_text("import os, sys; print(os.getcwd(), sys.argv[1:], os.environ['OPT'])")
    given = {"command": [sys.executable, script.name], "env": {"OPT": "<{opt}>"}}
    for shell in (False, True):
        if shell:
            given |= {"shell": True, "command": f'"{sys.executable}" "{script.name}"'}
        line = show_command(rendered(PARAMS, tmp_path, **given))
        out = subprocess.run(line, shell=True, capture_output=True, text=True, check=True).stdout
        assert out == f"{tmp_path} ['--lr=1e-05', '--nesterov=True'] <it's $HOME>\n"


JSON_TEMPLATE = """{"whole": "{v}", "bare": {v}, "part": "a {v} b", "off": "{off}",
\t"esc": "{{v}}", "other": {"x": "{unknown}"}, "quote": "\\"{v}\\""}"""
YAML_TEMPLATE = """\
# it's a comment with {v}
whole: "{v}"
single: '{v}'
bare: {v}
part: out/{v}/x
quoted: "é {v} \\u00e9"
off: {off}
flow: [ {v}, "{v}", {a: {v}} ]
other: {unknown}
esc: "{{v}}"
block: |
  {n} stays text
"""
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
values = st.one_of(
    st.booleans(), st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False),
    texts,
)  # fmt: skip


@given(value=values)
def test_any_value_arrives_in_json_as_itself(value: Any) -> None:
    known = {"v": value, "off": None}
    assert json.loads(render_document(JSON_TEMPLATE, "a.json", known)) == {
        "whole": value,
        "bare": value,
        "part": f"a {value} b",
        "off": None,
        "esc": "{v}",
        "other": {"x": "{unknown}"},
        "quote": f'"{value}"',
    }


@given(value=values)
def test_any_value_arrives_in_yaml_as_itself(value: Any) -> None:
    read = yaml.safe_load(
        render_document(YAML_TEMPLATE, "a.yaml", {"v": value, "off": None, "n": 3})
    )
    for key in ("whole", "single", "bare"):
        assert read[key] == value
        assert type(read[key]) is type(value)
    assert read["part"] == f"out/{value}/x"
    assert read["quoted"] == f"é {value} é"
    assert read[False] is None
    assert read["flow"] == [value, value, {"a": value}]
    assert read["other"] == {"unknown": None}
    assert read["esc"] == "{v}"
    assert read["block"] == "3 stays text\n"


def test_other_files_are_filled_in_as_text() -> None:
    template = "lr = {lr}\nflag = {flag}\nnone = {off}\nkeep = {other} {{lr}} ${lr} { lr }\n"
    known = {"lr": 1e-5, "flag": True, "off": None}
    assert render_document(template, "a.toml", known) == (
        "lr = 1e-05\nflag = True\nnone = \nkeep = {other} {lr} ${lr} { lr }\n"
    )


@pytest.mark.parametrize(
    ("name", "template", "message"),
    [
        ("a.json", None, "cannot be used: No such file"),
        ("a.json", b"\xff", "not UTF-8"),
        ("a.yaml", b"a: {lr}e3", "no YAML"),
        ("/etc/a.json", b"{}", "inside the trial's folder"),
        ("attempt-1/a.json", b"{}", "attempt-N"),
        ("a/../../b.json", b"{}", "no .."),
    ],
)
def test_files_that_cannot_be_rendered_are_faults(
    tmp_path: Path, name: str, template: bytes | None, message: str
) -> None:
    if template is not None:
        (tmp_path / "t").write_bytes(template)
    with pytest.raises(ExperimentError, match=message):
        experiment(tmp_path, files={name: "t"})
