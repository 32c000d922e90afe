"""What an attempt's exit means for its trial: the end state, the values that count, and why."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from autosearch.diagnosis import last_words, out_of_memory
from autosearch.executors.base import Exit
from autosearch.experiment.model import Metric
from autosearch.metrics.reduce import reduce_values
from autosearch.records import Ended
from autosearch.trial import Measurement, State

# An attempt that ended so may be started again, as often as the user's `retries` allow. Not
# timed_out and no_metric: the same program with the same params would only do the same again.
RETRIED: frozenset[State] = frozenset({"failed", "killed", "out_of_memory"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a trial ended; fields as in Trial."""

    state: State
    reason: str = ""
    losses: tuple[float, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)


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
    if not metrics or state not in ("completed", "stopped", "timed_out"):
        return Verdict(state, reason, (), values)
    objective = metrics[0]
    value = values.get(objective.name)
    if value is None:
        if state == "completed":
            return Verdict("no_metric", f"its log holds no value of {objective.name}", (), values)
        return Verdict(state, reason, (), values)
    if not math.isfinite(value):
        return Verdict("failed", f"{objective.name} ended as {value}", (), values)
    loss = -value if objective.mode == "max" else value
    return Verdict(state, reason, (loss,), values)


def ended(exit_: Exit, found: Verdict, *, at: float, stopped: str = "") -> Ended:
    """Return the record of a trial's end. stopped: why it was stopped, where it was on purpose."""
    return Ended(
        number=exit_.number,
        attempt=exit_.attempt,
        at=at,
        state=found.state,
        losses=found.losses,
        metrics=found.metrics,
        seconds=exit_.seconds,
        reason=stopped or found.reason,
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
