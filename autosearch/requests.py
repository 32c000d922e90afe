"""Requests to a running search from other processes: files in its folder, taken once.

A file is written by rename, so that the driver never reads half of one.
"""

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


def waiting(folder: Path) -> list[StopRequest]:
    """Return the requests that nobody has taken yet."""
    return [request for _, request in _box(folder) if request is not None]


def take(folder: Path) -> list[StopRequest]:
    """Return the requests that are waiting, and remove them. What is no request is removed too."""
    requests = []
    for path, request in _box(folder):
        if request is not None:
            requests.append(request)
        path.unlink(missing_ok=True)
    return requests


def _box(folder: Path) -> list[tuple[Path, StopRequest | None]]:
    box = folder / FOLDER
    try:
        names = sorted(entry.name for entry in os.scandir(box) if entry.name.endswith(".json"))
    except FileNotFoundError:
        return []
    return [(box / name, _read(box / name)) for name in names]


def _read(path: Path) -> StopRequest | None:
    try:
        return StopRequest(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
