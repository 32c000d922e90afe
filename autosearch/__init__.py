"""Hyperparameter search for unmodified training programs.

Everything is imported on first use: `import autosearch` alone loads nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from autosearch.advice import Advice
    from autosearch.api import load, minimize, resume, run
    from autosearch.ask_tell import Study
    from autosearch.confirmed import Confirmed
    from autosearch.engine import Engine
    from autosearch.errors import (
        AutoSearchError,
        ExecutorError,
        ExperimentError,
        InputError,
        SpaceError,
        StoreError,
        StudyBusyError,
        StudyMismatchError,
    )
    from autosearch.experiment.model import Experiment
    from autosearch.onboarding.regexgen import suggest_regex
    from autosearch.outcome import Outcome
    from autosearch.recommendation import Recommendation
    from autosearch.result import Result
    from autosearch.sklearn_api import AutoSearchCV
    from autosearch.space import Bool, Choice, Float, Int, Space
    from autosearch.stopping import StopRule
    from autosearch.strategies.base import Strategy, Suggestion
    from autosearch.trial import History, Measurement, Trial

_HOMES = {
    "autosearch.advice": ("Advice",),
    "autosearch.api": ("load", "minimize", "resume", "run"),
    "autosearch.ask_tell": ("Study",),
    "autosearch.confirmed": ("Confirmed",),
    "autosearch.engine": ("Engine",),
    "autosearch.errors": (
        "AutoSearchError",
        "ExecutorError",
        "ExperimentError",
        "InputError",
        "SpaceError",
        "StoreError",
        "StudyBusyError",
        "StudyMismatchError",
    ),
    "autosearch.experiment.model": ("Experiment",),
    "autosearch.onboarding.regexgen": ("suggest_regex",),
    "autosearch.outcome": ("Outcome",),
    "autosearch.recommendation": ("Recommendation",),
    "autosearch.result": ("Result",),
    "autosearch.sklearn_api": ("AutoSearchCV",),
    "autosearch.space": ("Bool", "Choice", "Float", "Int", "Space"),
    "autosearch.stopping": ("StopRule",),
    "autosearch.strategies.base": ("Strategy", "Suggestion"),
    "autosearch.trial": ("History", "Measurement", "Trial"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Advice",
    "AutoSearchCV",
    "AutoSearchError",
    "Bool",
    "Choice",
    "Confirmed",
    "Engine",
    "ExecutorError",
    "Experiment",
    "ExperimentError",
    "Float",
    "History",
    "InputError",
    "Int",
    "Measurement",
    "Outcome",
    "Recommendation",
    "Result",
    "Space",
    "SpaceError",
    "StopRule",
    "StoreError",
    "Strategy",
    "Study",
    "StudyBusyError",
    "StudyMismatchError",
    "Suggestion",
    "Trial",
    "load",
    "minimize",
    "resume",
    "run",
    "suggest_regex",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'autosearch' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
