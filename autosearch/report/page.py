"""The page: the answer first, then how it was found."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from autosearch import analysis, formats
from autosearch.experiment.model import Experiment
from autosearch.folders import log_path
from autosearch.report.charts import MOST_POINTS, parameter_chart, progress_chart
from autosearch.report.front import front_body
from autosearch.report.winners import advice_html, confirmed_html, recommended_html
from autosearch.snapshot import Snapshot
from autosearch.trial import Trial

LOG_BYTES = 8192
LAST_LINES = 8
SHOWN_GROUPS = 20
SHOWN_NUMBERS = 12


def render(state: Snapshot, folder: Path | None = None) -> str:
    """Return the page's HTML. folder: the study's, where the logs of failed trials are."""
    experiment = state.experiment
    assets = files("autosearch.report")
    style = assets.joinpath("style.css").read_text(encoding="utf-8")
    script = assets.joinpath("table.js").read_text(encoding="utf-8")
    # Nothing but these two may run or be loaded, whatever a trial's log tries to smuggle in.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    sections = [
        _section("Front", front_body(state.history, state.outline), "front"),
        _answer(state, experiment),
        _progress(state, experiment),
        _parameters(state, experiment),
        _failures(state, folder),
        _trials(state, experiment),
        _facts(state, experiment, folder),
    ]
    title = _text(f"{experiment.name}: {state.outline.aim}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{style}</style></head>\n<body><main>\n"
        f"<header><h1>{_text(experiment.name)}</h1><p>{_summary(state, experiment)}</p></header>\n"
        + "\n".join(filter(None, sections))
        + f"\n</main><script>{script}</script></body></html>\n"
    )


def _text(value: object) -> str:
    """Return text that shows as it is: neither markup nor control characters get through."""
    return escape(formats.clean_lines(str(value)))


def _summary(state: Snapshot, experiment: Experiment) -> str:
    if state.owner is not None:
        ending = "running"
    else:
        ending = state.outcome.ending if state.outcome else state.outline.unended
    counts = analysis.count_states(state.history.trials)
    numbers = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items())
    asked = f"{state.history.searched} of {experiment.search.trials} trials"
    parts = [ending.replace("_", " "), asked]
    if state.history.confirming:
        parts.append(formats.plural(len(state.history.confirming), "confirming run"))
    if numbers:
        parts.append(numbers)
    return _text(" · ".join([*parts, formats.duration(state.spent_s)]))


def _section(title: str, body: str, name: str) -> str:
    return f'<section id="{name}"><h2>{_text(title)}</h2>{body}</section>' if body else ""


def _answer(state: Snapshot, experiment: Experiment) -> str:
    best, objective = state.history.best, experiment.objective
    outcome = state.outcome
    told = ""
    if outcome is not None and outcome.ending in ("no_metric", "failures"):
        told = f'<pre class="alarm">{_text(outcome.text)}</pre>'
    if best is None:
        none = analysis.none_feasible(state.history, tuple(state.outline.bounds.values()))
        text = f"{none[:1].upper()}{none[1:]}." if none else "No trial has a value yet."
        return _section("Best", f"{told}<p>{_text(text)}</p>", "answer")
    others = "".join(
        f"<span>{_text(name)} {_text(formats.number(best.metrics.get(name), 8))}</span>"
        for name in state.outline.columns
    )
    value = analysis.user_value(best.loss, objective.mode)
    rows = "".join(
        f"<tr><th scope=row>{_text(k)}</th><td>{_text(v)}</td></tr>" for k, v in best.params.items()
    )
    command = state.commands.get(best.number, "")
    again = (
        f'<h3>The command that ran it</h3><pre class="command"><code>{_text(command)}</code></pre>'
        if command
        else ""
    )
    body = (
        f'{told}<p class="value">{_text(objective.name)} <strong>{value:.8g}</strong> '
        f"{others}<span>trial {best.number}</span></p>"
        f'<table class="params"><tbody>{rows}</tbody></table>{again}'
        f"{recommended_html(state, experiment)}{advice_html(state, experiment)}"
        f"{confirmed_html(state, experiment)}"
    )
    first = f"Best by {objective.name}" if state.outline.several else "Best"
    return _section(first, body, "answer")


def _progress(state: Snapshot, experiment: Experiment) -> str:
    if not len(state.history):
        return ""
    objective = experiment.objective
    charts = [
        f'<div class="{name}">'
        + progress_chart(state.history, objective.name, objective.mode, width=width, height=height)
        + "</div>"
        for name, width, height in (("wide", 860, 320), ("narrow", 360, 260))
    ]
    legend = (
        '<p class="legend"><span class="key best-key"></span>best so far '
        '<span class="key point-key"></span>a trial (later ones darker)'
    )
    if analysis.failures(state.history):
        legend += ' <span class="key cross-key">×</span>without a value'
    if 'class="point beyond"' in charts[0]:
        legend += ' <span class="key beyond-key"></span>beyond the edge'
    if len(state.history.feasible) < len(state.history.valued):
        legend += ' <span class="key broken-key"></span>breaks a constraint'
    if len(state.history.valued) > MOST_POINTS:
        legend += f" · of {len(state.history.valued)} trials about {MOST_POINTS} are drawn"
    return _section("Progress", f"{''.join(charts)}{legend}</p>", "progress")


def _parameters(state: Snapshot, experiment: Experiment) -> str:
    objective, space = experiment.objective, experiment.space
    charts = [
        parameter_chart(name, space, state.history, objective.name, objective.mode)
        for name in space.names
    ]
    drawn = "".join(f"<div>{chart}</div>" for chart in charts if chart)
    return _section("Parameters", f'<div class="grid">{drawn}</div>' if drawn else "", "parameters")


def _failures(state: Snapshot, folder: Path | None) -> str:
    groups = analysis.failures(state.history)
    parts = []
    for group in groups[:SHOWN_GROUPS]:
        numbers = ", ".join(map(str, group.numbers[:SHOWN_NUMBERS]))
        more = ", …" if len(group.numbers) > SHOWN_NUMBERS else ""
        last = _last_lines(state.history.trials[group.numbers[0]], folder)
        tail = f"<pre>{_text(last)}</pre>" if last else ""
        parts.append(
            f"<details><summary><b>{len(group.numbers)}</b> {_text(group.state.replace('_', ' '))}"
            f": {_text(group.reason)}</summary><p>trials {numbers}{more}</p>{tail}</details>"
        )
    if len(groups) > SHOWN_GROUPS:
        parts.append(f"<p>and {len(groups) - SHOWN_GROUPS} more reasons</p>")
    return _section("Trials without a value", "".join(parts), "failures")


def _last_lines(trial: Trial, folder: Path | None) -> str:
    """Return the end of a trial's log, "" where there is none here."""
    if folder is None or not trial.attempt:
        return ""
    path = log_path(folder, trial.number, trial.attempt)
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - LOG_BYTES, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        # Deleted, or on another machine: the reason above is all there is to show.
        return ""
    lines = [formats.cut(line, 300) for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-LAST_LINES:])


def _trials(state: Snapshot, experiment: Experiment) -> str:
    if not len(state.history):
        return ""
    names = [n for n in experiment.space.names if any(n in t.params for t in state.history.trials)]
    others = [m.name for m in experiment.metrics[1:]]
    again = any(t.repeat_of is not None for t in state.history.trials)
    last = [*(["repeats"] if again else []), "state", "time", "reason"]
    head = ["trial", experiment.objective.name, *names, *others, *last]
    best = state.history.best
    rows = []
    for trial in state.history.trials:
        mark = ' class="best"' if best is not None and trial.number == best.number else ""
        mark = mark if trial.feasible else ' class="broken"'
        cells = [*_cells(trial, experiment, names, others)]
        cells += [_number_cell(trial.repeat_of)] if again else []
        rows.append(f"<tr{mark}>{''.join([*cells, *_end_cells(trial)])}</tr>")
    columns = "".join(
        f'<th scope="col" aria-sort="none"><button type="button">{_text(h)}</button></th>'
        for h in head
    )
    body = (
        '<p><label>Filter <input id="filter" type="search" placeholder="e.g. failed"></label> '
        '<span id="count" role="status"></span></p><div class="scroll">'
        f'<table id="trials"><thead><tr>{columns}</tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table></div>"
    )
    return _section("Trials", body, "trials-section")


def _cells(
    trial: Trial, experiment: Experiment, names: Sequence[str], others: Sequence[str]
) -> Iterable[str]:
    value = analysis.user_value(trial.loss, experiment.objective.mode)
    yield _number_cell(trial.number)
    yield _number_cell(value)
    for name in names:
        yield _cell(trial.params.get(name))
    for name in others:
        yield _number_cell(trial.metrics.get(name))


def _end_cells(trial: Trial) -> Iterable[str]:
    yield f"<td>{_text(trial.state.replace('_', ' '))}</td>"
    seconds = formats.duration(trial.seconds) if trial.seconds is not None else ""
    yield f'<td class="number" data-sort="{trial.seconds or 0}">{_text(seconds)}</td>'
    yield f'<td class="reason">{_text(trial.reason)}</td>'


def _cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_cell(value)
    return f"<td>{'' if value is None else _text(value)}</td>"


def _number_cell(value: float | None) -> str:
    if value is None:
        return "<td></td>"
    return f'<td class="number" data-sort="{value!r}">{_text(formats.number(value, 6))}</td>'


def _facts(state: Snapshot, experiment: Experiment, folder: Path | None) -> str:
    search, described = experiment.search, state.described
    strategies = ", ".join(f"{s.name}{_settings(s.settings)}" for s in search.strategies)
    metrics = [
        f"{m.name} ({m.mode}, {m.reduce}{f', {m.bounds}' if m.bounded else ''}): "
        f"{m.regex or 'patterns made from its name'}"
        for m in experiment.metrics
    ]
    space = [
        f"{name}: {p.describe()}{formats.condition(p.when)}"
        for name, p in experiment.space.params.items()
    ]
    space += [f"where {constraint}" for constraint in experiment.space.constraints]
    started = [t.started_at for t in state.history.trials if t.started_at is not None]
    rows = [
        ("study", f"{state.study}{f' in {folder}' if folder else ''}"),
        ("description", experiment.description),
        ("began", formats.moment(min(started)) if started else ""),
        ("worked", formats.duration(state.spent_s)),
        ("program", " ".join(experiment.command)),
        ("runs in", str(experiment.folder)),
        ("metrics", "\n".join(metrics)),
        ("space", "\n".join(space)),
        ("strategy", strategies),
        ("parallel", str(search.parallel)),
        ("seed", str(search.seed)),
        ("stops trials", f"{experiment.stop.rule}{_settings(experiment.stop.settings)}"),
        ("autosearch", described.version),
    ]
    notices = [s for s in state.said if s.event in ("notice", "warning", "salvaged")]
    rows += [(formats.moment(s.at), s.text) for s in notices[-SHOWN_GROUPS:]]
    body = "".join(
        f"<tr><th scope=row>{_text(k)}</th><td>{_text(v)}</td></tr>" for k, v in rows if v
    )
    return _section("The search", f'<table class="facts"><tbody>{body}</tbody></table>', "facts")


def _settings(settings: Mapping[str, Any]) -> str:
    return f" ({', '.join(f'{k}={v}' for k, v in settings.items())})" if settings else ""
