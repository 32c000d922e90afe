"""Real searches as separate processes, to be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from autosearch.executors.base import MARKER
from autosearch.snapshot import snapshot

# A program with a child of its own; it notes in a file, beside its output, that it ended by itself.
TRIAL = """\
echo "start $AUTOSEARCH_TRIAL" >> "$1/starts"
(sleep 30; echo never) &
child=$!
sleep 0.05
echo "loss=$2"
sleep 0.05
kill $child
echo "end $AUTOSEARCH_TRIAL" >> "$1/ends"
"""


def write_search(folder: Path, *, trials: int, parallel: int = 1, **search: Any) -> Path:
    """Write a small search whose trials take a tenth of a second, and return its YAML file."""
    (folder / "trial.sh").write_text(TRIAL)
    document = {
        "name": "small",
        "command": ["sh", "trial.sh", str(folder), "{x}"],
        "metric": {"name": "loss", "mode": "min"},
        "space": {
            "x": {"type": "float", "low": 0, "high": 1},
            "kind": {"type": "choice", "values": ["a", "b"]},
        },
        "append": [],
        "env": {"KIND": "{kind}"},
        "search": {"trials": trials, "parallel": parallel, "strategy": "tpe_search", **search},
        "limits": {"grace": 1},
    }
    path = folder / "search.yaml"
    path.write_text(json.dumps(document))
    return path


def start(path: Path, study: Path, *more: str) -> "subprocess.Popen[bytes]":
    """Start `autosearch run` in a session of its own, its output thrown away."""
    return subprocess.Popen(
        [sys.executable, "-m", "autosearch", "run", str(path), "--dir", str(study), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill the driver alone, at once."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def left_over(study_id: str) -> list[int]:
    """Return the living processes that belong to a study's trials."""
    wanted = f"{MARKER}={study_id}/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z" and wanted in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until_gone(study_id: str, deadline_s: float) -> list[int]:
    """Return what of a study's trials still lives after up to `deadline_s` seconds."""
    end = time.monotonic() + deadline_s
    while left := left_over(study_id):
        if time.monotonic() > end:
            return left
        time.sleep(0.05)
    return []


def finish(path: Path, study: Path) -> int:
    """Run the search to its end and return the exit code."""
    return start(path, study).wait()


def rows(study: Path) -> list[dict[str, Any]]:
    """Return what `autosearch trials --json` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "autosearch", "trials", str(study), "--json"],
        capture_output=True,
        check=True,
    )
    parsed: list[dict[str, Any]] = json.loads(done.stdout)
    return parsed


def study_id(study: Path) -> str:
    """Return a study's id."""
    return snapshot(study, measurements=False).study
