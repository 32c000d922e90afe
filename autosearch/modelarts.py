"""ModelArts' words for what an engine knows: phases, and the table of trials."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

from autosearch.result import Result
from autosearch.status import Word
from autosearch.trial import Trial

PHASES: Mapping[Word, str] = {
    "waiting": "Pending",
    "running": "Running",
    "stopping": "Terminating",
    "completed": "Completed",
    "stopped": "Terminated",
    "failed": "Failed",
    # Nobody runs it at this moment, but it goes on by itself when its engine is back.
    "interrupted": "Pending",
    "error": "Abnormal",
}
_ENDED_WELL = ("completed", "stopped", "timed_out")
_FIRST = (
    *("", "done", "pid", "config", "trial_id", "training_iteration"),
    *("time_total_s", "worker_index", "reward_attr", "status"),
)


def trial_id(study: str, number: int) -> str:
    """Return the eight hex digits that name a trial of a study."""
    return hashlib.sha256(f"{study}/{number}".encode()).hexdigest()[:8]


def trial_table(result: Result) -> dict[str, Any]:
    """Return `header` and `data`, one row a trial: all cells are text, "" for what is not known,
    but `config`, which holds the params.
    """
    names = [metric.name for metric in result.experiment.metrics]
    header = [*_FIRST, *names, "best_reward"]
    return {"header": header, "data": [_row(trial, result, names) for trial in result.trials]}


def _row(trial: Trial, result: Result, names: list[str]) -> list[Any]:
    latest = {m.metric: m.value for m in trial.measurements} | dict(trial.metrics)
    objective = result.experiment.metrics[0] if names else None
    rewards = [m.value for m in trial.measurements if objective and m.metric == objective.name]
    finite = [value for value in rewards if math.isfinite(value)]
    best = max if objective and objective.mode == "max" else min
    value = result.value_of(trial)
    return [
        str(trial.number),
        str(trial.ended),
        "",
        {
            **trial.params,
            "trial_index": trial.number,
            **{f"param/{name}": value for name, value in trial.params.items()},
        },
        trial_id(result.state.study, trial.number),
        str(len(rewards)),
        _cell(trial.seconds),
        "0",
        _cell(value if trial.ended or not names else latest.get(names[0])),
        _status(trial),
        *(_cell(latest.get(name)) for name in names),
        _cell(best(finite, default=None)),
    ]


def _cell(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else str(value)


def _status(trial: Trial) -> str:
    if not trial.ended:
        return trial.state.upper()
    return "TERMINATED" if trial.state in _ENDED_WELL else "ERROR"
