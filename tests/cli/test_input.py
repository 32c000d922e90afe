"""Wrong words never end in a traceback."""

import contextlib
import io
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autosearch.cli import main
from autosearch.cli.commands import COMMANDS
from tests.cli.program import autosearch, environment, project

# Whole commands in processes of their own.
pytestmark = pytest.mark.slow

WORDS = [
    *COMMANDS, "--help", "--json", "--dir", "--set", "x=1", "search.trials=0", "--param", "a=1..2",
    "--metric", "loss", "--max", "--min", "--command", "", "-", "--", "-1", "0", "nosuch.yaml", ".",
    "/dev/null", "/proc/self/mem", "é\udcff", "x" * 300, "--log", "--yes", "--all", "--trials",
    "--ray", "1e9", "--tail", "--grep", "(", "--state", "-f", "-v", "--out", "/nowhere/x",
    "--version",
]  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=6))
def test_any_words_end_with_a_documented_code(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    assert code in (0, 2, 3, 4, 5, 6, 7), (words, err.getvalue())
    assert "Traceback" not in err.getvalue()
    assert "unexpected" not in err.getvalue()
    if code == 2:
        assert err.getvalue().strip()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ([], "a command is missing"),
        (["trails", "."], "did you mean trials?"),
        # A file behind --ray is the experiment's, not the address of a cluster.
        (["run", "--ray", "lease.json"], "lease.json:1:1: the file"),
        (["trials", ".", "--state", "faled"], "did you mean failed?"),
        (["strategies", "tpe"], "did you mean tpe_search?"),
        (["run", "missing.yaml"], "missing.yaml"),
        (["status", "nowhere"], "there is no study here"),
        (["show", ".", "x"], "expected a trial's number, `best` or `recommended`"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(
    words: list[str], hint: str, tmp_path: Path, copied: Path
) -> None:
    ran = autosearch(*words, cwd=copied)
    assert ran.returncode in (2, 6)
    assert hint in ran.stderr


def test_a_study_where_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    # A file where a folder should be: the superuser may write anywhere else.
    (tmp_path / "runs").write_text("")
    ran = autosearch("run", project(tmp_path))
    assert ran.returncode == 6
    assert "cannot be created" in ran.stderr


def test_a_long_path_is_refused_or_works(tmp_path: Path) -> None:
    ran = autosearch("run", project(tmp_path), "--dir", tmp_path / ("d" * 300))
    assert ran.returncode == 6
    assert "Traceback" not in ran.stderr


def test_an_unexpected_error_is_short_and_its_place_can_be_seen(tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise ZeroDivisionError('broken installation')")
    broken = environment()
    broken["PYTHONPATH"] = os.pathsep.join([str(tmp_path), broken["PYTHONPATH"]])
    file = project(tmp_path)
    ran = autosearch("run", file, env=broken)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[0] == "autosearch: ZeroDivisionError: broken installation"
    assert "Traceback" not in ran.stderr
    assert "Traceback" in autosearch("-v", "run", file, env=broken).stderr


def test_the_module_and_the_command_are_the_same(tmp_path: Path) -> None:
    code = "from autosearch.cli import main; raise SystemExit(main(['strategies']))"
    import sys

    by_code = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert by_code.stdout == autosearch("strategies").stdout
