"""The command line in processes of its own, and a small shell program for it to tune."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from autosearch.cli import main

ROOT = Path(__file__).parents[2]
# Prints three losses; --opt=bad fails. No Python: it starts at once.
PROGRAM = """\
for word; do
  case $word in
    --x=*) x=${word#--x=} ;;
    --opt=*) opt=${word#--opt=} ;;
  esac
done
if [ "$opt" = bad ]; then
  echo "loading data"
  echo "ValueError: opt is bad" >&2
  exit 3
fi
awk -v x="$x" 'BEGIN {
  for (i = 1; i <= 3; i++) printf "epoch %d loss: %.6f\\n", i, (x - 0.3)^2 + 1 / i
}'
"""
SLOW = 'for i in 1 2 3 4 5 6 7 8 9; do echo "loss: 0.$i"; sleep 0.1; done; sleep 60\n'
# The same, deaf to any request to end.
DEAF = f"trap '' TERM INT\n{SLOW}"
SEARCH = """\
name: small
command: sh train.sh
metric: {name: loss, mode: min}
space:
  x: {type: float, low: 0.0, high: 1.0}
  opt: {type: choice, values: [adam, bad]}
search: {strategy: random, trials: 8, parallel: 2, seed: 1}
limits: {consecutive_failures: 8, grace: 1s}
"""


def project(folder: Path, program: str = PROGRAM, search: str = SEARCH) -> Path:
    """Write a program and its search.yaml; return the latter's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.sh").write_text(program)
    (folder / "search.yaml").write_text(search)
    return folder / "search.yaml"


def words_of(*words: object) -> list[str]:
    return [sys.executable, "-m", "autosearch", *map(str, words)]


def autosearch(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    options = {"capture_output": True, "timeout": 120, "text": True, "env": environment()} | options
    return subprocess.run(words_of(*words), check=False, **options)


def started(*words: object, **options: Any) -> subprocess.Popen[str]:
    """Start a command."""
    return subprocess.Popen(
        words_of(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        **options,
    )


def strict(text: str) -> Any:
    """Return what JSON text holds; fails on NaN and the like, as strict parsers do."""

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def asked(*words: object) -> Any:
    """Return what a command answers with --json, run in this process, which takes no time."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main([*map(str, words), "--json"]) == 0
    return strict(out.getvalue())


def wait_for(condition: Any, what: str, deadline_s: float = 60) -> None:
    give_up_at = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < give_up_at, f"waited in vain for {what}"
        time.sleep(0.05)


def is_running(folder: Path) -> bool:
    """Return whether a first trial in a study has printed something."""
    log = folder / "trials" / "0000" / "attempt-1" / "output.log"
    return log.exists() and log.stat().st_size > 0


def carriers(folder: Path) -> list[str]:
    """Return the commands of the processes that belong to a study's trials."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if f"AUTOSEARCH_TRIAL_DIR={folder}".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def environment(**more: str) -> dict[str, str]:
    """Return the environment in which the package is found from any folder."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}
