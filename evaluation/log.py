"""What was run of an analysis, what was not, and why."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from evaluation.findings import NotRun

logger = logging.getLogger(__name__)

# Below this many samples nothing is tested: only descriptions and intervals are given.
FEWEST_FOR_TESTS = 30
T = TypeVar("T")
Given = TypeVar("Given")


class Log:
    """What was not run, what was warned about, and how long each part took."""

    def __init__(self, warnings: Sequence[str], only: frozenset[str]) -> None:
        self.warnings = list(warnings)
        self.not_run: list[NotRun] = []
        self.timing: dict[str, float] = {}
        self.only = only

    def run(
        self, analysis: str, given: Given | None, missing: str, work: Callable[[Given], T]
    ) -> T | None:
        """Return work(given), or None where it is not wanted or what it needs is missing."""
        reason = "not asked for (op_list)" if analysis not in self.only else missing
        if given is None or analysis not in self.only:
            self.not_run.append(NotRun(analysis, reason))
            return None
        start = time.perf_counter()
        result = work(given)
        self.timing[analysis] = time.perf_counter() - start
        logger.debug("%s took %.3f s", analysis, self.timing[analysis])
        return result


def too_small(n: int) -> str:
    """Return why n samples are too few for tests, or nothing."""
    return f"{n} samples; tests need {FEWEST_FOR_TESTS}" if n < FEWEST_FOR_TESTS else ""
