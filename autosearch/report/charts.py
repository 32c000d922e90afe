"""The charts of the report, as SVG. Every text that comes from a study is escaped here."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from autosearch import analysis, formats
from autosearch.report.axes import Axis, value_axis
from autosearch.space import Bool, Float, Int, Space
from autosearch.space.parameters import Parameter
from autosearch.trial import History, Trial

# More points than these hide each other, and make a page that browsers open slowly.
MOST_POINTS = 1500
# A letter's width at most, in pixels.
LETTER = 7
# Explicit numbers up to so many stand side by side, like words.
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """A chart's size and axes, in pixels; the plot lies inside the margins."""

    width: int
    height: int
    x: Axis
    y: Axis
    left: int = 58
    right: int = 22
    top: int = 14
    bottom: int = 40

    def px(self, value: float | str) -> float:
        """Return the horizontal pixel of a value."""
        return round(self.x.at(value, self.left, self.width - self.right), 1)

    def py(self, value: float) -> float:
        """Return the vertical pixel of a value."""
        return round(self.y.at(value, self.height - self.bottom, self.top), 1)


def thinned(trials: Sequence[Trial], limit: int = MOST_POINTS) -> list[Trial]:
    """Return at most about `limit` trials by number: the better half of them, and every n-th of
    the others.
    """
    if len(trials) <= limit:
        return list(trials)
    order = sorted(trials, key=lambda t: t.losses[0])
    kept, others = order[: limit // 2], order[limit // 2 :]
    kept += others[:: -(-len(others) // (limit // 2))]
    return sorted(kept, key=lambda t: t.number)


def progress_chart(history: History, metric: str, mode: str, *, width: int, height: int) -> str:
    """Return every trial's value by number, with the best so far as a line."""
    trials = thinned(history.valued)
    values = [_value(t, mode) for t in trials]
    frame = Frame(
        width,
        height,
        Axis("linear", -0.5, max(len(history) - 0.5, 0.5), whole=True),
        value_axis(values, mode),
    )
    steps = analysis.best_so_far(history)
    best = history.best
    parts = [axes(frame, "trial", metric)]
    parts += [_point(frame, t, t.number, mode, metric, _age(t, history)) for t in trials]
    for group in analysis.failures(history):
        parts += [_cross(frame, number, group) for number in group.numbers[:MOST_POINTS]]
    if steps:
        parts.append(_staircase(frame, steps, mode, len(history)))
    if best is not None:
        parts.append(_ring(frame, best, best.number, mode))
    text = f"{metric} of each trial, and the best so far"
    return svg(frame, parts, text)


def parameter_chart(name: str, space: Space, history: History, metric: str, mode: str) -> str:
    """Return the value of each trial over one of its parameters; "" where no trial has it."""
    trials = [t for t in thinned(history.valued) if name in t.params]
    if not trials:
        return ""
    values = [_value(t, mode) for t in trials]
    axis = _parameter_axis(space.params[name], [t.params[name] for t in trials])
    frame = Frame(340, 220, axis, value_axis(values, mode))
    parts = [axes(frame, name, metric)]
    parts += [
        _point(frame, t, _place(axis, t.params[name]), mode, metric, _age(t, history))
        for t in trials
    ]
    best = history.best
    if best is not None and name in best.params:
        parts.append(_ring(frame, best, _place(axis, best.params[name]), mode))
    return svg(frame, parts, f"{metric} by {name}")


def _parameter_axis(parameter: Parameter, seen: Sequence[object]) -> Axis:
    if isinstance(parameter, Float | Int) and not 0 < len(parameter.values or ()) <= MOST_WORDS:
        # An extension may have moved the ends since a trial was made.
        numbers = [float(v) for v in seen if isinstance(v, int | float)]
        low, high = min([parameter.low, *numbers]), max([parameter.high, *numbers])
        kind: Literal["linear", "log"] = "log" if low > 0 and parameter.log else "linear"
        return Axis(kind, low, high, whole=isinstance(parameter, Int))
    listed = (True, False) if isinstance(parameter, Bool) else parameter.values
    return Axis("words", words=tuple(dict.fromkeys(map(str, [*listed, *seen]))))


def _place(axis: Axis, value: object) -> float | str:
    return str(value) if axis.kind == "words" else float(str(value))


def _value(trial: Trial, mode: str) -> float:
    value = analysis.user_value(trial.losses[0], mode)
    assert value is not None
    return value


def _age(trial: Trial, history: History) -> float:
    """Return how opaque a trial's point is: early ones are pale."""
    return round(0.35 + 0.6 * trial.number / max(len(history) - 1, 1), 2)


def svg(frame: Frame, parts: Sequence[str], text: str) -> str:
    """Return a chart; text: what it shows, for those who do not see it."""
    label = escape(formats.clean(text))
    return (
        f'<svg viewBox="0 0 {frame.width} {frame.height}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def axes(frame: Frame, x_label: str, y_label: str) -> str:
    """Return the axes with their ticks and names."""
    floor, right = frame.height - frame.bottom, frame.width - frame.right
    parts = []
    for tick, label in frame.y.ticks():
        y = frame.py(float(tick))
        parts.append(f'<line class="grid" x1="{frame.left}" x2="{right}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="end" x="{frame.left - 6}" y="{y + 4}">{escape(label)}</text>')
    ticks = frame.x.ticks()
    room = max(int((right - frame.left) / max(len(ticks), 1) / LETTER), 3)
    for tick, label in ticks:
        x = frame.px(tick)
        shown = escape(formats.cut(formats.clean(label), room))
        parts.append(f'<line class="tick" x1="{x}" x2="{x}" y1="{floor}" y2="{floor + 4}"/>')
        parts.append(f'<text class="mid" x="{x}" y="{floor + 17}">{shown}</text>')
    parts.append(f'<line class="axis" x1="{frame.left}" x2="{right}" y1="{floor}" y2="{floor}"/>')
    middle = (frame.left + right) / 2
    x_name, y_name = _fitted(x_label, right - frame.left), _fitted(y_label, floor - frame.top)
    parts.append(f'<text class="mid name" x="{middle}" y="{frame.height - 6}">{x_name}</text>')
    centre = (frame.top + floor) / 2
    turned = f"translate(12 {centre}) rotate(-90)"
    parts.append(f'<text class="mid name" transform="{turned}">{y_name}</text>')
    return "".join(parts)


def _fitted(text: str, pixels: int) -> str:
    return escape(formats.cut(formats.clean(text), pixels // LETTER))


def _point(frame: Frame, trial: Trial, x: float | str, mode: str, metric: str, age: float) -> str:
    value = _value(trial, mode)
    title = f"trial {trial.number}: {metric} {formats.number(value, 6)}\n"
    title += formats.params(trial.params)
    mark = "" if frame.y.shows(value) else " beyond"
    if not trial.feasible:
        mark += " broken"
        title += f"\n{trial.reason}"
    return (
        f'<circle class="point{mark}" cx="{frame.px(x)}" cy="{frame.py(value)}" r="3.5" '
        f'opacity="{age}"><title>{escape(formats.clean_lines(title))}</title></circle>'
    )


def _cross(frame: Frame, number: int, group: analysis.FailureGroup) -> str:
    x, y = frame.px(number), frame.height - frame.bottom - 5
    title = escape(formats.clean(f"trial {number}: {group.state}: {group.reason}"))
    return f'<path class="cross" d="M{x - 3} {y - 3}l6 6m0 -6l-6 6"><title>{title}</title></path>'


def _staircase(frame: Frame, steps: Sequence[tuple[int, float]], mode: str, count: int) -> str:
    d = ""
    for number, loss in steps:
        value = analysis.user_value(loss, mode) or 0.0
        x, y = frame.px(number), frame.py(value)
        d += f"H{x}V{y}" if d else f"M{x} {y}"
    return f'<path class="best-line" d="{d}H{frame.px(max(count - 1, 0))}"/>'


def _ring(frame: Frame, trial: Trial, x: float | str, mode: str) -> str:
    cx, cy = frame.px(x), frame.py(_value(trial, mode))
    return f'<circle class="ring" cx="{cx}" cy="{cy}" r="6.5"/>'
