"""Where a study's folder keeps what its trials write."""

from pathlib import Path

LOG = "output.log"


def trial_folder(study: Path, number: int) -> Path:
    """Return a trial's own folder in a study's folder."""
    return study / "trials" / f"{number:04d}"


def attempt_folder(trial: Path, attempt: int) -> Path:
    """Return where the output and the exit of an attempt are kept in its trial's folder."""
    return trial / f"attempt-{attempt}"


def log_path(study: Path, number: int, attempt: int) -> Path:
    """Return the file that holds the output of an attempt."""
    return attempt_folder(trial_folder(study, number), attempt) / LOG
