"""Whether the program of an experiment can be started on this machine at all."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autosearch.experiment.command import missing_variables, unset, working_folder
from autosearch.experiment.faults import Problem, meant
from autosearch.experiment.model import Experiment
from autosearch.experiment.placeholders import names_in
from autosearch.experiment.source import Keys

# Programs whose first word, unless it is an option, is the script that they run.
_INTERPRETERS = ("python", "python3", "bash", "sh", "perl", "ruby", "node", "Rscript", "julia")
_PYTHON = re.compile(r"python[0-9.]*")
_NO_MODULE = "ModuleNotFoundError"
_INTERPRETER = re.compile(rf"({'|'.join(_INTERPRETERS)})[0-9.]*")


def start_problems(
    experiment: Experiment, environ: Mapping[str, str], *, listed: bool
) -> Iterator[Problem]:
    """Yield what would let every trial fail at its start: no program, no script, no secret.

    environ: that of the trials. listed: the command is written as a list of words. What a
    placeholder, a shell or another machine decides is left to the trial.
    """
    for name, source in missing_variables(experiment, environ).items():
        yield Problem(("env", name, "from_env"), unset(source))
    command = experiment.command
    if not command or experiment.shell or experiment.executor.name != "local":
        return
    here = None if experiment.workdir == "trial" else working_folder(experiment)
    path = None if "PATH" in experiment.env else environ.get("PATH", os.defpath)
    problem = _program(command[0], here, path)
    if not problem and here is not None:
        problem = _script(command, here)
        if problem:
            yield Problem(_place(1, listed), problem)
    elif problem:
        yield Problem(_place(0, listed), problem)


def _place(word: int, listed: bool) -> Keys:
    return ("command", word) if listed else ("command",)


def _program(word: str, here: Path | None, path: str | None) -> str:
    if names_in(word):
        return ""
    if "/" in word:
        if here is None and not word.startswith("/"):
            return ""
        return _file_problem((here or Path()) / word)
    if path is None or shutil.which(word, path=path):
        return ""
    if here is not None and (here / word).is_file():
        return f"there is no program {word} in PATH; did you mean ./{word}?"
    known = [name for name in _INTERPRETERS if shutil.which(name, path=path)]
    hint = meant(word, known)
    if _PYTHON.fullmatch(word):
        hint += " Or activate" if hint else "; activate"
        hint += " the environment that your program needs"
    hint = hint or "; expected e.g. python train.py"
    return f"there is no program {word} in PATH{hint}"


def with_interpreter(reason: str, experiment: Experiment, environ: Mapping[str, str]) -> str:
    """Return why a trial failed, with the Python that ran it where that lacks a module.

    environ: that of the trials. What a placeholder, a shell or another machine decided is not told.
    """
    decided_here = not experiment.shell and experiment.executor.name == "local"
    if _NO_MODULE not in reason or not decided_here or "PATH" in experiment.env:
        return reason
    word = experiment.command[0] if experiment.command else ""
    program = shutil.which(word, path=environ.get("PATH", os.defpath))
    if program is None or not _PYTHON.fullmatch(Path(word).name):
        return reason
    return (
        f"{reason} (it was run by {program}: activate the environment that has the module, or "
        "begin the command with that environment's python)"
    )


def _file_problem(file: Path) -> str:
    if not file.is_file():
        return f"there is no program {file}{_similar(file)}"
    if not os.access(file, os.X_OK):
        return f"{file} cannot be executed; chmod +x it, or name its interpreter before it"
    return ""


def _script(command: Sequence[str], here: Path) -> str:
    if not _INTERPRETER.fullmatch(Path(command[0]).name) or len(command) < 2:
        return ""
    script = command[1]
    if script.startswith("-") or names_in(script) or (here / script).exists():
        return ""
    return f"there is no file {here / script}{_similar(here / script)}"


def _similar(file: Path) -> str:
    try:
        names = [entry.name for entry in file.parent.iterdir()]
    except OSError:
        names = []
    return meant(file.name, names) or "; paths start at the YAML file's folder, or at workdir"
