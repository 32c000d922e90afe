"""Small studies whose trials leave a trace of every start and every end."""

from pathlib import Path
from typing import Any

from autosearch.experiment import from_dict
from autosearch.experiment.model import Experiment

# Appends a line when it starts and one when it ends: what ran, and how often, cannot be denied.
TRIAL = """\
echo "start $AUTOSEARCH_TRIAL_NUMBER" >> trace
{body}
echo "loss=$1"
echo "end $AUTOSEARCH_TRIAL_NUMBER" >> trace
"""


def study_of(folder: Path, body: str = ":", **changes: Any) -> Experiment:
    """Return an experiment in `folder`. body: what a trial does between its start and its end."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "trial.sh"
    script.write_text(TRIAL.format(body=body))
    document: dict[str, Any] = {
        "name": "small",
        "command": ["sh", "trial.sh", "{x}"],
        "metric": {"name": "loss", "mode": "min", "regex": "loss=(.+)"},
        "space": {"x": {"type": "float", "low": 0.0, "high": 1.0}},
        "search": {"strategy": "random", "trials": 4, "parallel": 2, "seed": 1},
        "limits": {"grace": 5.0},
    }
    for key, value in changes.items():
        merged = isinstance(value, dict) and isinstance(document.get(key), dict)
        document[key] = {**document[key], **value} if merged else value
    return from_dict(document, folder=folder)


def traces(folder: Path, word: str) -> list[int]:
    """Return the numbers of the trials that have left `word` ("start" or "end"), in order."""
    trace = folder / "trace"
    if not trace.exists():
        return []
    lines = [line.split() for line in trace.read_text().splitlines()]
    return [int(number) for found, number in lines if found == word]
