"""The environment that a trial's processes see."""

from collections.abc import Mapping
from pathlib import Path

from autosearch.executors.base import MARKER

# Ray's own variables would make a trial that uses Ray join the search's cluster, and its debugger
# would wait for ever at a forgotten breakpoint().
_STRIPPED_PREFIX = "RAY_"
_STRIPPED = frozenset({"PYTHONBREAKPOINT"})


def trial_environment(
    base: Mapping[str, str],
    own: Mapping[str, str],
    *,
    marker: str,
    number: int,
    folder: Path,
    seed: int,
) -> dict[str, str]:
    """Return the whole environment of one attempt.

    base: the driver's environment, of which RAY_* and PYTHONBREAKPOINT are left out. own: what the
    user sets for trials; it wins over `base`, and over PYTHONUNBUFFERED, which is set because a
    Python program keeps its lines back while its output is not a terminal. marker: `Job.marker`.

    >>> env = trial_environment({"HOME": "/root", "RAY_ADDRESS": "x"}, {"A": "1"},
    ...                         marker="c0ffee/7/1", number=7, folder=Path("/runs/t7"), seed=3)
    >>> env["AUTOSEARCH_TRIAL_NUMBER"], env["AUTOSEARCH_SEED"], "RAY_ADDRESS" in env
    ('7', '3', False)
    """
    kept = {
        name: value
        for name, value in base.items()
        if not name.startswith(_STRIPPED_PREFIX) and name not in _STRIPPED
    }
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        **own,
        MARKER: marker,
        "AUTOSEARCH_TRIAL_DIR": str(folder),
        "AUTOSEARCH_TRIAL_NUMBER": str(number),
        "AUTOSEARCH_SEED": str(seed),
    }
