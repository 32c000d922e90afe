"""Put what was measured into the repository: measured.jsonl, tables in the pages, plots.

    python -m benchmarks.search.publish [--results benchmarks/search/results]

Where there are no results of one's own, the tables and plots are made anew from measured.jsonl.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.search.methods import EXPENSIVE, METHODS
from benchmarks.search.plots import plot
from benchmarks.search.report import (
    growth_table,
    on_tasks,
    own_table,
    parallel_table,
    ratio_table,
    recommended_table,
    regret_table,
    summary_ratios,
    summary_table,
)
from benchmarks.search.results import ASKED, Measured, Results, load, measure, save
from benchmarks.search.suites import EXPENSIVE_TASKS, HEBO_TASKS, unseen

HERE = Path(__file__).parent
KEPT = HERE / "measured.jsonl"
PAGES = (HERE / "RESULTS.md", HERE.parents[1] / "README.md")
PARALLEL = "auto, 8 at once"
OURS = ("auto", "tpe", "anneal")
FIXED = ("bayes_opt ucb", "tpe", "anneal", "cma_es")
FIRST = {t.name for t in unseen()}
SYNTHETIC = ("continuous", "mixed", "conditional")
CONDITIONAL = [t.name for t in unseen() if t.suite == "conditional" and t.name in EXPENSIVE_TASKS]


def tables(measured: Sequence[Measured], machines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return every table by the name of its place in the pages."""
    raced = [m for m in measured if m.method != PARALLEL and m.suite != "growth"]
    twelve = on_tasks(raced, EXPENSIVE_TASKS, "12 tasks")
    trees = on_tasks(raced, CONDITIONAL, f"{len(CONDITIONAL)} conditional tasks")
    two = on_tasks(raced, HEBO_TASKS, "2 tasks")
    noiseless = [replace(m, suite="synthetic") for m in measured if m.suite in SYNTHETIC]
    synthetic = [m for m in noiseless if m.method not in EXPENSIVE]
    parts = [
        replace(m, suite="first instances" if m.task in FIRST else "other instances")
        for m in raced
        if m.suite == "continuous" and m.method not in EXPENSIVE
    ]
    costs = {m.method: m.ask_ms for m in measured if m.suite == "growth"}
    return {
        "regrets": regret_table(raced),
        "ratios": ratio_table(
            [*raced, *parts, *(m for m in synthetic if m.method != PARALLEL)], OURS
        ),
        "fixed choices": own_table(raced, "auto", FIXED),
        "expensive": regret_table([*twelve, *trees, *two]),
        "expensive ratios": ratio_table([*twelve, *trees, *two], OURS),
        "recommended": recommended_table(raced),
        "parallel": parallel_table([*measured, *synthetic], PARALLEL, "auto"),
        "growth": growth_table(costs, ASKED),
        "search summary": summary_table([m for m in raced if m.method not in EXPENSIVE]),
        "search ratios": summary_ratios(raced, OURS[:1]),
        "machines": "\n".join(map(_machine, machines)),
    }


def _machine(entry: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in entry["versions"].items())
    return f"- {entry['machine']}, Python {entry['python']}: {versions}."


def fill(text: str, found: Mapping[str, str]) -> str:
    """Return `text` with each table between its marks, `<!-- name -->` and `<!-- end -->`.

    Raises KeyError where the text has a place for a table that there is none of.
    """

    def place(match: re.Match[str]) -> str:
        return f"<!-- {match[1]} -->\n\n{found[match[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- (?!end)([a-z ]+) -->.*?<!-- end -->", place, text, flags=re.DOTALL)


def main() -> None:
    """Write measured.jsonl, the tables of RESULTS.md and README.md, and the plots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=HERE / "results", help="their folder")
    folder = parser.parse_args().results
    if (folder / "full.jsonl").exists():
        full, growth = Results(folder / "full.jsonl"), Results(folder / "growth.jsonl")
        tasks = dict.fromkeys(task for _, task, _ in full.outcomes)
        grown = dict.fromkeys(task for _, task, _ in growth.outcomes)
        costs = measure(growth, METHODS, grown)
        for item in costs:
            item.suite, item.regret = "growth", {}
        machines = [*full.machines, *(m for m in growth.machines if m not in full.machines)]
        save(KEPT, [*measure(full, METHODS, tasks), *costs], machines)
    measured, machines = load(KEPT)
    found = tables(measured, machines)
    for path in PAGES:
        path.write_text(fill(path.read_text("utf-8"), found), "utf-8")
    try:
        plot(measured, HERE)
    except ModuleNotFoundError as error:
        print(f"no plots: {error}; the environment that install-peers makes has matplotlib")


if __name__ == "__main__":
    main()
