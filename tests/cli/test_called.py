"""What the command line says of studies whose trials are calls of a function."""

from pathlib import Path

import pytest

import autosearch as au
from tests.cli.program import asked, autosearch

# Whole commands in processes of their own.
pytestmark = pytest.mark.slow
SPACE = {"x": au.Float(0, 1)}
WAY_ON = "go on there: minimize(…, dir=…) or Study(…, dir=…)"


def test_a_study_that_python_asks_is_open_and_no_program_of_it_is_run(tmp_path: Path) -> None:
    folder = tmp_path / "asked"
    with au.Study(SPACE, strategy="random", dir=folder) as study:
        first, _ = study.ask(2)
        study.tell(first, 1.0)
    assert asked("status", folder)["state"] == "open"
    text = autosearch("status", folder).stdout
    assert WAY_ON in text and "autosearch resume" not in text
    for more in ([], ["--trials", 9]):
        refused = autosearch("resume", folder, *more)
        assert refused.returncode == 2
        assert WAY_ON in refused.stderr
    assert [t["state"] for t in asked("trials", folder)] == ["completed", "running"]
    assert WAY_ON in autosearch("stop", folder).stdout


def test_a_minimisation_that_ended_goes_on_in_python(tmp_path: Path) -> None:
    folder = tmp_path / "called"
    au.minimize(lambda p: float(p["x"]), SPACE, trials=3, strategy="random", dir=folder)
    shown = autosearch("resume", folder)
    assert shown.returncode == 0
    assert WAY_ON in shown.stdout
    assert "Reproduce" not in shown.stdout and "autosearch resume" not in shown.stdout
