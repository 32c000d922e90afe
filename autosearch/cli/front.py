"""Trials as a table, and the front of several objectives."""

from collections.abc import Sequence
from typing import Any

from autosearch import formats
from autosearch.cli.tables import table
from autosearch.result import Result
from autosearch.trial import Trial

TOP_OF_FRONT = 20


def trial_table(result: Result, trials: Sequence[Trial]) -> str:
    """Return trials as a table: number, value, what else decides, params, state, time, reason.

    With several objectives a star at the end marks the front.
    """
    outline = result.state.outline
    names = [n for n in outline.kinds if any(n in t.params for t in trials)]
    again = any(t.repeat_of is not None for t in trials)
    rows = [
        [
            str(trial.number),
            formats.number(result.value_of(trial)),
            *(formats.number(trial.metrics.get(name)) for name in outline.columns),
            *(formats.param(trial.params[n]) if n in trial.params else "" for n in names),
            *([formats.number(trial.repeat_of)] if again else []),
            trial.state,
            formats.duration(trial.seconds),
            trial.reason,
        ]
        for trial in trials
    ]
    last = [*(["repeats"] if again else []), "state", "time", "reason"]
    head = ["trial", outline.objective, *outline.columns, *names, *last]
    if outline.several:
        front = {trial.number for trial in result.pareto}
        head.append("front")
        rows = [[*r, "*" if t.number in front else ""] for r, t in zip(rows, trials, strict=True)]
    first = 2 + len(outline.columns)
    numeric = [i for i, n in enumerate(names, first) if outline.kinds[n] in ("int", "float")]
    return table(head, rows, right=[*range(first), *numeric])


def front_block(result: Result) -> str:
    """Return the trials that no other dominates, and the volume that they dominate."""
    front = result.pareto
    shown = trial_table(result, front[:TOP_OF_FRONT])
    more = len(front) - TOP_OF_FRONT
    shown += f"\nand {more} more; see `autosearch trials`" if more > 0 else ""
    volume = formats.number(result.hypervolume())
    count = f"{formats.plural(len(front), 'trial')} that no other dominates"
    return f"Front: {count}, hypervolume {volume}\n{shown}"


def front_json(result: Result) -> dict[str, Any]:
    """Return the front for programs: the trials' numbers and the volume that they dominate.

    Nothing where there is one objective.
    """
    if not result.state.outline.several:
        return {}
    volume = result.hypervolume() if result.pareto else None
    return {"pareto": [trial.number for trial in result.pareto], "hypervolume": volume}
