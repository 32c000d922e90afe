"""Predictions handed over batch by batch, for loops that cannot hold all of them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluation.errors import InputError, OutputError

TMP_FILE_NAME = "evaluation_spool.jsonl"


def tmp_save(
    pred_list: Sequence[object],
    label_list: Sequence[object],
    name_list: Sequence[str],
    save_path: str | Path,
    file_name: str = TMP_FILE_NAME,
) -> Path:
    """Append a batch to the spool in `save_path` and return the spool's path.

    `analyse(..., pred_list=None, save_path=...)` reads it back; remove the file to start anew.
    """
    sizes = {len(pred_list), len(label_list)} | ({len(name_list)} if len(name_list) else set())
    if len(sizes) != 1:
        raise InputError(
            f"the batch has {len(pred_list)} predictions, {len(label_list)} labels and "
            f"{len(name_list)} names; they must describe the same samples"
        )
    batch = {
        "pred": [np.asarray(row).tolist() for row in pred_list],
        "label": np.asarray(label_list).tolist(),
        "name": [str(name) for name in name_list],
    }
    path = Path(save_path) / file_name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(batch, ensure_ascii=False) + "\n")
    except OSError as fault:
        raise OutputError(f"{path}: cannot be written ({fault.strerror or fault})") from fault
    return path


def read_spool(path: Path) -> tuple[list[object], list[object], list[str]]:
    """Return predictions, labels and names of all batches, in their order."""
    predictions: list[object] = []
    labels: list[object] = []
    names: list[str] = []
    if not path.exists():
        raise InputError(
            f"{path}: no batches were saved there with tmp_save, and pred_list is None"
        )
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                batch = json.loads(line)
                predictions += batch["pred"]
                labels += batch["label"]
                names += batch["name"]
            except (ValueError, KeyError, TypeError) as fault:
                raise InputError(f"{path}:{number}: damaged batch ({fault})") from fault
    return predictions, labels, names
