"""Every error that autosearch raises on purpose.

    AutoSearchError
    ├── InputError             what the user wrote cannot be used (exit code 2)
    │   ├── SpaceError             a search space, or values that do not belong to it
    │   ├── ExperimentError        an experiment; carries every fault found, each with its place
    │   ├── SourceError            results of another search, which an experiment starts from
    │   └── StudyMismatchError     the folder holds a study of another experiment
    ├── StoreError             the study's file cannot be read or written (exit code 6)
    │   └── StudyBusyError         another process is running this study (exit code 5)
    └── ExecutorError          trials cannot be run here, e.g. for want of GPUs (exit code 7)

A training program that fails is not an error but a trial with an end state, and a search that gives
up is an Outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class AutoSearchError(Exception):
    """Base of all errors raised on purpose; its text is written for the user."""

    exit_code: ClassVar[int] = 1


class InputError(AutoSearchError):
    """What the user wrote cannot be used."""

    exit_code = 2


class SpaceError(InputError):
    """A search space is contradictory, or values do not belong to it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an experiment, and where it stands.

    where: the field, dotted, e.g. "space.lr.low". file: the file, or the command line's option that
    set the field. line and column count from 1; 0 means unknown.
    """

    where: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return "file:line:column: where: message", as editors and terminals link it."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.where, self.message) if part)


class ExperimentError(InputError):
    """An experiment cannot be used; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class SourceError(InputError):
    """Results that an experiment starts from cannot be used; source: as it names them."""

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"warm_start: {source}: {reason}")


class StudyMismatchError(InputError):
    """The folder holds a study of another experiment."""


class StoreError(AutoSearchError):
    """The study's file cannot be read or written."""

    exit_code = 6


class StudyBusyError(StoreError):
    """Another process is running this study."""

    exit_code = 5


class ExecutorError(AutoSearchError):
    """Trials cannot be run here."""

    exit_code = 7
