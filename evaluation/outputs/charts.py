"""Charts as SVG: they need no script, scale to any screen, and show their values on hover."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.arrays import Floats, Ints
from evaluation.calibration import Bins
from evaluation.outputs.markup import both, text
from evaluation.sensitivity import Fifth
from evaluation.suggestions.wording import number, percent

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 20, 10, 42
HUES = 8

Label = tuple[str, str]
Range = tuple[float, float]


@dataclass(frozen=True)
class Axes:
    """A frame that maps values to places on the picture."""

    x: Range
    y: Range

    def left(self, value: float) -> float:
        """Return the place of a value on the x axis."""
        low, high = self.x
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / max(high - low, 1e-12)

    def top(self, value: float) -> float:
        """Return the place of a value on the y axis."""
        low, high = self.y
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / max(high - low, 1e-12)

    def frame(self, x_label: Label, y_label: Label, share: tuple[bool, bool] = (True, True)) -> str:
        """Return the grid, ticks and labels."""
        parts = []
        for value in ticks(self.x):
            place = self.left(value)
            shown = f"{100 * value:.3g}%" if share[0] else f"{value:.4g}"
            parts.append(
                f'<line class="grid" x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" '
                f'y2="{HEIGHT - BOTTOM}"/><text class="tick" x="{place:.1f}" '
                f'y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">{shown}</text>'
            )
        for value in ticks(self.y):
            place = self.top(value)
            shown = f"{100 * value:.3g}%" if share[1] else f"{value:.4g}"
            parts.append(
                f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" '
                f'y2="{place:.1f}"/><text class="tick" x="{LEFT - 5}" y="{place + 3:.1f}" '
                f'text-anchor="end">{shown}</text>'
            )
        middle = (HEIGHT - BOTTOM + TOP) / 2
        parts.append(
            f'<text class="axis" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" '
            f'text-anchor="middle">{both(*x_label, tag="tspan")}</text>'
            f'<text class="axis" x="12" y="{middle}" text-anchor="middle" '
            f'transform="rotate(-90 12 {middle})">{both(*y_label, tag="tspan")}</text>'
        )
        return "".join(parts)


def ticks(bounds: Range) -> list[float]:
    """Return four to eight round values within the bounds."""
    low, high = bounds
    raw = max(high - low, 1e-12) / 5
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first = np.ceil(low / step - 1e-9) * step
    # Adding 0 turns -0 into 0.
    return [float(v) + 0.0 for v in np.arange(first, high + step * 1e-6, step)]


def svg(content: str, title: Label, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return a picture that fills its place."""
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{text(title[0])} / {text(title[1])}">{content}</svg>'
    )


@dataclass(frozen=True)
class Line:
    """One curve; `low` and `high` add a band. chinese: its name, where that differs."""

    name: str
    x: Sequence[float] | Floats
    y: Sequence[float] | Floats
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    style: str = ""
    chinese: str = ""


def lines(
    curves: Sequence[Line],
    axes: Axes,
    labels: tuple[Label, Label],
    share: tuple[bool, bool] = (True, True),
    extra: str = "",
) -> str:
    """Return a chart of curves with a legend and hover points."""
    parts = [axes.frame(*labels, share), extra]
    legend = []
    for place, curve in enumerate(curves):
        hue = f"hue{place % HUES}"
        points = [
            (axes.left(float(x)), axes.top(float(y)), float(x), float(y))
            for x, y in zip(curve.x, curve.y, strict=True)
            if np.isfinite(y)
        ]
        if curve.low is not None and curve.high is not None:
            parts.append(_band(curve, axes, hue))
        path = " ".join(f"{left:.1f},{top:.1f}" for left, top, _, _ in points)
        parts.append(f'<polyline class="line {hue} {curve.style}" points="{path}"/>')
        step = max(1, len(points) // 40)
        for left, top, x, y in points[::step]:
            tip = f"{curve.name}: {_shown(x, share[0])} → {_shown(y, share[1])}"
            parts.append(
                f'<circle class="dot {hue}" cx="{left:.1f}" cy="{top:.1f}" r="5" '
                f'data-tip="{text(tip)}"/>'
            )
        name = both(curve.name, curve.chinese) if curve.chinese else text(curve.name)
        legend.append(f'<span><i class="{hue}"></i>{name}</span>')
    keys = f'<div class="legend">{"".join(legend)}</div>' if len(curves) > 1 else ""
    return svg("".join(parts), labels[1]) + keys


def _shown(value: float, share: bool) -> str:
    return percent(value) if share else number(value)


def _band(curve: Line, axes: Axes, hue: str) -> str:
    upper = [(x, y) for x, y in zip(curve.x, curve.high or (), strict=True)]
    lower = [(x, y) for x, y in zip(curve.x, curve.low or (), strict=True)][::-1]
    path = " ".join(f"{axes.left(float(x)):.1f},{axes.top(float(y)):.1f}" for x, y in upper + lower)
    return f'<polygon class="band {hue}" points="{path}"/>'


def diagonal(axes: Axes) -> str:
    """Return the line y = x."""
    return (
        f'<line class="diagonal" x1="{axes.left(0):.1f}" y1="{axes.top(0):.1f}" '
        f'x2="{axes.left(1):.1f}" y2="{axes.top(1):.1f}"/>'
    )


def reliability(bins: Bins) -> str:
    """Return accuracy over confidence with intervals, and where a calibrated model would fall."""
    axes = Axes((0, 1), (0, 1))
    labels = (("confidence", "置信度"), ("accuracy", "准确率"))
    parts = [axes.frame(*labels), diagonal(axes)]
    largest = max(int(bins.n.max()), 1)
    for b in np.flatnonzero(bins.n > 0).tolist():
        left, right = axes.left(bins.edges[b]), axes.left(bins.edges[b + 1])
        x = axes.left(float(bins.confidence[b]))
        accuracy = bins.hits[b] / bins.n[b]
        base, weight = axes.top(0), 30 * bins.n[b] / largest
        tip = (
            f"n = {bins.n[b]}, {percent(float(bins.confidence[b]))} → {percent(float(accuracy))} "
            f"({percent(float(bins.low[b]))} – {percent(float(bins.high[b]))})"
        )
        parts.append(
            f'<rect class="mass" x="{left:.1f}" y="{base - weight:.1f}" '
            f'width="{right - left - 1:.1f}" height="{weight:.1f}"/>'
            f'<rect class="expected" x="{left:.1f}" y="{axes.top(bins.expected_high[b]):.1f}" '
            f'width="{right - left - 1:.1f}" '
            f'height="{axes.top(bins.expected_low[b]) - axes.top(bins.expected_high[b]):.1f}"/>'
            f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{axes.top(bins.low[b]):.1f}" '
            f'y2="{axes.top(bins.high[b]):.1f}"/>'
            f'<circle class="mark hue0" cx="{x:.1f}" cy="{axes.top(accuracy):.1f}" r="4" '
            f'data-tip="{text(tip)}"/>'
        )
    return svg("".join(parts), ("reliability diagram", "可靠性图"))


def heat(counts: Ints, names: Sequence[str]) -> str:
    """Return a confusion matrix, rows true and columns predicted, shaded by the row's share."""
    k = len(counts)
    cell = max(6, min(36, 560 // k))
    margin = 8 + 7 * min(14, max(map(len, names), default=1))
    size = margin + k * cell + 8
    support = counts.sum(axis=1)
    parts = []
    named = cell >= 10
    for i in range(k):
        place = margin + i * cell + cell / 2
        if named:
            short = text(names[i] if len(names[i]) <= 14 else names[i][:13] + "…")
            parts.append(
                f'<text class="tick" x="{margin - 4}" y="{place + 3:.1f}" text-anchor="end">{short}'
                f'</text><text class="tick" transform="translate({place + 3:.1f} {margin - 4}) '
                f'rotate(-90)">{short}</text>'
            )
    for r, c in zip(*(part.tolist() for part in np.nonzero(counts)), strict=True):
        share = counts[r, c] / support[r]
        tip = f"{names[r]} → {names[c]}: {counts[r, c]} ({percent(float(share))})"
        kind = "right" if r == c else "wrong"
        opacity = 0.12 + 0.88 * float(share) ** 0.6
        x, y = margin + c * cell, margin + r * cell
        parts.append(
            f'<rect class="{kind}" x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" '
            f'fill-opacity="{opacity:.2f}" data-tip="{text(tip)}"/>'
        )
        if cell >= 24:
            parts.append(
                f'<text class="{"count light" if opacity > 0.6 else "count"}" '
                f'x="{x + cell / 2 - 0.5:.1f}" y="{y + cell / 2 + 3:.1f}" '
                f'text-anchor="middle">{counts[r, c]}</text>'
            )
    return svg("".join(parts), ("confusion matrix", "混淆矩阵"), size, size)


def fifths(bins: Sequence[Fifth]) -> str:
    """Return small bars of accuracy per bin, the axis cut at the lowest bound."""
    lows = [b.accuracy.low or 0.0 for b in bins]
    floor = max(0.0, min(lows) - 0.02)
    width = 26
    parts = []
    for place, item in enumerate(bins):
        value, low, high = (
            item.accuracy.value or 0.0,
            item.accuracy.low or 0.0,
            item.accuracy.high or 1.0,
        )
        scale = 40 / max(1 - floor, 1e-9)
        x, height = place * width, (value - floor) * scale
        where = item.label or f"{number(item.low)} – {number(item.high)}"
        tip = f"{where}: {percent(value)} ({percent(low)} – {percent(high)}), n = {item.n}"
        middle = x + width / 2 - 1
        parts.append(
            f'<rect class="fifth" x="{x}" y="{42 - height:.1f}" width="{width - 3}" '
            f'height="{max(height, 1):.1f}" data-tip="{text(tip)}"/><line class="whisker" '
            f'x1="{middle}" x2="{middle}" y1="{42 - (low - floor) * scale:.1f}" '
            f'y2="{42 - (high - floor) * scale:.1f}"/>'
        )
    return (
        f'<svg class="small" viewBox="0 0 {width * len(bins)} 44" role="img" '
        f'aria-label="accuracy by range">{"".join(parts)}</svg>'
    )


def scatter(points: Floats, hues: Ints, marked: Ints, tips: Sequence[str]) -> str:
    """Return points coloured by class; marked ones have a ring."""
    low, high = points.min(axis=0), points.max(axis=0)
    pad = 0.04 * np.maximum(high - low, 1e-9)
    axes = Axes(
        (float(low[0] - pad[0]), float(high[0] + pad[0])),
        (float(low[1] - pad[1]), float(high[1] + pad[1])),
    )
    ring = set(marked.tolist())
    parts = [
        axes.frame(("component 1", "第一主成分"), ("component 2", "第二主成分"), (False, False))
    ]
    for i, (x, y) in enumerate(points.tolist()):
        extra = " ring" if i in ring else ""
        parts.append(
            f'<circle class="point hue{int(hues[i]) % HUES}{extra}" cx="{axes.left(x):.1f}" '
            f'cy="{axes.top(y):.1f}" r="2.6" data-tip="{text(tips[i])}"/>'
        )
    return svg("".join(parts), ("features", "特征"))


def heat_map(values: Floats, aspect: float) -> str:
    """Return an overlay of cells, opaque where the value is high.

    aspect: height over width of the picture, so that the overlay is fitted in as the picture is.
    """
    rows, columns = values.shape
    tall = aspect * columns / rows
    cells = "".join(
        f'<rect x="{c}" y="{r * tall:.3f}" width="1.02" height="{tall * 1.02:.3f}" '
        f'fill-opacity="{0.75 * values[r, c]:.2f}"/>'
        for r in range(rows)
        for c in range(columns)
        if values[r, c] > 0.05
    )
    return (
        f'<svg class="overlay" viewBox="0 0 {columns} {rows * tall:.3f}" '
        f'aria-hidden="true">{cells}</svg>'
    )
