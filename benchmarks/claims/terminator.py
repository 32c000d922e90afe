"""Optuna's Terminator on the searches of `benchmarks.claims`, told of the same trials.

`python benchmarks/claims/terminator.py FUTURES.jsonl [SEARCHES]`, in an environment with optuna and
torch (`pip install optuna torch scipy`); it needs nothing of this project. Asked after every tenth
trial, from the twentieth on. Prints what it would have saved and cost beside our advice.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.terminator import EMMREvaluator, MedianErrorEvaluator, Terminator

TRIALS, FIRST, EVERY = 100, 20, 10


def stopped(row: dict) -> int:
    """Return the trial after which Terminator ends a search, TRIALS where it never does."""
    study = optuna.create_study()
    # The pair that its documentation names for values that are no cross-validation's.
    improvement = EMMREvaluator()
    terminator = Terminator(improvement, MedianErrorEvaluator(improvement), min_n_trials=FIRST)
    space = {
        f"x{j}": CategoricalDistribution(list(range(count))) if count else FloatDistribution(0, 1)
        for j, count in enumerate(row["categories"])
    }
    for number, (point, loss) in enumerate(zip(row["points"], row["losses"], strict=True)):
        params = {
            name: min(int(u * row["categories"][j]), row["categories"][j] - 1)
            if row["categories"][j]
            else u
            for j, (name, u) in enumerate(zip(space, point, strict=True))
            if u is not None
        }
        known = {name: space[name] for name in params}
        study.add_trial(optuna.create_trial(params=params, distributions=known, value=loss))
        made = number + 1
        if FIRST <= made < TRIALS and made % EVERY == 0 and terminator.should_terminate(study):
            return made
    return TRIALS


def main() -> None:
    """Print trials saved and regret, Terminator's and ours, on the same searches."""
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    rows = rows[: int(sys.argv[2])] if len(sys.argv) > 2 else rows
    ends = [(stop, row["regrets"].get(str(stop), 0.0)) for row in rows for stop in [stopped(row)]]
    ours = [(row["stop"], row["regret"]) for row in rows]
    for name, found in (("Terminator", ends), ("our advice", ours)):
        saved = [100 * (1 - stop / TRIALS) for stop, _ in found]
        regret = [100 * regret for _, regret in found]
        print(
            f"{name}: {len(found)} searches, {np.mean(saved):.1f} % of trials saved, "
            f"regret {np.mean(regret):.2f} % of the range"
        )


if __name__ == "__main__":
    main()
