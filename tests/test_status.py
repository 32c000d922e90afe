"""A study's state in a word."""

from pathlib import Path

import pytest

from autosearch.experiment import from_dict
from autosearch.lease import Owner
from autosearch.opening import describe
from autosearch.records import Asked, Ended, Record, Said, Started
from autosearch.result import Result
from autosearch.snapshot import take_snapshot
from autosearch.status import analysis_of, status_of

DOCUMENT = {
    "name": "small",
    "command": "true",
    "metric": {"name": "acc", "mode": "max"},
    "space": {"x": {"type": "float", "low": 0, "high": 1}},
    "search": {"trials": 3},
}
OWNER = Owner("here", "boot", 1, 1)
OPENED = Said(1.0, "opened", "")
STARTED = (Asked(0, {"x": 0.5}, 2.0), Started(0, 1, 2.0))
STOPPED = Said(5.0, "finished", "enough", details={"ending": "stopped"})
GAVE_UP = Said(5.0, "finished", "5 failed", details={"ending": "failures"})
ERROR = Said(5.0, "error", "no space left")


def records(*told: Record, folder: Path = Path("/code")) -> list[Record]:
    return [describe(from_dict(DOCUMENT, folder=folder), "c0ffee"), OPENED, *told]


@pytest.mark.parametrize(
    ("told", "owner", "state", "text"),
    [
        ((), OWNER, "waiting", ""),
        (STARTED, OWNER, "running", ""),
        ((*STARTED, Said(4.0, "stopping", "enough")), OWNER, "stopping", "enough"),
        (STARTED, None, "interrupted", "the process that ran it has ended"),
        ((*STARTED, STOPPED), None, "stopped", "enough"),
        # Its process has not let go of it yet.
        ((*STARTED, STOPPED), OWNER, "stopped", "enough"),
        ((*STARTED, GAVE_UP), None, "failed", "5 failed"),
        ((*STARTED, ERROR), None, "error", "no space left"),
        # It goes on, but has done nothing yet.
        ((*STARTED, STOPPED, OPENED), OWNER, "running", ""),
        ((*STARTED, STOPPED, OPENED, ERROR), None, "error", "no space left"),
        # It was only looked at.
        ((*STARTED, STOPPED, OPENED), None, "stopped", "enough"),
        ((*STARTED, ERROR, OPENED), OWNER, "running", ""),
    ],
)
def test_the_state_follows_from_the_records_and_the_owner(
    told: tuple[Record, ...], owner: Owner | None, state: str, text: str
) -> None:
    status = status_of("one", take_snapshot(records(*told), owner))
    assert (status.state, status.text) == (state, text)


def test_the_figures_are_those_of_the_trials() -> None:
    told: list[Record] = []
    for number, acc in enumerate((0.5, 0.7, 0.6)):
        told += [Asked(number, {"x": acc}, 2.0), Started(number, 1, 2.0)]
        told.append(Ended(number, 1, 3.0, "completed", losses=(-acc,), metrics={"acc": acc}))
    study = take_snapshot(records(*told, STOPPED))
    status = status_of("one", study)
    assert (status.trials, status.asked, status.ended, status.counts) == (3, 3, 3, {"completed": 3})
    assert (status.best, status.value) == (1, 0.7)
    assert (status.created_at, status.ended_at, status.study) == (1.0, 5.0, "c0ffee")
    analysis = analysis_of(Result(study))
    assert analysis["best"]["number"] == 1
    assert analysis["progress"] == [[0, 0.5], [1, 0.7]]
