"""Every error that evaluation raises on purpose.

    EvaluationError
    ├── InputError              what was handed over cannot be judged (exit code 2)
    │   └── UnsupportedTaskError   a task other than image classification
    └── OutputError             the results cannot be written (exit code 6)

A model that fails the gate is not an error: `Result.passed` says so (exit code 1).
"""

from typing import ClassVar


class EvaluationError(Exception):
    """Base of all errors raised on purpose; its text is written for the user."""

    exit_code: ClassVar[int] = 1


class InputError(EvaluationError, ValueError):
    """What was handed over cannot be judged; the text names the place and the remedy."""

    exit_code = 2


class UnsupportedTaskError(InputError):
    """The task is not image classification."""


class OutputError(EvaluationError):
    """The results cannot be written."""

    exit_code = 6
