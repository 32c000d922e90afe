"""What may be promised of a search: its recommended and confirmed trials, and of more trials."""

from typing import Any

from autosearch import formats
from autosearch.cli.tables import pairs, table
from autosearch.result import Result


def recommended_json(result: Result) -> dict[str, Any] | None:
    """Return the recommendation for programs; None where there is no best trial."""
    found = result.recommend()
    return found.to_dict() if found else None


def recommended_text(result: Result) -> str:
    """Return what a re-run may be expected to come to, and of which trial; there is a best one."""
    found = result.recommend()
    assert found is not None
    text = found.told(result.state.outline.objective, result.value_of(found.best))
    lines = [f"Recommended: {formats.clean(text)}"]
    if found.differs:
        params = found.trial.params.items()
        lines.append(pairs([(formats.clean(k), formats.param(v)) for k, v in params], indent="  "))
    return "\n".join(lines)


def winners_json(result: Result) -> dict[str, Any]:
    """Return what is recommended, confirmed and advised, for programs."""
    return {
        "recommended": recommended_json(result),
        **confirmed_json(result),
        "advice": result.advice().to_dict(),
    }


def confirmed_json(result: Result) -> dict[str, Any]:
    """Return what the runs that confirm came to, for programs; None where there are none."""
    found = result.confirmed
    return {"confirmed": found.to_dict() if found else None}


def winners_text(result: Result) -> str:
    """Return what is recommended, confirmed and advised; there is a best trial."""
    parts = [recommended_text(result), confirmed_text(result), advice_text(result)]
    return "\n\n".join(filter(None, parts))


def advice_text(result: Result) -> str:
    """Return whether to go on."""
    return f"Advice: {formats.clean(result.advice().told(result.state.outline.objective))}"


def confirmed_text(result: Result) -> str:
    """Return what the runs that confirm came to, "" where there are none."""
    found = result.confirmed
    if found is None:
        return ""
    name = result.state.outline.objective
    rows = [
        [
            str(c.trial),
            formats.number(c.mean.value if c.mean else None),
            "" if found.reason or c.mean is None else formats.span(c.mean.low, c.mean.high),
            c.shown(" "),
            "the default" if c.default else "",
        ]
        for c in found.configurations
    ]
    head = ["trial", f"mean {name}", "95 %", "run again", ""]
    lines = [f"Confirmed: trial {found.winner.trial}", table(head, rows, right=[0, 1])]
    lines += map(formats.clean, found.verdicts())
    command = result.command_of(result.trials[found.winner.trial])
    if command and found.winner.trial != (result.best and result.best.number):
        lines += ["Reproduce it with", f"  {formats.clean_lines(command)}"]
    return "\n".join(lines)
