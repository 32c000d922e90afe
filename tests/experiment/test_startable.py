"""What would let every trial fail at its start is said before the first, with its place."""

import os
from pathlib import Path

import pytest

from autosearch.errors import ExperimentError
from autosearch.experiment import Experiment, load_file
from autosearch.experiment.startable import with_interpreter

SEARCH = """\
name: t
command: {command}
metric: {{name: acc, mode: max}}
space: {{lr: {{type: float, low: 0, high: 1}}}}
"""


def loaded(folder: Path, command: str, more: str = "", **environ: str) -> Experiment:
    path = folder / "search.yaml"
    path.write_text(SEARCH.format(command=command) + more, encoding="utf-8")
    return load_file(path, environ={"PATH": os.environ["PATH"], **environ})


@pytest.mark.parametrize(
    ("command", "more", "expected"),
    [
        (
            "pyhton3 train.py",
            "",
            "2:10: command: there is no program pyhton3 in PATH; did you mean",
        ),
        ("[sh, trian.sh]", "", "2:15: command[1]: there is no file HERE/trian.sh; did you mean"),
        (
            "./trian.sh",
            "",
            "2:10: command: there is no program HERE/trian.sh; did you mean train",
        ),
        ("./train.sh", "", "2:10: command: HERE/train.sh cannot be executed; chmod"),
        ("train.sh", "", "did you mean ./train.sh?"),
        ("sh train.sh", "workdir: sub\n", "there is no file HERE/sub/train.sh; paths start at"),
        ("sh train.sh", "env: {A: {from_env: GONE}}\n", "5:21: env.A.from_env: the environment "),
        ("/nowhere/python x", "workdir: trial\n", "there is no program /nowhere/python"),
    ],
)
def test_what_cannot_start_is_refused(
    tmp_path: Path, command: str, more: str, expected: str
) -> None:
    (tmp_path / "train.sh").touch(mode=0o644)
    (tmp_path / "sub").mkdir()
    with pytest.raises(ExperimentError) as caught:
        loaded(tmp_path, command, more)
    assert expected.replace("HERE", str(tmp_path)) in str(caught.value)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("sh train.sh", "env: {A: {from_env: KNOWN}}\n"),
        ("sh -c true", ""),
        ("sh '{folder}/train.sh'", ""),
        ("'{folder}/train'", ""),
        ("sh train.sh", "workdir: sub\nfiles: {train.sh: train.sh}\nexecutor: ray\n"),
        ("sh rendered.sh", "workdir: trial\nfiles: {rendered.sh: train.sh}\n"),
        ("./rendered.sh", "workdir: trial\nfiles: {rendered.sh: train.sh}\n"),
        ("elsewhere", "env: {PATH: /opt/somewhere}\n"),
        ("elsewhere", "executor: ray\n"),
        ("elsewhere | wc", "shell: true\n"),
    ],
)
def test_what_only_the_trial_can_know_is_left_to_it(
    tmp_path: Path, command: str, more: str
) -> None:
    (tmp_path / "train.sh").touch()
    (tmp_path / "sub").mkdir()
    assert loaded(tmp_path, command, more, KNOWN="1").name == "t"


def program_in(folder: Path, name: str) -> str:
    """Return a PATH that holds one program, which does nothing."""
    folder.mkdir()
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)
    return str(folder)


def test_where_only_python3_is_there_both_ways_out_are_named(tmp_path: Path) -> None:
    path = program_in(tmp_path / "bin", "python3")
    with pytest.raises(ExperimentError) as caught:
        loaded(tmp_path, "python -m train", PATH=path)
    assert "no program python in PATH; did you mean python3?" in str(caught.value)
    assert "? Or activate the environment" in str(caught.value)


def test_a_module_that_is_missing_names_the_python_that_ran(tmp_path: Path) -> None:
    path = program_in(tmp_path / "bin", "python3")
    experiment = loaded(tmp_path, "python3 -m train", PATH=path)
    reason = "exit code 1: ModuleNotFoundError: No module named 'torch'"
    told = with_interpreter(reason, experiment, {"PATH": path})
    assert told.startswith(f"{reason} (it was run by {path}/python3: activate")
    assert with_interpreter("exit code 1", experiment, {"PATH": path}) == "exit code 1"
    for command, more in [
        ("sh x", ""),
        ("python3 x", "shell: true\n"),
        ("python3", "env: {PATH: /x}\n"),
    ]:
        (tmp_path / "x").touch()
        other = loaded(tmp_path, command, more)
        assert with_interpreter(reason, other, {"PATH": path}) == reason
