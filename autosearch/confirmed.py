"""What the confirming runs of a search came to: means, intervals, and what is proven by them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autosearch.formats import number, span
from autosearch.simultaneous import Estimate, Groups
from autosearch.space import Space
from autosearch.space.values import Params
from autosearch.trial import History, Trial

IDENTICAL = (
    "the repeats of each finalist came to the same value: the program is deterministic, or "
    "takes no notice of its seed, and nothing is known about noise"
)
FEW = "too few of the runs have a value to know anything about noise"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One confirmed configuration.

    trial: the number of its first trial. default: whether it is the default. runs: the numbers of
    its confirming runs. values: of those that count, as the program printed them. mean: of the
    values, with an interval where something is known about noise; None without values. failed: runs
    that ended without a value or broke a constraint.
    """

    trial: int
    params: Params
    default: bool
    runs: tuple[int, ...]
    values: tuple[float, ...]
    mean: Estimate | None
    failed: int

    def shown(self, between: str) -> str:
        """Return the values in words, and how many runs have none that counts."""
        parts = [between.join(map(number, self.values))] if self.values else []
        if self.failed:
            parts.append(f"{self.failed} failed or broke a bound")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the confirming runs came to.

    configurations: by their confirmed means, the best first; those with failed runs last. gain: of
    the best finalist's mean over the default's, positive where it is better. lead: the same of the
    best finalist over the second. Each is None where there is nothing to compare, or nothing is
    known about noise (`reason`). complete: whether all runs have been made.
    """

    configurations: tuple[Configuration, ...]
    gain: Estimate | None
    lead: Estimate | None
    reason: str
    complete: bool

    @property
    def winner(self) -> Configuration:
        """The configuration with the best confirmed mean; it may be the default."""
        return self.configurations[0]

    @property
    def default(self) -> Configuration | None:
        """The default configuration."""
        return next((c for c in self.configurations if c.default), None)

    @property
    def finalists(self) -> tuple[Configuration, ...]:
        """The others, the best first."""
        return tuple(c for c in self.configurations if not c.default)

    def verdicts(self) -> tuple[str, ...]:
        """Return what is proven and what is not, in words."""
        found = [] if self.complete else ["not all confirming runs have been made"]
        finalists = self.finalists
        if self.gain is not None:
            proven = "is better than" if self.gain.proven else "has no proven gain over"
            found.append(f"trial {finalists[0].trial} {proven} the default: {_signed(self.gain)}")
        if self.lead is not None:
            proven = "is better than" if self.lead.proven else "has no proven lead over"
            names = f"trial {finalists[0].trial} {proven} trial {finalists[1].trial}"
            found.append(f"{names}: {_signed(self.lead)}")
        if self.default is not None and self.default.mean is None:
            found.append("no run of the default has a value that counts")
        return (*found, self.reason) if self.reason else tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values; a bound that is not known is None."""
        return {
            "winner": self.winner.trial,
            "configurations": [
                {
                    "trial": c.trial,
                    "params": dict(c.params),
                    "default": c.default,
                    "runs": list(c.runs),
                    "values": list(c.values),
                    "failed": c.failed,
                    **_plain(c.mean, "mean"),
                }
                for c in self.configurations
            ],
            "gain": _claim(self.gain),
            "lead": _claim(self.lead),
            "reason": self.reason,
            "complete": self.complete,
        }


def _signed(claim: Estimate) -> str:
    return f"by {number(claim.value)} (95 %: {span(claim.low, claim.high)})"


def _claim(claim: Estimate | None) -> dict[str, Any] | None:
    return None if claim is None else {**_plain(claim, "value"), "proven": claim.proven}


def _plain(found: Estimate | None, name: str) -> Mapping[str, float | None]:
    if found is None:
        return {name: None, "low": None, "high": None}
    low, high = (x if math.isfinite(x) else None for x in (found.low, found.high))
    return {name: found.value, "low": low, "high": high}


def confirmed(space: Space, history: History, repeats: int, mode: str) -> Confirmed | None:
    """Return what the confirming runs since the search's last trial came to, None before any.

    repeats: how many runs of each configuration were planned. mode: of the metric. Pure.
    """
    groups = _groups(space, history)
    if not any(group.losses for group in groups):
        return None
    valued = [g for g in groups if not g.default and g.losses]
    finalists = [g for g in valued if not g.failed] or valued
    default = next((g for g in groups if g.default), None)
    losses = Groups(tuple(g.losses for g in finalists), default.losses if default else ())
    reason = FEW if not losses.freedom else IDENTICAL if losses.constant else ""
    means = {g.number: losses.mean(i) for i, g in enumerate(finalists)} if not reason else {}
    if default and default.losses and not reason:
        means[default.number] = losses.default_mean()
    found = [_configuration(group, means.get(group.number), mode) for group in groups]
    found.sort(key=lambda c: _rank(c, mode))
    return Confirmed(
        configurations=tuple(found),
        gain=losses.gain() if not reason and losses.default else None,
        lead=losses.lead() if not reason and len(finalists) > 1 else None,
        reason=reason,
        complete=all(len(g.ended) >= repeats for g in groups),
    )


@dataclass(frozen=True)
class _Group:
    """The confirming runs of one configuration, in the order of asking."""

    runs: tuple[Trial, ...]
    default: bool

    @property
    def number(self) -> int:
        first = self.runs[0]
        return first.number if first.repeat_of is None else first.repeat_of

    @property
    def ended(self) -> list[Trial]:
        return [t for t in self.runs if t.ended]

    @property
    def losses(self) -> tuple[float, ...]:
        return tuple(t.losses[0] for t in self.ended if t.losses and t.feasible)

    @property
    def failed(self) -> int:
        return len(self.ended) - len(self.losses)


def _groups(space: Space, history: History) -> list[_Group]:
    by_point: dict[object, list[Trial]] = {}
    for trial in history.confirming:
        if trial.params:
            by_point.setdefault(space.key(trial.params), []).append(trial)
    default = space.start()
    return [_Group(tuple(runs), runs[0].params == default) for runs in by_point.values()]


def _configuration(group: _Group, mean: Estimate | None, mode: str) -> Configuration:
    if mean is None and group.losses:
        # Nothing is known about its noise.
        value = math.fsum(group.losses) / len(group.losses)
        mean = Estimate(value, -math.inf, math.inf)
    if mean is not None and mode == "max":
        mean = Estimate(-mean.value, -mean.high, -mean.low)
    return Configuration(
        trial=group.number,
        params=group.runs[0].params,
        default=group.default,
        runs=tuple(t.number for t in group.runs),
        values=tuple(-y if mode == "max" else y for y in group.losses),
        mean=mean,
        failed=group.failed,
    )


def _rank(found: Configuration, mode: str) -> tuple[bool, bool, float]:
    if found.mean is None:
        return True, True, 0.0
    return False, found.failed > 0, -found.mean.value if mode == "max" else found.mean.value
