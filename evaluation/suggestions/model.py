"""What a suggestion is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Claim:
    """The statement that was tested; q is corrected over everything that was tested beside it.

    test: the name of the test, or of the interval that excludes 0. p is None for descriptive ones.
    """

    test: str
    p: float | None
    q: float | None


@dataclass(frozen=True, slots=True)
class Gain:
    """What acting on it would bring, in units of `metric` where more is better.

    kind: "estimate", or "ceiling" where the action may reach at most that much. deficit: how far
    the metric is from perfect now; gains are compared as shares of it.
    """

    metric: str
    amount: Estimate
    kind: str
    deficit: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What acting on it takes. unit: "review", "collect" or "change"; amount: how many of them."""

    unit: str
    amount: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One action for the owner of the model.

    rule: the id of the rule, e.g. "LBL". target: what it is about, e.g. a property's name. text:
    by language. indices: the samples it concerns, most important first. marginal: the part of the
    gain in accuracy that actions ranked above do not already take. priority counts from 1.
    """

    rule: str
    target: str
    text: Mapping[str, str]
    evidence: Mapping[str, object]
    claim: Claim
    gain: Gain | None
    cost: Cost
    indices: tuple[int, ...] = field(default=())
    marginal: float | None = None
    priority: int = 0

    @property
    def id(self) -> str:
        """Return the rule with its target."""
        return f"{self.rule}:{self.target}" if self.target else self.rule

    @property
    def rate(self) -> float:
        """Return the certain part of the gain, as a share of the deficit, per hour of work."""
        if self.gain is None or self.gain.amount.low is None or self.gain.deficit <= 0:
            return 0.0
        return self.gain.amount.low / self.gain.deficit / (max(self.cost.minutes, 1.0) / 60)
