"""Real tuning problems: every point of a grid, scored once by real cross-validation.

`python -m benchmarks.search.tables` computes the tables; a task looks its losses up in them.
"""

import json
import warnings
from functools import cache
from pathlib import Path

from benchmarks.search.task import Task
from benchmarks.search.tunings import TUNINGS

FOLDER = Path(__file__).parent / "tables"


def compute(name: str) -> None:
    """Write the table of one tuning: the loss of every point, in the order of `Space.points`."""
    from sklearn import datasets
    from sklearn.base import is_classifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import cross_val_score

    tuning = TUNINGS[name]
    x, y = getattr(datasets, f"load_{tuning.data}")(return_X_y=True)
    x, y = x[: tuning.rows], y[: tuning.rows]
    losses = []
    for params in tuning.space.points():
        model = tuning.make(params)
        scoring = "accuracy" if is_classifier(model) else "neg_root_mean_squared_error"
        with warnings.catch_warnings():
            # Few iterations are part of the problem; an overflow ends in a bad score; a batch that
            # is larger than the fold is cut to it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)
            scores = cross_val_score(model, x, y, cv=3, scoring=scoring, error_score=float("nan"))
        losses.append(round(-float(scores.mean()), 6))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(losses) + "\n", "utf-8")


@cache
def tuning_task(name: str) -> Task:
    """Return the task of finding the best point of a table."""
    space = TUNINGS[name].space
    losses = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    table = {space.key(p): loss for p, loss in zip(space.points(), losses, strict=True)}
    return Task(name, "table", space, lambda p: table[space.key(p)], best=min(table.values()))


def main() -> None:
    """Compute the tables that are missing."""
    for name in TUNINGS:
        if not (FOLDER / f"{name}.json").exists():
            compute(name)


if __name__ == "__main__":
    main()
