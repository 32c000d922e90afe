"""What to tell a user whose metric was not found in a log, or not returned."""

from collections.abc import Sequence

from autosearch.experiment.model import Metric
from autosearch.metrics.likely import likely_lines
from autosearch.trial import Measurement

SHOWN = 160


def explain_missing_metric(metric: Metric, number: int, what: str, log: bytes) -> str:
    """Return why the search ended without its objective, with the likeliest lines and a regex."""
    if metric.regex is None:
        rule = f"the patterns made from its name ({metric.name!r})"
    else:
        rule = f"the regex {metric.regex!r}"
    lines = [f"trial {number}: {what} no value of {metric.name}, looked for with {rule}."]
    likely = likely_lines(log.decode("utf-8", errors="replace"), metric.name)
    if not log.strip():
        lines.append("The program printed nothing at all: does it write to a file instead?")
    elif not likely:
        lines.append("No line of the log looks like a metric.")
    else:
        lines.append("The likeliest lines of its log:")
        lines += [f"  {line.line_number}: {line.line.strip()[:SHOWN]}" for line in likely]
        lines.append(f"This regex would match the first of them: {likely[0].regex}")
    return "\n".join(lines)


def explain_missing_return(needed: Sequence[Metric], measured: Sequence[Measurement]) -> str:
    """Return what to tell of a function that returned not all metrics that a trial needs."""
    returned = list(dict.fromkeys(m.metric for m in measured))
    missing = ", ".join(m.name for m in needed if m.name not in returned)
    return f"the function returned no {missing}; it returned {', '.join(returned) or 'nothing'}"
