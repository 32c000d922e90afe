"""What would let every trial fail at its start is said before the first, with its place."""

import os
from pathlib import Path

import pytest

from autosearch.errors import ExperimentError
from autosearch.experiment import Experiment, load_file

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
