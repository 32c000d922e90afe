"""A small fixed race that tells whether a change made searching worse, in seconds.

    python -m benchmarks.search.regression            # p-values beside what is recorded
    python -m benchmarks.search.regression --record   # records ours, and the peers that are there

The regrets of a few training tasks and seeds are compared pair by pair with recorded ones. A
method counts as worse only where that is improbable to be luck.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import wilcoxon

from benchmarks.search.methods import METHODS
from benchmarks.search.plan import installed
from benchmarks.search.score import regret
from benchmarks.search.suites import training

TASKS = ("ellipsoid-3", "ackley-5", "mixed-sphere", "mixed-rosenbrock", "branches-3")
SEEDS, TRIALS = 4, 25
OURS = ("auto", "tpe", "anneal")
PEERS = ("random", "hyperopt anneal", "hyperopt tpe", "optuna tpe")
RECORDED = Path(__file__).with_name("recorded.json")
# What a regret may grow by, in medians of random search, before it counts.
MARGIN = 0.1


def race(method: str) -> list[float]:
    """Return the regrets of a method on every task and seed, in a fixed order."""
    tasks = {t.name: t for t in training()}
    return [
        round(regret(tasks[name], METHODS[method].run(tasks[name], TRIALS, seed), TRIALS), 4)
        for name in TASKS
        for seed in range(SEEDS)
    ]


def recorded() -> dict[str, list[float]]:
    """Return the regrets of each method as they were recorded."""
    found: dict[str, list[float]] = json.loads(RECORDED.read_text("utf-8"))
    return found


def p_worse(found: Sequence[float], than: Sequence[float], margin: float = MARGIN) -> float:
    """Return how probable regrets so much larger are where they exceed `than` by `margin` only.

    The signed-rank test of the paired differences, one-sided (Wilcoxon, 1945).
    """
    differences = np.array(found) - np.array(than) - margin
    if not differences.any():
        return 1.0
    return float(wilcoxon(differences, alternative="greater").pvalue)


def main() -> None:
    """Compare with what is recorded, or record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="keep the regrets of this run")
    record = parser.parse_args().record
    kept = recorded() if RECORDED.exists() else {}
    for name in (*OURS, *(PEERS if record else ())):
        if installed(METHODS[name].needs) < set(METHODS[name].needs):
            continue
        found = race(name)
        if record:
            kept[name] = found
        beside = " ".join(f"{peer}: {p_worse(found, kept[peer], 0.0):.3f}" for peer in kept)
        print(f"{name}: mean {np.mean(found):.3f}; p of being worse than {beside}")
    if record:
        lines = ",\n".join(f"  {json.dumps(n)}: {json.dumps(v)}" for n, v in kept.items())
        RECORDED.write_text(f"{{\n{lines}\n}}\n", "utf-8")


if __name__ == "__main__":
    main()
