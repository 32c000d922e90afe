"""Tables of a comparison, in Markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from benchmarks.search.drive import MARKS
from benchmarks.search.methods import METHODS
from benchmarks.search.results import Measured
from benchmarks.search.score import ByTask, interval, ranks, ratio

# How far the expensive peers go.
COMMON_MARK = 50
# Regrets by method, of one suite at one mark.
ByMethod = Mapping[str, ByTask]


def suites(measured: Sequence[Measured]) -> list[str]:
    """Return the suites, in the order in which their tasks come."""
    return list(dict.fromkeys(m.suite for m in measured))


def regrets(
    measured: Sequence[Measured], suite: str, mark: int, recommended: bool = False
) -> dict[str, dict[str, dict[int, float]]]:
    """Return regrets by method, task and seed, in one suite after `mark` trials."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    for item in measured:
        values = (item.recommended if recommended else item.regret).get(mark)
        if item.suite == suite and values:
            found.setdefault(item.method, {})[item.task] = values
    return found


def whole(methods: ByMethod) -> dict[str, ByTask]:
    """Return those methods that ran on every task that any of them ran on."""
    most = max((len(by) for by in methods.values()), default=0)
    return {name: by for name, by in methods.items() if len(by) == most}


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


# Above this the upper end of an interval is none.
UNBOUNDED = 100.0


def _cell(values: Mapping[str, Mapping[int, float]] | None) -> str:
    if not values:
        return "–"
    found = interval({t: list(by.values()) for t, by in values.items()})
    return _number(found, [len(by) for by in values.values()])


def _number(found: tuple[float, float, float], runs: Sequence[int]) -> str:
    value, low, high = found
    # Draws in which nearly all of the denominator's regret is gone bound nothing.
    top = f"{high:.2f}" if high < UNBOUNDED else "∞"
    # A single seed has no spread.
    spread = f" ({low:.2f}–{top})" if max(runs, default=0) > 1 else ""
    return f"{value:.2f}{spread} n={sum(runs)}"


def _order(names: Sequence[str]) -> list[str]:
    return [name for name in METHODS if name in names]


def regret_table(measured: Sequence[Measured]) -> str:
    """Return mean regrets with 90 % intervals over seeds, ranks at the last mark, and costs."""
    rows = []
    for suite in suites(measured):
        at = {mark: whole(regrets(measured, suite, mark)) for mark in MARKS}
        last = max((mark for mark in MARKS if at[mark]), default=0)
        placed = _mean_ranks(at[last]) if last else {}
        items = [m for m in measured if m.suite == suite]
        for name in _order([n for n in METHODS if any(n in by for by in at.values())]):
            own = [m for m in items if m.method == name]
            rank = f"{placed[name]:.1f}" if name in placed else "–"
            rows.append(
                [
                    suite,
                    _title(name),
                    *(_cell(at[mark].get(name)) for mark in MARKS),
                    rank,
                    f"{np.mean([m.failed for m in own]):.0%}",
                    f"{np.mean([m.cpu_ms for m in own]):.1f}",
                ]
            )
    return _table(["suite", "method", *(f"@{m}" for m in MARKS), "rank", "failed", "CPU ms"], rows)


def _title(name: str) -> str:
    return f"**{name}**" if METHODS[name].ours else name


def _mean_ranks(methods: ByMethod) -> dict[str, float]:
    found = ranks(methods)
    return {n: float(np.mean([np.mean(v) for v in by.values()])) for n, by in found.items() if by}


def best_peer(methods: ByMethod) -> str | None:
    """Return the peer with the lowest mean regret, random search aside."""
    means = {
        name: float(np.mean([np.mean(list(seeds.values())) for seeds in by.values()]))
        for name, by in methods.items()
        if name in METHODS and not METHODS[name].ours and name != "random"
    }
    return min(means, key=lambda name: means[name]) if means else None


def ratio_table(measured: Sequence[Measured], ours: Sequence[str]) -> str:
    """Return the ratios of our mean regrets to the best peer's, chosen for each suite and mark."""
    rows = []
    for suite in suites(measured):
        for mark in MARKS:
            methods = whole(regrets(measured, suite, mark))
            peer = best_peer(methods)
            if peer is None or not any(name in methods for name in ours):
                continue
            cells = [_ratio(methods.get(name), methods[peer]) for name in ours]
            rows.append([suite, f"@{mark}", peer, *cells])
    return _table(["suite", "trials", "best peer", *(f"{name} / it" for name in ours)], rows)


def _ratio(ours: ByTask | None, theirs: ByTask) -> str:
    if ours is None:
        return "–"
    pairs = [len(ours[t].keys() & theirs[t].keys()) for t in ours.keys() & theirs.keys()]
    return _number(ratio(ours, theirs), pairs)


def on_tasks(measured: Sequence[Measured], tasks: Sequence[str], label: str) -> list[Measured]:
    """Return what is measured on `tasks` by the methods that ran on all of them, as one suite.

    Only marks up to `COMMON_MARK`, which all methods reach, are kept.
    """
    there = [m for m in measured if m.task in tasks and COMMON_MARK in m.regret]
    counts = Counter(m.method for m in there)
    return [
        replace(
            item,
            suite=label,
            regret={mark: by for mark, by in item.regret.items() if mark <= COMMON_MARK},
            recommended={},
        )
        for item in there
        if counts[item.method] == max(counts.values())
    ]


def recommended_table(measured: Sequence[Measured], suite: str = "noisy") -> str:
    """Return what our recommended points come to under noise, beside the best observed ones."""
    rows = []
    for mark in MARKS:
        observed = whole(regrets(measured, suite, mark))
        recommended = regrets(measured, suite, mark, recommended=True)
        peer = best_peer(observed)
        for name in _order(list(recommended)):
            rows.append(
                [
                    f"@{mark}",
                    f"**{name}**",
                    _cell(observed.get(name)),
                    _cell(recommended[name]),
                    f"{peer}: {_cell(observed[peer])}" if peer else "–",
                    _ratio(recommended[name], observed[peer]) if peer else "–",
                ]
            )
    head = ["trials", "method", "best observed", "recommended", "best peer", "recommended / it"]
    return _table(head, rows)


def parallel_table(measured: Sequence[Measured], parallel: str, alone: str) -> str:
    """Return the ratios of the regret with several trials at once to the regret one by one."""
    rows = []
    for suite in suites(measured):
        found = {mark: regrets(measured, suite, mark) for mark in MARKS}
        if parallel in found[MARKS[0]]:
            cells = [_ratio(by.get(parallel), by.get(alone, {})) for by in found.values()]
            rows.append([suite, *cells])
    return _table(["suite", *(f"@{m}" for m in MARKS)], rows)


def own_table(measured: Sequence[Measured], name: str, others: Sequence[str]) -> str:
    """Return the ratios of the regret of `name` to that of others of ours, by suite and mark."""
    rows = []
    for suite in suites(measured):
        for mark in MARKS:
            by = regrets(measured, suite, mark)
            if name in by:
                cells = [_ratio(by[name], by[o]) if o in by else "–" for o in others]
                rows.append([suite, f"@{mark}", *cells])
    return _table(["suite", "trials", *(f"{name} / {o}" for o in others)], rows)


def growth_table(costs: Mapping[str, Mapping[int, float]], marks: Sequence[int]) -> str:
    """Return the CPU ms of a suggestion by method and number of trials; – where time was up."""
    rows = [
        [_title(name), *(f"{costs[name][m]:.1f}" if m in costs[name] else "–" for m in marks)]
        for name in _order(list(costs))
    ]
    return _table(["method", *(f"{m:,} trials" for m in marks)], rows)


SUMMARY = ("continuous", "mixed", "conditional", "noisy", "table", "bbob")
SUMMARY_MARKS = (20, 50, 100)


def summary_table(measured: Sequence[Measured]) -> str:
    """Return mean regrets after 20 / 50 / 100 trials by suite, without intervals."""
    rows = []
    for name in _order(list({m.method for m in measured})):
        cells = [_means(measured, suite, name) for suite in SUMMARY]
        if any(cell != "–" for cell in cells):
            costs = [m.cpu_ms for m in measured if m.method == name and m.suite in SUMMARY]
            rows.append([_title(name), *cells, f"{np.mean(costs):.1f}"])
    return _table(["", *SUMMARY, "CPU ms"], rows)


def _means(measured: Sequence[Measured], suite: str, name: str) -> str:
    found = [whole(regrets(measured, suite, mark)).get(name) for mark in SUMMARY_MARKS]
    means = [np.mean([np.mean(list(s.values())) for s in by.values()]) for by in found if by]
    return " / ".join(f"{mean:.2f}" for mean in means) or "–"


def summary_ratios(measured: Sequence[Measured], ours: Sequence[str]) -> str:
    """Return our ratios to the best peer by suite, for each of our methods and mark."""
    rows = []
    for name, mark in product(ours, SUMMARY_MARKS):
        cells = []
        for suite in SUMMARY:
            methods = whole(regrets(measured, suite, mark))
            peer = best_peer(methods)
            cells.append(_ratio(methods[name], methods[peer]) if peer and name in methods else "–")
        rows.append([f"{name} @{mark}", *(cell.partition(" n=")[0] for cell in cells)])
    return _table(["ours / best peer", *SUMMARY], rows)
