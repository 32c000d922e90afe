"""A study as one HTML page that needs nothing else: no network, no other files."""

from pathlib import Path

from autosearch.errors import InputError
from autosearch.report.page import render
from autosearch.snapshot import Snapshot


def write_report(state: Snapshot, path: Path, folder: Path | None = None) -> None:
    """Write the page. folder: the study's, where the logs of failed trials are.

    Raises InputError where the file cannot be written.
    """
    try:
        # In one step: a reader that follows a running search never sees half a page.
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(render(state, folder), encoding="utf-8", errors="backslashreplace")
        draft.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None


__all__ = ["render", "write_report"]
