"""How a study stands, in a word and a few figures: what its store says, and who runs it now."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from autosearch.analysis import best_so_far, user_value
from autosearch.records import Said
from autosearch.result import Result
from autosearch.snapshot import Snapshot
from autosearch.trial import ENDED

Word = Literal[
    "waiting", "running", "stopping", "completed", "stopped", "failed", "interrupted", "error"
]
ACTIVE: tuple[Word, ...] = ("waiting", "running", "stopping")
_WORDS: Mapping[str, Word] = {
    "complete": "completed",
    "exhausted": "completed",
    "converged": "completed",
    "total_time": "completed",
    "stopped": "stopped",
    "no_metric": "failed",
    "failures": "failed",
    "interrupted": "interrupted",
}


@dataclass(frozen=True, slots=True)
class Status:
    """How a study stands.

    state: `waiting` (no trial has been started yet), `running`, `stopping` (its trials are being
    ended), `completed`, `stopped` (on request), `failed` (it gave up: no metric, too many
    failures), `interrupted` (nobody runs it; it can go on), `error` (it could not go on). text:
    why. study: the id that its records and processes carry. trials: how many are planned. counts:
    trial state → how many. best: the best trial's number, and value: its value as the program
    printed it. Times in seconds since the epoch. spent_s: how long it has been worked on.
    """

    id: str
    study: str
    name: str
    state: Word
    text: str
    trials: int
    counts: Mapping[str, int]
    best: int | None
    value: float | None
    created_at: float
    ended_at: float | None
    spent_s: float

    @property
    def ended(self) -> int:
        """How many trials have ended."""
        return sum(count for state, count in self.counts.items() if state in ENDED)

    @property
    def asked(self) -> int:
        """How many trials there are so far."""
        return sum(self.counts.values())


def status_of(id: str, study: Snapshot, *, stopping: bool = False) -> Status:
    """Return how a study stands. stopping: its end was asked for."""
    result = Result(study)
    state, text = _word(study, stopping)
    ends = [r.at for r in study.said if r.event in ("finished", "error")]
    return Status(
        id=id,
        study=study.study,
        name=study.outline.name,
        state=state,
        text=text,
        trials=study.outline.trials,
        counts=dict(Counter(trial.state for trial in result.trials)),
        best=result.best.number if result.best else None,
        value=result.value,
        created_at=study.said[0].at if study.said else study.described.at,
        ended_at=ends[-1] if ends and state not in ACTIVE else None,
        spent_s=study.spent_s,
    )


def analysis_of(result: Result) -> dict[str, Any]:
    """Return what a search shows, as JSON values.

    best: the best trial as a row of `Result.to_dicts`, or None. counts: trial state → how many.
    progress: [number, value] of each trial that was better than all before it, by the objective;
    trials that break an outcome constraint are passed over.
    """
    rows, study = result.to_dicts(), result.state.outline
    steps = best_so_far(result.state.history)
    return {
        "best": rows[result.best.number] if result.best else None,
        "counts": dict(Counter(trial.state for trial in result.trials)),
        "progress": [[number, user_value(loss, study.mode)] for number, loss in steps],
    }


def _word(study: Snapshot, stopping: bool) -> tuple[Word, str]:
    since = _since_opened(study.said)
    ended = any(r.event == "finished" for r in since)
    failures = [r.text for r in since if r.event == "error"]
    if failures and not ended:
        return "error", failures[-1]
    # A search that goes on after its end has an outcome until it does something.
    if study.outcome is not None and (ended or study.owner is None):
        return _WORDS[study.outcome.ending], study.outcome.text
    if study.owner is None:
        return "interrupted", "the process that ran it has ended"
    ending = [r.text for r in since if r.event == "stopping"]
    if stopping or ending:
        return "stopping", ending[-1] if ending else ""
    started = any(trial.attempt for trial in study.history.trials)
    return ("running" if started else "waiting"), ""


def _since_opened(said: tuple[Said, ...]) -> tuple[Said, ...]:
    openings = [i for i, record in enumerate(said) if record.event == "opened"]
    return said[openings[-1] :] if openings else said
