"""Plots of a comparison, as SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search.drive import MARKS
from benchmarks.search.methods import EXPENSIVE, METHODS
from benchmarks.search.report import COMMON_MARK, on_tasks, regrets, suites, whole
from benchmarks.search.results import Measured
from benchmarks.search.score import ByTask, interval
from benchmarks.search.suites import EXPENSIVE_TASKS

# Ours in strong colours, peers in pale ones.
_OURS = {
    "auto": "#c0392b",
    "bayes_opt ucb": "#e67e22",
    "tpe": "#2980b9",
    "anneal": "#27ae60",
}
_PALE = ("#888888", "#7f9fbf", "#9fbf7f", "#bf7f9f", "#6fb7b7", "#bf9f7f", "#a58fd0", "#b5b54d")


def plot(measured: Sequence[Measured], folder: Path) -> None:
    """Write regret.svg and cost.svg. Raises ModuleNotFoundError where matplotlib is missing."""
    import matplotlib

    matplotlib.use("svg")
    # Text as text and ids from a fixed seed: small files, the same each time.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "search", "font.size": 8}):
        _save(_regret(measured), folder / "regret.svg")
        _save(_cost(measured), folder / "cost.svg")


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None})


def _style(name: str, peers: Sequence[str]) -> dict[str, Any]:
    if name in _OURS:
        return {"color": _OURS[name], "linewidth": 2.0}
    place = peers.index(name)
    dash = "-" if place < len(_PALE) // 2 else "--"
    return {"color": _PALE[place % len(_PALE)], "linewidth": 1.2, "linestyle": dash}


def _shown(measured: Sequence[Measured]) -> tuple[list[str], list[str]]:
    """Return our methods and the peers that ran on whole suites."""
    there = {m.method for m in measured} - set(EXPENSIVE)
    ours = [n for n in _OURS if n in there]
    return ours, [n for n in METHODS if n in there and not METHODS[n].ours]


def _regret(measured: Sequence[Measured]) -> Any:
    from matplotlib.figure import Figure

    ours, peers = _shown(measured)
    names = suites([m for m in measured if m.regret])
    columns = 4
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(3.0 * columns, 2.6 * rows + 0.9), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis, suite in zip(axes, names, strict=False):
        for name in (*peers, *ours):
            _line(axis, measured, suite, name, _style(name, peers))
        axis.set(title=suite, xscale="log", xlabel="trials", ylabel="mean normalised regret")
        axis.set_xticks(MARKS, [str(m) for m in MARKS])
        axis.minorticks_off()
        axis.set_ylim(bottom=0.0, top=1.4)
    for axis in axes[len(names) :]:
        axis.set_axis_off()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=7, frameon=False)
    return figure


def _line(
    axis: Any, measured: Sequence[Measured], suite: str, name: str, style: Mapping[str, Any]
) -> None:
    found = {m: by for m in MARKS if (by := whole(regrets(measured, suite, m)).get(name))}
    points = [interval(_lists(by)) for by in found.values()]
    # An empty line keeps the method in the legend.
    axis.plot(list(found), [p[0] for p in points], label=name, **style)
    if METHODS[name].ours and points:
        lows, highs = [p[1] for p in points], [p[2] for p in points]
        axis.fill_between(list(found), lows, highs, color=style["color"], alpha=0.15, linewidth=0)


def _lists(by: ByTask) -> dict[str, list[float]]:
    return {task: list(seeds.values()) for task, seeds in by.items()}


def _cost(measured: Sequence[Measured]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 4.0), layout="constrained")
    axis = figure.subplots()
    points = _costs(measured)
    heights = apart([mean for _, _, mean in points], gap=0.035)
    for (name, cost, mean), height in zip(points, heights, strict=True):
        colour = _OURS.get(name, "0.4")
        axis.plot([cost], [mean], "o", color=colour)
        axis.annotate(
            name,
            (cost, mean),
            (1.25 * cost, height),
            color=colour,
            verticalalignment="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.4},
        )
    axis.set(xscale="log", xlabel="CPU ms a suggestion")
    axis.set(ylabel=f"mean normalised regret after {COMMON_MARK} trials")
    # Room for the names on the right.
    costs = [cost for _, cost, _ in points]
    axis.set_xlim(0.5 * min(costs), 6.0 * max(costs))
    return figure


def _costs(measured: Sequence[Measured]) -> list[tuple[str, float, float]]:
    """Return (method, CPU ms, mean regret) on the tasks that all have, by regret."""
    # The tasks of the expensive peers.
    items = [m for m in on_tasks(measured, EXPENSIVE_TASKS, "") if COMMON_MARK in m.regret]
    found = []
    for name in dict.fromkeys(m.method for m in items):
        own = [m for m in items if m.method == name]
        mean = float(np.mean([np.mean(list(m.regret[COMMON_MARK].values())) for m in own]))
        found.append((name, float(np.mean([m.cpu_ms for m in own])), mean))
    return sorted(found, key=lambda point: point[2])


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Return rising `heights` moved up so that they lie `gap` apart at least."""
    spread: list[float] = []
    for height in heights:
        spread.append(max(height, spread[-1] + gap) if spread else height)
    return spread
