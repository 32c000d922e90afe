"""Studies made of records alone, for the report to show."""

import math
import random

from autosearch.records import Asked, Described, Ended, Record, Said, Started
from autosearch.snapshot import Snapshot, take_snapshot

MARKUP = "<script>document.title='owned'</script>\"'&<b>"


def study(
    trials: int = 40, *, text: str = "m", mode: str = "min", fails: bool = True, seed: int = 0
) -> Snapshot:
    """Return a study whose every text that a program or user can choose holds `text`."""
    rng = random.Random(seed)
    metric = f"loss{text}"
    experiment = {
        "name": "example",
        "description": text,
        "command": ["python", "train.py", text],
        "metric": [
            {"name": metric, "mode": mode, "reduce": "last"},
            {"name": "other", "mode": "max"},
        ],
        "space": {
            "lr": {"type": "float", "low": 1e-5, "high": 0.1, "scale": "log"},
            "batch": {"type": "int", "values": [16, 32, 64]},
            "n": {"type": "int", "low": 1, "high": 8},
            "opt": {"type": "choice", "values": ["adam", text]},
            "momentum": {"type": "float", "low": 0, "high": 1, "when": {"opt": text}},
            "flag": {"type": "bool"},
        },
        "search": {"trials": max(trials, 1), "parallel": 2},
    }
    records: list[Record] = [
        Described("c0ffee", experiment, 1.7e9, "/tmp", version="0.1.0"),
        Said(1.7e9, "opened", ""),
        Said(1.7e9, "warning", f"beware of {text}"),
    ]
    for number in range(trials):
        params = {
            "lr": 10 ** rng.uniform(-5, -1),
            "batch": rng.choice([16, 32, 64]),
            "n": rng.randint(1, 8),
            "opt": rng.choice(["adam", text]),
            "flag": rng.random() < 0.5,
        }
        if params["opt"] == text:
            params["momentum"] = rng.random()
        at = 1.7e9 + number
        records.append(Asked(number, params, at, origin=text))
        records.append(Started(number, 1, at, f"python train.py {text} --n={params['n']}"))
        loss = (math.log10(params["lr"]) + 2.5) ** 2 + rng.random()
        if fails and number % 7 == 3:
            records.append(
                Ended(number, 1, at + 3, "failed", reason=f"exit code 1: {text}", seconds=2.0)
            )
            continue
        metrics = {metric: -loss if mode == "max" else loss, "other": math.nan}
        records.append(Ended(number, 1, at + 3, "completed", (loss,), metrics, seconds=2.5))
    records.append(Said(1.7e9 + trials, "finished", text, details={"ending": "complete"}))
    return take_snapshot(records)
