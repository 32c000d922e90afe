"""The files that a command names: whether a program is still the one that ran before."""

import hashlib
from collections.abc import Mapping

from autosearch.experiment.model import Experiment

# A larger file named on the command line is data, not a script.
SCRIPT_BYTES = 2**22


def script_hashes(experiment: Experiment) -> dict[str, str]:
    """Return the SHA-256 of each file that the command and the templates name, by name."""
    words = [
        w for word in experiment.command for w in (word.split() if experiment.shell else [word])
    ]
    hashes = {}
    for name in (*words, *experiment.files.values()):
        path = experiment.folder / name
        try:
            if path.is_file() and path.stat().st_size <= SCRIPT_BYTES:
                hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        except (OSError, ValueError):
            # A word that is no path at all, or a file that only the trial may read.
            continue
    return hashes


def edited(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names of the files whose content is another than before."""
    return [name for name, digest in after.items() if before.get(name, digest) != digest]
