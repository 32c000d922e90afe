"""One experiment, sent by Python, as a YAML file, or through a job controller: same records."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import autosearch
from autosearch.experiment import from_dict
from autosearch.plugin import AutoSearchEngine
from autosearch.records import Described, Measured, Record
from autosearch.snapshot import snapshot
from autosearch.store import FileStore
from tests.contract.executors import wait_until
from tests.contract.reference_controller import FolderController

TRAIN = """\
import sys
given = dict(word[2:].split("=") for word in sys.argv[1:])
for epoch in range(int(given["epochs"])):
    print(f"epoch {epoch} loss={(float(given['lr']) - 0.3) ** 2 + 1 / (epoch + 1)}")
sys.exit(int(float(given["lr"]) > 0.9))
"""
DOCUMENT = {
    "name": "parabola",
    "command": [sys.executable, "train.py", "--epochs=3"],
    "metric": [{"name": "loss", "mode": "min", "regex": "loss=([0-9.e-]+)"}],
    "space": {"lr": {"type": "float", "low": 0.0, "high": 1.0, "scale": "auto", "default": 0.95}},
    "search": {"strategy": [{"name": "tpe_search", "n_initial_points": 3}], "trials": 6, "seed": 7},
}
JOB = {
    "id": "one",
    "name": "parabola",
    "boot_file": "train.py",
    "parameters": [
        {"name": "lr", "value": "0.95", "type": "Float"},
        {"name": "epochs", "value": "3", "type": "Integer"},
    ],
    "auto_search": {
        "search_params": [{"name": "lr", "lower_bound": "0.0", "upper_bound": "1.0"}],
        "reward_attrs": [{"name": "loss", "mode": "min", "regex": "loss=([0-9.e-]+)"}],
        "algo_configs": [
            {
                "name": "tpe_search",
                "params": [
                    {"key": "n_initial_points", "value": "3", "type": "Integer"},
                    {"key": "seed", "value": "7", "type": "Integer"},
                ],
            }
        ],
    },
    "search": {"trials": 6},
}
_TIMES = ("at", "seconds", "peak_memory", "study")


@pytest.mark.slow
def test_all_ways_in_leave_the_same_records(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "train.py").write_text(TRAIN)
    (code / "search.yaml").write_text(yaml.safe_dump(DOCUMENT))
    autosearch.run(code / "search.yaml", dir=tmp_path / "yaml")
    autosearch.run(from_dict(DOCUMENT, folder=code), dir=tmp_path / "python")
    controller = FolderController(tmp_path / "controller")
    engine = AutoSearchEngine(controller, tmp_path / "engine", poll_s=0.05)
    try:
        engine.submit({**JOB, "code_dir": str(code)})
        wait_until(lambda: engine.state("one")["phase"] == "Completed")
    finally:
        engine.close()
    by_yaml = told(tmp_path / "yaml")
    assert [r["kind"] for r in by_yaml].count("ended") == 6
    assert told(tmp_path / "python") == by_yaml
    assert told(tmp_path / "engine" / "one") == by_yaml
    assert curves(tmp_path / "python") == curves(tmp_path / "yaml")
    assert curves(tmp_path / "engine" / "one") == curves(tmp_path / "yaml")


def told(folder: Path) -> list[dict[str, Any]]:
    """Return the records without times and ids, and without how the log was cut into pieces."""
    store = FileStore(folder)
    records = [record for _, record in store.records(skip=(Measured.kind,))]
    store.close()
    return [_plain(record) for record in records]


def _plain(record: Record) -> dict[str, Any]:
    fields = {f.name: getattr(record, f.name) for f in dataclasses.fields(record)}
    plain = {name: value for name, value in fields.items() if name not in _TIMES}
    if isinstance(record, Described):
        plain["experiment"] = dict(record.experiment)
    return {"kind": record.kind, **plain}


def curves(folder: Path) -> list[list[tuple[str, float, int, int]]]:
    trials = snapshot(folder).history.trials
    return [[(m.metric, m.value, m.step, m.offset) for m in t.measurements] for t in trials]
