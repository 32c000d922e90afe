import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.program import SLOW, asked, autosearch, is_running, project, started, wait_for


@dataclass(frozen=True)
class Done:
    """A study that ran to its end: what the run printed, and where it is."""

    file: Path
    folder: Path
    stdout: str
    stderr: str
    code: int


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    file = project(tmp_path_factory.mktemp("small"))
    ran = autosearch("run", file)
    return Done(file, file.parent / "runs" / "small", ran.stdout, ran.stderr, ran.returncode)


@pytest.fixture
def copied(done: Done, tmp_path: Path) -> Path:
    """A copy of the study that may be changed."""
    return Path(shutil.copytree(done.folder, tmp_path / "copy"))


def all_measured(folder: Path) -> bool:
    trials = asked("status", folder)["running"]
    return len(trials) == 2 and all(trial["values"] for trial in trials)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    """The folder of a study that somebody runs; its two trials take a minute."""
    file = project(tmp_path, program=SLOW)
    process = started("run", file)
    folder = tmp_path / "runs" / "small"
    try:
        wait_for(lambda: is_running(folder), "the first trial")
        wait_for(lambda: all_measured(folder), "the first values of both trials")
        yield folder
    finally:
        process.kill()
        process.communicate()
