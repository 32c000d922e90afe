import subprocess
import sys
from pathlib import Path

import pytest

from autosearch.cli import main
from autosearch.cli.commands import COMMANDS

GOLDEN = Path(__file__).parents[1] / "golden" / "cli_help.txt"


def test_help_is_as_it_was(
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for words in ([], *([name] for name in COMMANDS)):
        assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(shown)
    assert shown == GOLDEN.read_text()


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from autosearch.cli import main\n"
        "from autosearch.cli.commands import COMMANDS\n"
        "heavy = {'numpy', 'pydantic', 'rich', 'yaml', 'regex', 'sqlite3', 'ray', 'asyncio'}\n"
        "for words in ([], *([name] for name in COMMANDS)):\n"
        "    main([*words, '--help'])\n"
        "    assert not heavy & set(sys.modules), (words, heavy & set(sys.modules))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
