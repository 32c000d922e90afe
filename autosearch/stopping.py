"""Rules that stop hopeless trials early."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from autosearch.errors import InputError
from autosearch.trial import History, Trial


class StopRule(Protocol):
    """Decides, whenever a running trial has new values, whether it is worth going on with. Pure."""

    def check(self, trial: Trial, history: History) -> str:
        """Return why the trial should be stopped, in a user's words, or "" to let it run."""


@dataclass(frozen=True, slots=True)
class Fifo:
    """Let every trial run to its end."""

    def check(self, trial: Trial, history: History) -> str:
        """Return ""."""
        return ""


RULES: Mapping[str, type[StopRule]] = {"fifo": Fifo}


def make_rule(name: str, settings: Mapping[str, Any]) -> StopRule:
    """Return the rule `name`; raises InputError where there is none, or a setting is unknown."""
    if name not in RULES:
        raise InputError(f"stop.rule: there is no {name!r}; there are {', '.join(RULES)}")
    try:
        return RULES[name](**settings)
    except TypeError as error:
        raise InputError(f"stop: {error}") from None
