"""Hold what a search claims against simulated searches, and print how often it was true.

`python -m benchmarks.claims --quick` takes some minutes, without it an hour or two. Searches that
are in the results' folder are not repeated. Intervals in brackets: 95 %, Wilson's; of means by a
bootstrap over searches.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from benchmarks.claims.futures import TRIALS, futures
from benchmarks.claims.winners import Winner, winners

FOLDER = Path(__file__).parents[1] / "results" / "claims"
FULL, QUICK = (1000, 1000), (100, 100)
Rows = list[dict[str, Any]]


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.claims", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the searches")
    parser.add_argument("--out", type=Path, default=FOLDER, help="the results' folder")
    parser.add_argument("--part", choices=("winners", "futures"), help="only this part")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    confirmed, advised = QUICK if options.quick else FULL
    if options.part != "futures":
        print(winners_table(_kept(options.out / "winners.jsonl", winners, confirmed)))
    if options.part != "winners":
        print(futures_table(_kept(options.out / "futures.jsonl", futures, advised)))


def _kept(path: Path, run: Callable[[range], Iterable[dict[str, Any]]], searches: int) -> Rows:
    """Return the results of a part: those in its file, and then the missing ones."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    rows: Rows = [row for line in lines if (row := json.loads(line))["index"] < searches]
    first = max((row["index"] for row in rows), default=-1) + 1
    with path.open("a", encoding="utf-8") as file:
        for row in run(range(first, searches)):
            rows.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
    return rows


def share(hits: Sequence[bool]) -> str:
    """Return a share in percent with its interval."""
    if not hits:
        return "–"
    count = int(np.sum(hits))
    ends = binomtest(count, len(hits)).proportion_ci(method="wilson")
    return f"{100 * count / len(hits):.1f} [{100 * ends.low:.1f}, {100 * ends.high:.1f}]"


def mean(values: Sequence[float], digits: int = 4) -> str:
    """Return a mean with its interval."""
    array, rng = np.array(values), np.random.default_rng(0)
    means = array[rng.integers(len(array), size=(1000, len(array)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{array.mean():.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [" | ".join(head), "|".join(["---"] * len(head))]
    lines += [" | ".join(map(str, row)) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _groups(rows: Rows, *keys: str) -> list[tuple[str, Rows]]:
    """Return all rows, and those of each value of each key."""
    found = [("all", rows)]
    for key in keys:
        for value in sorted({row[key] for row in rows}):
            found.append((f"{key} {value}", [row for row in rows if row[key] == value]))
    return found


def winners_table(rows: Rows) -> str:
    """Return how often the intervals of the winner held, in percent."""
    head = ("searches", "n", "gain in its 95 %", "lead in its 95 %", "a gain proven", "wrongly")
    lines: list[Sequence[object]] = []
    own = {f.name for f in fields(Winner)}
    for row in rows:
        row["claims"] = Winner(**{k: v for k, v in row.items() if k in own}).claims()
    for name, part in _groups(rows, "suite", "kind", "strategy"):
        claims = [row["claims"] for row in part]
        facts = ("gain_held", "lead_held", "proven", "wrong")
        lines.append((name, len(part), *(share([getattr(c, f) for c in claims]) for f in facts)))
    noisy = [r for r in rows if r["suite"] == "noisy"]
    picks = [(name, mean([r[name] for r in noisy])) for name in ("recommended", "luckiest")]
    return _table(head, lines) + "\n" + _table(("after 30 noisy trials", "true regret"), picks)


def futures_table(rows: Rows) -> str:
    """Return how often the range of the next gain held, and what stopping saved and cost."""
    head = ("searches", "n", "gain of the next ten in its 90 %", "below", "above")
    lines: list[Sequence[object]] = []
    for name, part in _groups(rows, "suite", "strategy"):
        claims = [c for row in part for c in row["claims"]]
        lines.append((name, *_claims(claims)))
    for n in sorted({c[0] for row in rows for c in row["claims"]}):
        claims = [c for row in rows for c in row["claims"] if c[0] == n]
        lines.append((f"after {n} trials", *_claims(claims)))
    saved = [
        (
            name,
            len(part),
            mean([100 * (1 - row["stop"] / TRIALS) for row in part], 1),
            mean([100 * row["regret"] for row in part], 2),
            f"{100 * np.quantile([row['regret'] for row in part], 0.95):.2f}",
        )
        for name, part in _groups(rows, "suite", "strategy")
    ]
    ends = ("searches", "n", "trials saved, %", "regret, % of the range", "its 95 % quantile")
    return _table(head, lines) + "\n" + _table(ends, saved)


def _claims(claims: list[list[float]]) -> tuple[object, ...]:
    # What the model takes for the same trial is the same trial: no rounding error is a miss.
    slack = [1e-9 * c[5] for c in claims]
    below = [c[1] < c[2] - e for c, e in zip(claims, slack, strict=True)]
    above = [c[1] > c[3] + e for c, e in zip(claims, slack, strict=True)]
    held = [not (b or a) for b, a in zip(below, above, strict=True)]
    return len(claims), share(held), share(below), share(above)


if __name__ == "__main__":
    main()
