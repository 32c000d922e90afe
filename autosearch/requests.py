"""Requests to a running search from other processes: files in its folder, taken once.

A file is written by rename, so that the driver never reads half of one.
"""

import contextlib
import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = "requests"


@dataclass(frozen=True, slots=True)
class StopRequest:
    """Stop one trial, or the whole search where `number` is None."""

    number: int | None
    why: str


def send(folder: Path, request: StopRequest) -> None:
    """Leave a request in a study's folder; whoever runs the study takes it."""
    box = folder / FOLDER
    box.mkdir(exist_ok=True)
    draft = box / f".{uuid.uuid4().hex}"
    draft.write_text(json.dumps(asdict(request)))
    draft.rename(box / f"{uuid.uuid4().hex}.json")


def take(folder: Path) -> list[StopRequest]:
    """Return the requests that are waiting, and remove them. What is no request is removed too."""
    box = folder / FOLDER
    try:
        names = sorted(entry.name for entry in os.scandir(box) if entry.name.endswith(".json"))
    except FileNotFoundError:
        return []
    requests = []
    for name in names:
        with contextlib.suppress(ValueError, TypeError):
            requests.append(StopRequest(**json.loads((box / name).read_text())))
        (box / name).unlink(missing_ok=True)
    return requests
