"""What an attempt's exit means for its trial: the end state, the values that count, and why."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autosearch.diagnosis import last_words, out_of_memory
from autosearch.executors.base import Exit
from autosearch.experiment.model import Metric, needed_of, objectives_of
from autosearch.metrics.reduce import reduce_values
from autosearch.records import Ended
from autosearch.trial import VALUED, Measurement, State

# An attempt that ended so may be started again, as often as the user's `retries` allow. Not
# timed_out and no_metric: the same program with the same params would only do the same again.
RETRIED: frozenset[State] = frozenset({"failed", "killed", "out_of_memory"})
LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a trial ended; fields as in Trial."""

    state: State
    reason: str = ""
    losses: tuple[float, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    constraints: tuple[float, ...] = ()


def verdict(
    exit_: Exit, measurements: Sequence[Measurement], metrics: Sequence[Metric], tail: str
) -> Verdict:
    """Return what an attempt's exit means.

    metrics: the objective first; none where the program is run for its own sake. tail: the log's
    end.
    """
    values = {
        metric.name: value
        for metric in metrics
        if (value := _reduced(metric, measurements)) is not None
    }
    # An objective function may return more than the experiment names.
    values |= {m.metric: m.value for m in measurements if m.metric not in values}
    state, reason = _end(exit_, tail)
    if not metrics or state not in VALUED:
        return Verdict(state, reason, (), values)
    return judged(state, reason, values, metrics)


def judged(
    state: State, reason: str, values: Mapping[str, float], metrics: Sequence[Metric]
) -> Verdict:
    """Return the verdict on a trial that went well by itself, from its metrics' values.

    It has a value that counts only where every objective and every metric with a bound has a finite
    one: whether an unknown value keeps within its bound is not known either.
    """
    needed = needed_of(metrics)
    for name in (m.name for m in needed):
        value = values.get(name)
        if value is None and state == "completed":
            return Verdict("no_metric", f"its log holds no value of {name}", (), values)
        if value is None:
            return Verdict(state, reason, (), values)
        if not math.isfinite(value):
            return Verdict("failed", f"{name} ended as {value}", (), values)
    losses = tuple(
        -values[m.name] if m.mode == "max" else values[m.name] for m in objectives_of(metrics)
    )
    broken = [text for m in needed for text in _broken(m, values[m.name])]
    constraints = [c for m in needed for c in _violations(m, values[m.name])]
    why = "; ".join(filter(None, [reason, *broken]))
    return Verdict(state, why, losses, values, tuple(constraints))


def _violations(metric: Metric, value: float) -> Iterator[float]:
    """Yield by how much a value is beyond each bound, as a part of the bound; at most 0: it is not.

    A bound of 0 is taken as 1. Always finite.
    """
    for bound, sign in ((metric.at_most, 1.0), (metric.at_least, -1.0)):
        if bound is not None:
            beyond = sign * (value - bound) / (abs(bound) or 1.0)
            yield min(max(beyond, -LARGEST), LARGEST)


def _broken(metric: Metric, value: float) -> Iterator[str]:
    if metric.at_most is not None and value > metric.at_most:
        yield f"{metric.name} {value:g} is above {metric.at_most:g}"
    if metric.at_least is not None and value < metric.at_least:
        yield f"{metric.name} {value:g} is below {metric.at_least:g}"


def ended(exit_: Exit, found: Verdict, *, at: float, stopped: str = "") -> Ended:
    """Return the record of a trial's end. stopped: why it was stopped, where it was on purpose."""
    return Ended(
        number=exit_.number,
        attempt=exit_.attempt,
        at=at,
        state=found.state,
        losses=found.losses,
        metrics=found.metrics,
        constraints=found.constraints,
        seconds=exit_.seconds,
        reason=found.reason if stopped in found.reason else stopped,
        exit_code=exit_.code,
        signal=exit_.signal,
        peak_memory=exit_.peak_memory,
    )


def _reduced(metric: Metric, measurements: Sequence[Measurement]) -> float | None:
    values = [m.value for m in measurements if m.metric == metric.name]
    return reduce_values(values, metric.reduce, metric.mode) if values else None


def _end(exit_: Exit, tail: str) -> tuple[State, str]:
    if exit_.error:
        return "failed", exit_.text
    if exit_.why == "stopped":
        return "stopped", exit_.text
    if exit_.why == "time_limit":
        return "timed_out", exit_.text or "it reached its time limit"
    if exit_.why == "memory_limit":
        return "out_of_memory", exit_.text or "it reached its memory limit"
    if exit_.code == 0:
        return "completed", ""
    how = f"killed by {exit_.signal}" if exit_.signal else f"exit code {exit_.code}"
    words = exit_.text or last_words(tail)
    # A function that raised has no exit code that anyone gave it.
    said = [words] if exit_.text and not exit_.signal else [how, words]
    reason = ": ".join(filter(None, said))
    if out_of_memory(tail):
        return "out_of_memory", reason
    if exit_.signal == "SIGKILL":
        peak = f"peak {exit_.peak_memory / 2**20:.0f} MiB" if exit_.peak_memory else "peak unknown"
        return "killed", f"{reason} (by hand, or by the kernel for want of memory; {peak})"
    return ("killed" if exit_.signal else "failed"), reason
