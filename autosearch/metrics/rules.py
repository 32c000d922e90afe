"""How a metric is found in a trial's log: the part of a rule that travels to wherever logs are
read.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Finds one metric. Plain text, so that it can be sent to another machine.

    metric: the metric's name. regex: the user's pattern; None means the built-in patterns generated
    from the name. step_regex: finds the step or epoch that the metric's next values belong to; None
    means that values are counted from 1.
    """

    metric: str
    regex: str | None = None
    step_regex: str | None = None
