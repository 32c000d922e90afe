"""Runs as they come, one line each, and what is kept of them."""

import json
import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.search.drive import MARKS, Run
from benchmarks.search.score import normalised, regret
from benchmarks.search.task import Task

# Where the cost of a suggestion is kept.
ASKED = (50, 100, 200, 500, 1000, 2000)
# Mark → seed → regret.
Regrets = dict[int, dict[int, float]]
_PACKAGES = (
    "numpy", "scipy", "scikit-learn", "hyperopt", "scikit-optimize", "optuna", "cmaes", "torch",
    "nevergrad", "smac", "HEBO", "ioh",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What one run comes to: regrets and costs by the number of trials done.

    recommended: regrets of the points that the method's model recommends, if it does. ask_ms: the
    mean CPU time of a suggestion around each mark. failed: the share of trials that failed.
    """

    suite: str
    regret: dict[int, float]
    recommended: dict[int, float]
    ask_ms: dict[int, float]
    cpu_ms: float
    failed: float


def outcome(task: Task, run: Run) -> Outcome:
    """Score a run."""
    done = max(len(run.true), 1)
    asks = 1e3 * np.array(run.asks_s)
    return Outcome(
        task.suite,
        {m: round(regret(task, run, m), 4) for m in MARKS if m <= len(run.true)},
        {m: round(normalised(task, true, m), 4) for m, true in run.recommended.items()},
        {m: round(float(asks[m - 10 : m].mean()), 3) for m in ASKED if m <= len(asks)},
        round(1e3 * run.cpu_s / done, 3),
        round(run.failures / done, 4),
    )


class Results:
    """Outcomes by (method, task, seed), in a file of JSON lines that is only added to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: dict[tuple[str, str, int], Outcome] = {}
        self.machines: list[dict[str, Any]] = []
        self.read()

    def read(self) -> None:
        """Take in what is in the file by now."""
        for line in self.path.read_text("utf-8").splitlines() if self.path.exists() else ():
            entry = json.loads(line)
            if "machine" in entry:
                if entry not in self.machines:
                    self.machines.append(entry)
                continue
            key = entry.pop("method"), entry.pop("task"), entry.pop("seed")
            marks = {
                part: {int(m): x for m, x in entry[part].items()}
                for part in ("regret", "recommended", "ask_ms")
            }
            self.outcomes[key] = Outcome(**{**entry, **marks})

    def add(self, key: tuple[str, str, int], found: Outcome) -> None:
        """Keep one run, and before the first one of a Python what it ran on."""
        if (here := _machine()) not in self.machines:
            self.machines.append(here)
            self._append(here)
        self.outcomes[key] = found
        self._append(dict(zip(("method", "task", "seed"), key, strict=True)) | vars(found))

    def _append(self, entry: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def _machine() -> dict[str, Any]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return {"machine": machine, "python": platform.python_version(), "versions": versions}


@dataclass
class Measured:
    """What is kept of a method's runs on a task: regrets by mark and seed, and what asking cost.

    recommended: regrets of the points that the method's model recommends. ask_ms: the mean of a
    suggestion by the number of trials. failed: the share of trials that failed. cpu_ms: the mean of
    all suggestions.
    """

    method: str
    task: str
    suite: str
    regret: Regrets = field(default_factory=dict)
    recommended: Regrets = field(default_factory=dict)
    ask_ms: dict[int, float] = field(default_factory=dict)
    failed: float = 0.0
    cpu_ms: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return {k: v for k, v in vars(self).items() if v != {}}

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "Measured":
        """Return what `to_json` wrote."""
        kept = {
            part: {int(m): {int(s): x for s, x in by.items()} for m, by in entry[part].items()}
            for part in ("regret", "recommended")
            if part in entry
        }
        asks = {int(m): x for m, x in entry.get("ask_ms", {}).items()}
        return cls(**{**entry, **kept, "ask_ms": asks})


def measure(results: Results, methods: Iterable[str], tasks: Iterable[str]) -> list[Measured]:
    """Return what these methods' runs on these tasks say, one item for each pair that ran."""
    runs: dict[tuple[str, str], dict[int, Outcome]] = defaultdict(dict)
    for (method, task, seed), found in sorted(results.outcomes.items()):
        runs[method, task][seed] = found
    pairs = [(m, t) for t, m in product(tasks, methods) if (m, t) in runs]
    return [_measured(method, task, runs[method, task]) for method, task in pairs]


def _measured(method: str, task: str, runs: Mapping[int, Outcome]) -> Measured:
    asks = _by_mark({seed: run.ask_ms for seed, run in runs.items()})
    return Measured(
        method,
        task,
        next(iter(runs.values())).suite,
        _by_mark({seed: run.regret for seed, run in runs.items()}),
        _by_mark({seed: run.recommended for seed, run in runs.items()}),
        {mark: round(fmean(by.values()), 3) for mark, by in asks.items()},
        round(fmean(run.failed for run in runs.values()), 4),
        round(fmean(run.cpu_ms for run in runs.values()), 3),
    )


def _by_mark(by_seed: Mapping[int, Mapping[int, float]]) -> Regrets:
    found: Regrets = {}
    for seed, values in by_seed.items():
        for mark, value in values.items():
            found.setdefault(mark, {})[seed] = value
    return found


def save(path: Path, measured: Iterable[Measured], machines: Iterable[Mapping[str, Any]]) -> None:
    """Write what is committed: the machines, then one line for each method and task."""
    lines = [*machines, *(m.to_json() for m in measured)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def load(path: Path) -> tuple[list[Measured], list[dict[str, Any]]]:
    """Return what `save` wrote."""
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    measured = [Measured.from_json(e) for e in entries if "method" in e]
    return measured, [e for e in entries if "method" not in e]
