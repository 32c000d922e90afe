"""What may be promised of a search, in HTML: its best trials, and what more trials would gain."""

from html import escape

from autosearch import analysis
from autosearch.advice import advise
from autosearch.confirmed import Confirmed, confirmed
from autosearch.experiment.model import Experiment
from autosearch.formats import clean_lines, number, span
from autosearch.snapshot import Snapshot


def recommended_html(state: Snapshot, experiment: Experiment) -> str:
    """Return a paragraph on the recommended trial, "" where there is none."""
    objective = experiment.objective
    if state.ranking is None:
        return ""
    found = state.ranking.recommended(objective.mode)
    observed = analysis.user_value(found.best.loss, objective.mode)
    told = found.told(objective.name, observed)
    return f'<p class="recommended">Recommended: {_text(told)}.</p>'


def advice_html(state: Snapshot, experiment: Experiment) -> str:
    """Return a paragraph on whether to go on, "" where there are several objectives."""
    if state.outline.several:
        return ""
    advice = advise(experiment.space, state.history, state.ranking)
    return f'<p class="advice">Advice: {_text(advice.told(experiment.objective.name))}.</p>'


def confirmed_html(state: Snapshot, experiment: Experiment) -> str:
    """Return a table of the confirmed configurations, and what is proven; "" where none is."""
    if experiment.confirm is None:
        return ""
    mode = experiment.objective.mode
    found = confirmed(experiment.space, state.history, experiment.confirm.repeats, mode)
    if found is None:
        return ""
    head = "".join(
        f'<th scope="col">{_text(h)}</th>'
        for h in ("trial", f"mean {experiment.objective.name}", "95 %", "run again")
    )
    sentences = "".join(f"<p>{_text(text[0].upper() + text[1:])}.</p>" for text in found.verdicts())
    return (
        f'<h3>Confirmed: trial {found.winner.trial}</h3><div class="scroll">'
        f'<table class="confirmed"><thead><tr>{head}</tr></thead><tbody>{_rows(found)}</tbody>'
        f"</table></div>{sentences}"
    )


def _rows(found: Confirmed) -> str:
    rows = []
    for c in found.configurations:
        cells = [
            f"{c.trial}, the default" if c.default else str(c.trial),
            number(c.mean.value if c.mean else None),
            "" if found.reason or c.mean is None else span(c.mean.low, c.mean.high),
            c.shown(", "),
        ]
        rows.append(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>")
    return "".join(rows)


def _text(value: object) -> str:
    return escape(clean_lines(str(value)))
