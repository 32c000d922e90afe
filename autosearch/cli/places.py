"""From the words of a command line to a study's folder and its trials."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from autosearch.errors import InputError

if TYPE_CHECKING:
    from autosearch.result import Result
    from autosearch.trial import Trial


def add_dir(parser: argparse.ArgumentParser) -> None:
    """Add the argument DIR."""
    parser.add_argument("dir", metavar="DIR", help="the study's folder, or its YAML file")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option --json."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def study_folder(text: str) -> Path:
    """Return the study's folder that is meant: a folder, or the default one of a YAML file."""
    path = Path(text)
    if not path.is_file():
        return path
    from autosearch.api import default_folder, experiment_of

    return default_folder(experiment_of(path))


def read(text: str, *, measurements: bool = False) -> "Result":
    """Return a study as it is now. measurements: of ended trials too, not only of running ones.

    Raises StoreError where there is no study, InputError where DIR is a faulty YAML file.
    """
    from autosearch.result import Result
    from autosearch.snapshot import snapshot

    folder = study_folder(text)
    return Result(snapshot(folder, measurements=measurements), folder)


def trial_of(result: "Result", number: int) -> "Trial":
    """Return the trial `number`; raises InputError where there is none."""
    if not 0 <= number < len(result.trials):
        count = len(result.trials)
        there_are = f"there are 0 to {count - 1}" if count else "there are none yet"
        raise InputError(f"{result.folder}: there is no trial {number}; {there_are}")
    return result.trials[number]


def named_trial(result: "Result", word: str) -> "Trial":
    """Return the trial that is meant: a number, `best` or `recommended`.

    Raises InputError where there is no such trial.
    """
    if word not in ("best", "recommended"):
        try:
            return trial_of(result, int(word))
        except ValueError:
            message = f"expected a trial's number, `best` or `recommended`, found {word!r}"
            raise InputError(message) from None
    if result.best is None:
        from autosearch.analysis import none_feasible

        none = none_feasible(result.state.history, tuple(result.state.outline.bounds.values()))
        raise InputError(f"{result.folder}: {none or 'no trial has a value yet'}")
    if word == "best":
        return result.best
    if result.state.outline.several:
        raise InputError("with several objectives no single trial is recommended; see `trials`")
    found = result.recommend()
    assert found is not None
    return found.trial
