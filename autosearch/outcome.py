"""How a search ended, and the early end of one that cannot succeed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from autosearch.trial import History, Trial

Ending = Literal[
    "complete",
    "exhausted",
    "converged",
    "total_time",
    "stopped",
    "no_metric",
    "failures",
    "interrupted",
]
EXIT_CODES: dict[Ending, int] = {
    "complete": 0,
    "exhausted": 0,
    "converged": 0,
    "total_time": 0,
    "stopped": 0,
    "no_metric": 3,
    "failures": 4,
    "interrupted": 130,
}
# So much output without any value of the objective, in a search that has never seen one, and the
# metric's rule is taken to be wrong.
SILENT_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a search ended, with a text for its user.

    complete: all trials were made. exhausted: the space holds no more points. converged: what more
    trials would gain is negligible, and the user wanted to stop then. total_time: its time
    is used up. stopped: on request. no_metric: the objective was not found in the log. failures:
    too many trials failed in a row. interrupted: by a signal; trials that ran will be started
    again.
    """

    ending: Ending
    text: str = ""

    @property
    def exit_code(self) -> int:
        """The command line's exit code."""
        return EXIT_CODES[self.ending]


@dataclass(slots=True)
class FailFast:
    """Tells when going on would be a waste: a rule that finds nothing, or failure after failure.

    needed: the metrics without which no trial has a value, the objective first; none where nothing
    is searched, and the program is run for its own sake: its failure is that of the whole. limit:
    so many trials in a row without a value end the search.
    """

    needed: tuple[str, ...]
    limit: int
    _reasons: list[str] = field(default_factory=list)

    def never_measured(self, history: History) -> str:
        """Return the first needed metric that no trial, running ones included, has printed."""
        if history.valued:
            return ""
        printed = {m.metric for t in history.trials for m in t.measurements}
        return next((name for name in self.needed if name not in printed), "")

    def is_silent(self, read_bytes: int, history: History) -> bool:
        """Return whether so much output without the objective shows that it is never printed.

        The other metrics may well come at the very end.
        """
        silent = read_bytes > SILENT_BYTES
        return silent and bool(self.needed) and self.never_measured(history) == self.needed[0]

    def after(self, trial: Trial, history: History) -> Outcome | None:
        """Take note of an ended trial; return how the search should end, None to go on."""
        if trial.losses or trial.state in ("completed", "stopped"):
            self._reasons.clear()
            return None
        if not self.needed:
            return Outcome("failures", trial.reason)
        if trial.state == "no_metric" and self.never_measured(history):
            return Outcome("no_metric")
        self._reasons.append(trial.reason)
        if len(self._reasons) < self.limit:
            return None
        return Outcome("failures", f"{self.limit} trials in a row failed{_common(self._reasons)}")


def without_value(history: History) -> str:
    """Return what to say at the end of a search none of whose trials has a value."""
    reasons = [trial.reason or trial.state for trial in history.finished]
    return f"none of {len(reasons)} trials has a value{_common(reasons)}"


def _common(reasons: Sequence[str]) -> str:
    reason, count = Counter(reasons).most_common(1)[0]
    share = "" if count == len(reasons) else f" ({count} of them)"
    return f"{share}: {reason}"
