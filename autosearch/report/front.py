"""The front of trade-offs: a chart of each two objectives, and the trials on it."""

from collections.abc import Sequence
from html import escape
from itertools import combinations

from autosearch import analysis, formats
from autosearch.outline import Outline
from autosearch.pareto import hypervolume_of
from autosearch.report.axes import value_axis
from autosearch.report.charts import Frame, axes, svg, thinned
from autosearch.trial import History, Trial

MOST_CHARTS = 6
MOST_ROWS = 50


def front_body(history: History, outline: Outline) -> str:
    """Return the section's HTML; "" where there is one objective, or no trial that counts."""
    if not (outline.several and history.front):
        return ""
    pairs = list(combinations(range(len(outline.modes)), 2))[:MOST_CHARTS]
    charts = "".join(f"<div>{_chart(history, outline, x, y)}</div>" for x, y in pairs)
    count = formats.plural(len(history.front), "trial")
    volume = formats.number(hypervolume_of(history, outline.reference()))
    told = f"{count} that no other trial dominates; hypervolume {volume}"
    legend = '<span class="key front-key"></span>the front <span class="key point-key"></span>other'
    if len(history.feasible) < len(history.valued):
        legend += ' <span class="key broken-key"></span>breaks a constraint'
    return (
        f'<p>{told}</p><div class="grid">{charts}</div><p class="legend">{legend}</p>'
        f"{_table(history, outline)}"
    )


def _chart(history: History, outline: Outline, x: int, y: int) -> str:
    names, modes = list(outline.modes), list(outline.modes.values())
    front = {trial.number for trial in history.front}
    trials = [t for t in thinned(history.valued) if t.number not in front]
    trials += history.front

    def place(trial: Trial) -> tuple[float, float]:
        found = [analysis.user_value(trial.losses[i], modes[i]) or 0.0 for i in (x, y)]
        return found[0], found[1]

    places = [place(t) for t in trials]
    frame = Frame(
        340,
        260,
        value_axis([a for a, _ in places], modes[x]),
        value_axis([b for _, b in places], modes[y]),
    )
    parts = [axes(frame, f"{names[x]} ({modes[x]})", f"{names[y]} ({modes[y]})")]
    for trial, (a, b) in zip(trials, places, strict=True):
        shown = frame.x.shows(a) and frame.y.shows(b)
        mark = "point" + ("" if shown else " beyond") + ("" if trial.feasible else " broken")
        mark = "point front" if trial.number in front else mark
        values = ", ".join(f"{n} {formats.number(trial.metrics.get(n))}" for n in names)
        title = f"trial {trial.number}: {values}\n{formats.params(trial.params)}"
        parts.append(
            f'<circle class="{mark}" cx="{frame.px(a)}" cy="{frame.py(b)}" r="4">'
            f"<title>{escape(formats.clean_lines(title))}</title></circle>"
        )
    if len(names) == 2:
        parts.append(_line(frame, [place(t) for t in history.front]))
    return svg(frame, parts, f"{names[y]} over {names[x]}, with the front")


def _line(frame: Frame, points: Sequence[tuple[float, float]]) -> str:
    """Return the edge of what the front dominates: steps from one trial to the next."""
    d = ""
    for a, b in points:
        px, py = frame.px(a), frame.py(b)
        d += f"H{px}V{py}" if d else f"M{px} {py}"
    return f'<path class="best-line" d="{d}"/>'


def _table(history: History, outline: Outline) -> str:
    names = [n for n in outline.kinds if any(n in t.params for t in history.front)]
    metrics = [outline.objective, *outline.columns]
    rows = [
        [
            str(trial.number),
            *(formats.number(trial.metrics.get(name), 6) for name in metrics),
            *(formats.param(trial.params[n]) if n in trial.params else "" for n in names),
        ]
        for trial in history.front[:MOST_ROWS]
    ]
    head = "".join(f"<th scope=col>{_text(h)}</th>" for h in ("trial", *metrics, *names))
    body = "".join("<tr>" + "".join(f"<td>{_text(c)}</td>" for c in row) + "</tr>" for row in rows)
    table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table class="front-table">{table}</table></div>'


def _text(value: str) -> str:
    return escape(formats.clean(value))
